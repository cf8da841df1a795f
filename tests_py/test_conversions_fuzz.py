"""Conversions of arguments and results, judged against a model on generated values."""

import contextlib
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pywasm
from pywasm import Function, FunctionType, Type, engine
from pywasm.compilers import interpreter, optimizing

WIDTHS = {"i32": 32, "i64": 64, "v128": 128}
KINDS = ["i32", "i64", "f32", "f64", "v128", "funcref", "externref"]
TYPES = {
    "i32": Type.I32,
    "i64": Type.I64,
    "f32": Type.F32,
    "f64": Type.F64,
    "v128": Type.V128,
    "funcref": Type.FUNC_REF,
    "externref": Type.EXTERN_REF,
}


def to_float(value):
    """What `float()` gives, but not for text."""
    if isinstance(value, (str, bytes, bytearray)) or value is None:
        raise TypeError
    return float(value)


def to_index(value):
    if hasattr(type(value), "__index__"):
        return value.__index__()
    raise TypeError


def model(kind, value):
    """What the guest gives back when it is handed `value`, or the exception that is due."""
    if kind == "externref":
        return value
    if kind == "funcref":
        if value is None or isinstance(value, Function):
            return value
        raise TypeError
    if kind == "f64":
        return to_float(value)
    if kind == "f32":
        wide = to_float(value)
        try:
            return struct.unpack("<f", struct.pack("<f", wide))[0]
        except OverflowError:
            return math.copysign(math.inf, wide)
    width = WIDTHS[kind]
    number = to_index(value)
    if not -(2 ** (width - 1)) <= number < 2**width:
        raise OverflowError
    number %= 2**width
    signed = kind != "v128" and number >= 2 ** (width - 1)
    return number - 2**width if signed else number


def same(left, right):
    if type(left) is float and type(right) is float:
        return struct.pack("<d", left) == struct.pack("<d", right) or left != left != right != right
    return left is right or (type(left) is type(right) and left == right)


edges = st.sampled_from(
    [
        sign * 2**power + near
        for power in (0, 31, 32, 63, 64, 127, 128, 1024)
        for sign in (1, -1)
        for near in (-1, 0, 1)
    ]
)
numbers = st.one_of(
    st.integers(),
    edges,
    st.integers(-(2**130), 2**130),
    st.floats(),
    st.floats(width=32),
    st.booleans(),
)
anything = st.one_of(
    numbers,
    st.none(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.complex_numbers(),
    st.fractions(),
    st.decimals(allow_nan=False),
    st.lists(st.integers(), max_size=3),
    st.tuples(st.integers()),
    st.just(len),
    st.just(object),
)

IDENTITIES = "".join(
    f'(func (export "{kind}") (param {kind}) (result {kind}) (local.get 0))' for kind in KINDS
)
RETURNS = "".join(
    f'(import "host" "{kind}" (func ${kind} (result {kind})))' for kind in KINDS
) + "".join(f'(func (export "host {kind}") (result {kind}) (call ${kind}))' for kind in KINDS)


@pytest.fixture(scope="module", params=[optimizing.Compiler, interpreter.Compiler])
def machine(request):
    """One instance for all examples, and a place for what its host functions shall return."""
    store = pywasm.Store(engine.JIT(request.param))
    returned = []

    def host(kind):
        return Function(store, lambda: returned[0], FunctionType([], [TYPES[kind]]))

    imports = {"host": {kind: host(kind) for kind in KINDS}}
    module = pywasm.Module(store, f"(module {RETURNS} {IDENTITIES})")
    return pywasm.Instance(module, imports).exports, returned, store


def outcome(action):
    """The result, or the class of the exception; any other exception is a finding."""
    try:
        return action()
    except (TypeError, OverflowError) as error:
        return type(error)


def agree(expected, got):
    assert same(expected, got), f"expected {expected!r}, got {got!r}"


@pytest.mark.parametrize("kind", KINDS)
@given(value=anything)
def test_arguments(machine, kind, value):
    exports, _, _ = machine
    agree(outcome(lambda: model(kind, value)), outcome(lambda: exports[kind](value)))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "funcref"])
@given(value=anything)
def test_results_of_the_host(machine, kind, value):
    exports, returned, _ = machine
    returned[:] = [value]
    if kind != "externref" and (isinstance(value, tuple) or value is None):
        # A tuple is several results, and None is none; as externref both are objects.
        value = value[0] if value else None
        if value is None:
            with pytest.raises(pywasm.WasmError):
                exports[f"host {kind}"]()
            return
    expected = outcome(lambda: model(kind, value))
    agree(expected, outcome(exports[f"host {kind}"]))


SAFE = {
    "i32": st.integers(-(2**31), 2**31 - 1),
    "i64": st.integers(-(2**63), 2**63 - 1),
    "f32": st.floats(width=32, allow_nan=False),
    "f64": st.floats(allow_nan=False),
    "v128": st.integers(0, 2**128 - 1),
    "externref": st.one_of(st.text(), st.integers(), st.none()),
}


@given(st.data())
def test_signatures(machine, data):
    # The guest gives its arguments back in reverse, and hands them to the host in reverse again.
    _, _, store = machine
    kinds = data.draw(st.lists(st.sampled_from(sorted(SAFE)), max_size=25))
    values = tuple(data.draw(SAFE[kind]) for kind in kinds)
    backwards = kinds[::-1]
    gets = " ".join(f"(local.get {i})" for i in reversed(range(len(kinds))))
    results = f"(result {' '.join(kinds)})"
    text = f"""(module
        (import "m" "f" (func $f (param {" ".join(backwards)}) {results}))
        (func (export "f") (param {" ".join(kinds)}) {results} {gets} (call $f)))"""
    seen = []

    def host(*arguments):
        seen.append(arguments)
        return arguments[0] if len(arguments) == 1 else arguments[::-1]

    type_ = FunctionType([TYPES[kind] for kind in backwards], [TYPES[kind] for kind in kinds])
    instance = pywasm.Instance(
        pywasm.Module(store, text), {"m": {"f": Function(store, host, type_)}}
    )
    result = instance.exports.f(*values)
    results = () if result is None and not kinds else result if len(kinds) > 1 else (result,)
    assert seen == [values[::-1]]
    assert results == values


@given(st.lists(anything, max_size=4))
def test_numbers_of_arguments(machine, arguments):
    exports, _, _ = machine
    if len(arguments) != 1:
        with pytest.raises(TypeError):
            exports.i32(*arguments)


@pytest.fixture
def small(instantiate):
    return instantiate(
        """(module (memory (export "memory") 1 3)
            (table (export "table") 3 externref)
            (global (export "global") (mut i64) (i64.const 0))
            (func (export "f") (param i32 i64 f32) (result i32) (local.get 0)))"""
    )


ACCEPTED = (TypeError, ValueError, IndexError, OverflowError, pywasm.WasmError)


@given(
    offset=st.one_of(anything, st.integers(-10, 70_000)),
    size=st.one_of(anything, st.integers(-10, 70_000)),
)
def test_memory_arguments(small, offset, size):
    memory = small.exports.memory
    try:
        data = memory.read(offset, size)
    except ACCEPTED:
        return
    offset, size = to_index(offset), to_index(size)
    assert 0 <= offset <= offset + size <= memory.data_size
    assert len(data) == size


@given(index=anything, value=anything)
def test_view_arguments(small, index, value):
    for name in "uint8", "int16", "uint64", "float32", "float64":
        view = getattr(small.exports.memory, f"{name}_view")()
        try:
            view[index] = value
        except ACCEPTED:
            continue
        assert 0 <= to_index(index) < len(view)


@given(
    start=st.one_of(st.none(), st.integers(-40, 40)),
    stop=st.one_of(st.none(), st.integers(-40, 40)),
    step=st.one_of(st.none(), st.integers(1, 9)),
)
def test_view_slices_are_those_of_a_list(small, start, stop, step):
    view = small.exports.memory.uint16_view(32768 - 20)
    plain = list(range(20))
    view[0:20] = plain
    if start is not None and stop is not None and 0 <= stop < start <= 20:
        with pytest.raises(IndexError, match="cannot be empty"):
            view[start:stop:step]
        return
    try:
        assert view[start:stop:step] == plain[start:stop:step]
    except IndexError:
        assert not plain[start:stop:step], "empty ones may be refused, no others"
        return
    replacement = [7] * len(plain[start:stop:step])
    view[start:stop:step] = replacement
    plain[start:stop:step] = replacement
    assert view[0:20] == plain


@given(index=anything, value=anything)
def test_table_and_global_arguments(small, index, value):
    table, variable = small.exports.table, small.exports["global"]
    try:
        table.set(index, value)
    except ACCEPTED:
        pass
    else:
        assert same(table.get(index), value)
    try:
        variable.value = value
    except ACCEPTED:
        return
    assert variable.value == model("i64", value)


class Meddler:
    """Its conversion does something else first."""

    def __init__(self, meddle):
        self.meddle = meddle

    def __index__(self):
        self.meddle()
        return 1

    def __float__(self):
        self.meddle()
        return 1.0


def test_conversions_that_close_the_instance(instantiate):
    text = '(module (func (export "f") (param i32 i64 f32) (result i32) (local.get 0)))'
    for position in range(3):
        instance = instantiate(text)
        arguments = [1, 1, 1]
        arguments[position] = Meddler(instance.close)
        with pytest.raises(pywasm.WasmError, match="closed"):
            instance.exports.f(*arguments)


def test_conversions_that_close_the_store(compiler, wat):
    code = wat('(module (func (export "f") (param i32) (result i32) (local.get 0)))')
    store = pywasm.Store(engine.JIT(compiler))
    function = pywasm.Instance(pywasm.Module(store, code)).exports.f
    with pytest.raises(pywasm.WasmError, match="closed"):
        function(Meddler(store.close))


def test_conversions_that_call(small):
    function = small.exports.f
    assert function(Meddler(lambda: function(5, 6, 7)), 2, 3) == 1
    assert function(9, Meddler(lambda: function(5, 6, 7)), Meddler(lambda: function(8, 8, 8))) == 9


def test_conversions_that_change_the_sequence(small):
    view = small.exports.memory.uint8_view()
    items = [1, 2, 3, 4]
    items[1] = Meddler(items.clear)
    with contextlib.suppress(*ACCEPTED):
        view[0:4] = items
    assert len(view) == 65536


def test_conversions_that_grow_the_memory(small):
    memory = small.exports.memory
    view = memory.uint8_view()
    view[0] = Meddler(lambda: memory.grow(1))
    assert view[0] == 1
    view[Meddler(lambda: memory.grow(1))] = 5
    assert memory.read(0, 2) == b"\x01\x05"


def test_results_that_close_the_instance(store, instantiate):
    def host():
        return Meddler(lambda: instance.close())

    instance = instantiate(
        """(module (import "m" "f" (func $f (result i32)))
            (func (export "f") (result i32) (call $f)))""",
        {"m": {"f": Function(store, host, FunctionType([], [Type.I32]))}},
    )
    try:
        result = instance.exports.f()
    except pywasm.WasmError as error:
        result = str(error)
    assert result == 1 or "closed" in result
