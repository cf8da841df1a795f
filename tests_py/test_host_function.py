"""Host functions: Python callables that the guest calls."""

import contextlib
import functools
import gc
import operator
import sys
import weakref

import pytest

import pywasm
from pywasm import Function, FunctionType, Type


def signature(function):
    return list(function.type.params), list(function.type.results)


def as_import(store, instantiate, function, parameters="", results="", arguments=""):
    """An instance whose `f` calls the host function with `arguments` and returns its results."""
    return instantiate(
        f"""(module
            (import "env" "host" (func $host {parameters} {results}))
            (func (export "f") {results} {arguments} (call $host))
            (func (export "fine") (result i32) i32.const 7))""",
        {"env": {"host": function}},
    )


def annotated(**annotations):
    def function(*arguments):
        return arguments

    if "result" in annotations:
        annotations["return"] = annotations.pop("result")
    function.__annotations__ = annotations
    return function


@pytest.mark.parametrize(
    ("annotation", "type_"),
    [
        (int, Type.I32),
        ("i32", Type.I32),
        ("I32", Type.I32),
        (Type.I32, Type.I32),
        ("i64", Type.I64),
        ("I64", Type.I64),
        (Type.I64, Type.I64),
        (float, Type.F32),
        ("f32", Type.F32),
        ("F32", Type.F32),
        (Type.F32, Type.F32),
        ("f64", Type.F64),
        ("F64", Type.F64),
        (Type.F64, Type.F64),
        (Type.V128, Type.V128),
        (Type.EXTERN_REF, Type.EXTERN_REF),
        (Type.FUNC_REF, Type.FUNC_REF),
    ],
)
def test_annotations(store, annotation, type_):
    assert signature(Function(store, annotated(x=annotation))) == ([type_], [])
    assert signature(Function(store, annotated(result=annotation))) == ([], [type_])


def test_annotated_functions(store):
    def combine(a: int, b: "i64", c: float, d: "f64") -> "I64": ...  # noqa: F821

    def nothing() -> None: ...

    def several(a: int) -> (int, "i64", float): ...  # noqa: F821

    parameters = [Type.I32, Type.I64, Type.F32, Type.F64]
    assert signature(Function(store, combine)) == (parameters, [Type.I64])
    assert signature(Function(store, nothing)) == ([], [])
    assert signature(Function(store, several)) == ([Type.I32], [Type.I32, Type.I64, Type.F32])


def test_annotations_of_a_method(store):
    class Host:
        def method(self, x: int) -> float: ...

    assert signature(Function(store, Host().method)) == ([Type.I32], [Type.F32])


def test_annotations_kept_as_text(store):
    # What `from __future__ import annotations` leaves is the source of each annotation.
    scope = {"pywasm": pywasm}
    exec(
        "from __future__ import annotations\n"
        "def f(a: int, b: 'i64', c: float) -> None: ...\n"
        "def g() -> float: ...\n",
        scope,
    )
    assert signature(Function(store, scope["f"])) == ([Type.I32, Type.I64, Type.F32], [])
    assert signature(Function(store, scope["g"])) == ([], [Type.F32])


def test_no_annotations_mean_no_parameters_and_no_results(store):
    assert signature(Function(store, lambda: None)) == ([], [])


def test_an_explicit_type_wins(store):
    def annotated_otherwise(a: float) -> None: ...

    explicit = FunctionType([Type.I64, Type.I64], [Type.I64])
    function = Function(store, annotated_otherwise, explicit)
    assert signature(function) == ([Type.I64, Type.I64], [Type.I64])
    assert signature(Function(store, operator.add, explicit)) == signature(function)


@pytest.mark.parametrize("wrong", [3, "f", None, object()])
def test_not_callable(store, wrong):
    with pytest.raises(ValueError, match=r"^Function must be a callable$"):
        Function(store, wrong)


@pytest.mark.parametrize("callable_", [len, functools.partial(len, []), operator.itemgetter(0)])
def test_callables_that_cannot_be_annotated(store, callable_):
    with pytest.raises(ValueError, match=r"^The function must have type annotations$"):
        Function(store, callable_)


@pytest.mark.parametrize(
    ("annotations", "text"),
    [
        ({"a": None}, "Variable `a` cannot have type `None`"),
        ({"a": int, "b": None}, "Variable `b` cannot have type `None`"),
        ({"x": (int, int)}, "Variable `x` cannot receive a tuple (not supported yet)"),
        ({"result": (int, None)}, "A tuple cannot contain `None` or another tuple"),
        ({"x": str}, "Type `type` (`<class 'str'>`) is not a supported type"),
    ],
)
def test_annotations_that_mean_nothing(store, annotations, text):
    with pytest.raises(RuntimeError) as caught:
        Function(store, annotated(**annotations))
    assert str(caught.value) == text


@pytest.mark.parametrize(
    "annotation", ["i33", "", "string", list, object(), 99, (int, (int,))], ids=repr
)
def test_other_annotations_that_mean_nothing(store, annotation):
    with pytest.raises((RuntimeError, ValueError, TypeError)):
        Function(store, annotated(result=annotation))


class Adder:
    def __call__(self, a, b):
        return a + b

    def method(self, a, b):
        return a + b


@pytest.mark.parametrize(
    "callable_",
    [
        operator.add,
        lambda a, b: a + b,
        lambda *arguments: sum(arguments),
        functools.partial(lambda x, a, b: a + b, None),
        Adder(),
        Adder().method,
        lambda a, b=0: a + b,
    ],
    ids=["builtin", "lambda", "star", "partial", "object", "method", "default"],
)
def test_any_callable_with_a_type(store, instantiate, callable_):
    function = Function(store, callable_, FunctionType([Type.I32, Type.I32], [Type.I32]))
    instance = as_import(
        store,
        instantiate,
        function,
        "(param i32 i32)",
        "(result i32)",
        "(i32.const 40) (i32.const 2)",
    )
    assert instance.exports.f() == 42


def test_called_from_python(store):
    def add(a: int, b: int) -> int:
        return a + b

    function = Function(store, add)
    assert function(40, 2) == 42
    for wrong in (1,), (1, "2"), (1, 2, 3):
        with pytest.raises(TypeError):
            function(*wrong)
    with pytest.raises(OverflowError):
        function(2**32, 0)


def test_arguments_arrive_as_the_guest_sees_them(store, instantiate):
    seen = []
    kinds = [Type.I32, Type.I64, Type.F32, Type.F64, Type.V128, Type.FUNC_REF, Type.EXTERN_REF]
    function = Function(store, lambda *arguments: seen.extend(arguments), FunctionType(kinds, []))
    as_import(
        store,
        instantiate,
        function,
        "(param i32 i64 f32 f64 v128 funcref externref)",
        "",
        """(i32.const 0xffffffff) (i64.const 0x8000000000000000) (f32.const 0.1) (f64.const 0.1)
           (v128.const i64x2 1 -1) (ref.null func) (ref.null extern)""",
    ).exports.f()
    assert seen == [-1, -(2**63), 0.10000000149011612, 0.1, (2**64 - 1 << 64) + 1, None, None]
    assert [type(value) for value in seen[:5]] == [int, int, float, float, int]


@pytest.mark.parametrize(
    ("kind", "returned", "expected"),
    [
        ("i32", 3, 3),
        ("i32", True, 1),
        ("i32", 2**32 - 1, -1),
        ("i32", (1,), 1),
        ("i64", 2**63, -(2**63)),
        ("f32", 0.1, 0.10000000149011612),
        ("f32", 1, 1.0),
        ("f64", 0.1, 0.1),
        ("v128", 2**128 - 1, 2**128 - 1),
        ("v128", -1, 2**128 - 1),
        ("externref", "text", "text"),
        ("externref", None, None),
        ("funcref", None, None),
    ],
)
def test_what_it_may_return(store, instantiate, kind, returned, expected):
    types = {"externref": Type.EXTERN_REF, "funcref": Type.FUNC_REF}
    type_ = types[kind] if kind in types else Type[kind.upper()]
    function = Function(store, lambda: returned, FunctionType([], [type_]))
    instance = as_import(store, instantiate, function, results=f"(result {kind})")
    assert instance.exports.f() == expected


@pytest.mark.parametrize(
    ("kind", "returned", "error"),
    [
        ("i32", "a", TypeError),
        ("i32", 1.5, TypeError),
        ("i32", 2**40, OverflowError),
        ("i64", 2**64, OverflowError),
        ("i64", b"", TypeError),
        ("f32", "1", TypeError),
        ("f64", None, pywasm.WasmError),
        ("f64", [1.0], TypeError),
        ("v128", 2**128, OverflowError),
        ("funcref", 3, TypeError),
        ("funcref", len, TypeError),
    ],
)
def test_what_it_may_not_return(store, instantiate, kind, returned, error):
    type_ = Type.FUNC_REF if kind == "funcref" else Type[kind.upper()]
    function = Function(store, lambda: returned, FunctionType([], [type_]))
    instance = as_import(store, instantiate, function, results=f"(result {kind})")
    with pytest.raises(error):
        instance.exports.f()
    assert instance.exports.fine() == 7


@pytest.mark.parametrize(
    ("results", "returned", "text"),
    [
        ([Type.I32], None, "Expected [I32] but got []"),
        ([Type.I32], (1, 2), "Expected [I32] but got [I32, I32]"),
        ([Type.I32, Type.I64], None, "Expected [I32, I64] but got []"),
        ([Type.I32, Type.I64], (1,), "Expected [I32, I64] but got [I32]"),
        ([Type.I32, Type.I64], 1, "Expected [I32, I64] but got [I32]"),
    ],
)
def test_the_wrong_number_of_results(store, instantiate, results, returned, text):
    function = Function(store, lambda: returned, FunctionType([], results))
    names = " ".join(type_.name.lower() for type_ in results)
    instance = as_import(store, instantiate, function, results=f"(result {names})")
    with pytest.raises(pywasm.WasmError) as caught:
        instance.exports.f()
    beginning = "Dynamic function returned wrong signature. "
    assert (beginning + text.split(" but got")[0]) in str(caught.value)
    if returned is None:
        assert (beginning + text) in str(caught.value)
    assert instance.exports.fine() == 7


def test_several_results(store, instantiate):
    kinds = [Type.I32, Type.F64, Type.V128, Type.I64, Type.EXTERN_REF]
    returned = (1, 2.5, 2**127, -4, object())
    function = Function(store, lambda: returned, FunctionType([], kinds))
    names = "(result i32 f64 v128 i64 externref)"
    assert as_import(store, instantiate, function, results=names).exports.f() == returned


def test_many_results(store, instantiate):
    count = 200
    returned = tuple(range(count))
    function = Function(store, lambda: returned, FunctionType([], [Type.I64] * count))
    instance = as_import(store, instantiate, function, results=f"(result {'i64 ' * count})")
    assert instance.exports.f() == returned


class Own(Exception):
    pass


class OwnBase(BaseException):
    pass


RAISED = [
    KeyError("boom"),
    Own("mine"),
    OwnBase("mine, too"),
    KeyboardInterrupt(),
    SystemExit(3),
    GeneratorExit(),
    StopIteration(1),
    MemoryError(),
    RecursionError("not really"),
    pywasm.WasmError("of the host"),
]


def raising(exception):
    def function():
        raise exception

    return function


@pytest.mark.parametrize("raised", RAISED, ids=lambda error: type(error).__name__)
def test_what_it_raises_is_what_the_caller_gets(store, instantiate, raised):
    function = Function(store, raising(raised))
    instance = as_import(store, instantiate, function)
    with pytest.raises(type(raised)) as caught:
        instance.exports.f()
    assert caught.value is raised
    assert raised.__cause__ is None
    assert raised.__context__ is None
    names = [entry.name for entry in caught.traceback]
    assert names[-1] == "function", "the traceback reaches into the host function"
    assert instance.exports.fine() == 7, "and the instance is as good as before"
    with pytest.raises(type(raised)) as caught:
        function()
    assert caught.value is raised


def test_what_it_raises_through_a_start_function(store, instantiate):
    raised = OwnBase("from the start")
    with pytest.raises(OwnBase) as caught:
        instantiate(
            '(module (import "m" "f" (func $f)) (start $f))',
            {"m": {"f": Function(store, raising(raised))}},
        )
    assert caught.value is raised


NESTED = """(module
    (import "m" "host" (func $host))
    (func $inner (call $host))
    (func $outer (export "outer") (call $inner)))"""


def test_what_it_raises_carries_the_frames_of_the_guest(store, instantiate):
    raised = Own("with notes")
    instance = instantiate(NESTED, {"m": {"host": Function(store, raising(raised))}})
    with pytest.raises(Own):
        instance.exports.outer()
    if sys.version_info >= (3, 11):
        notes = "\n".join(raised.__notes__)
        assert "inner" in notes
        assert "outer" in notes
        assert notes.index("inner") < notes.index("outer"), "innermost first"
    else:
        assert not hasattr(raised, "__notes__")


def test_what_it_raises_across_two_instances(store, instantiate):
    raised = Own("deep")
    lower = instantiate(NESTED, {"m": {"host": Function(store, raising(raised))}})
    upper = instantiate(NESTED, {"m": {"host": Function(store, lambda: lower.exports.outer())}})
    with pytest.raises(Own) as caught:
        upper.exports.outer()
    assert caught.value is raised


def test_a_host_function_may_catch(store, instantiate):
    raised = Own("caught on the way")
    lower = instantiate(NESTED, {"m": {"host": Function(store, raising(raised))}})
    seen = []

    def catch():
        try:
            lower.exports.outer()
        except Own as error:
            seen.append(error)

    upper = instantiate(NESTED, {"m": {"host": Function(store, catch)}})
    assert upper.exports.outer() is None
    assert seen == [raised]


def test_what_it_raised_is_not_kept(store, instantiate):
    class Marker(Exception):
        pass

    references = []

    def function():
        marker = Marker()
        references.append(weakref.ref(marker))
        raise marker

    instance = as_import(store, instantiate, Function(store, function))
    for _ in range(3):
        with contextlib.suppress(Marker):
            instance.exports.f()
    assert len(references) == 3
    gc.collect()
    assert [reference() for reference in references] == [None] * 3


def test_it_may_call_its_own_instance(store, instantiate):
    def host(n: int) -> int:
        return instance.exports.factorial(n)

    instance = instantiate(
        """(module (import "m" "again" (func $again (param i32) (result i32)))
            (func (export "factorial") (param i32) (result i32)
                (if (result i32) (i32.eqz (local.get 0))
                    (then (i32.const 1))
                    (else (i32.mul (local.get 0)
                        (call $again (i32.sub (local.get 0) (i32.const 1))))))))""",
        {"m": {"again": Function(store, host)}},
    )
    assert instance.exports.factorial(10) == 3628800
    assert instance.exports.factorial(12) == 479001600


def test_it_may_use_the_memory_of_its_instance(store, instantiate):
    def upper(offset: int, size: int):
        memory = instance.exports.memory
        memory.write(offset, memory.read(offset, size).upper())
        memory.grow(1)

    instance = instantiate(
        """(module (import "m" "upper" (func $upper (param i32 i32)))
            (memory (export "memory") 1) (data (i32.const 8) "quiet")
            (func (export "f") (result i32 i32)
                (call $upper (i32.const 8) (i32.const 5))
                (i32.load8_u (i32.const 8)) memory.size))""",
        {"m": {"upper": Function(store, upper)}},
    )
    assert instance.exports.f() == (ord("Q"), 2)


def test_endless_recursion_through_the_host_ends(fresh):
    source = """
instance = instantiate('''(module
    (import "m" "host" (func $host))
    (func (export "f") (call $host))
    (func (export "fine") (result i32) i32.const 7))''',
    {"m": {"host": pywasm.Function(store, lambda: instance.exports.f())}})
for _ in range(2):
    try:
        instance.exports.f()
    except RecursionError:
        print("RecursionError")
    except pywasm.Trap as trap:
        print(trap.code.name)
print(instance.exports.fine())
"""
    *ends, fine = fresh(source).split()
    assert fine == "7"
    assert len(ends) == 2
    assert set(ends) <= {"RecursionError", "CALL_STACK_EXHAUSTED"}


DEEP = """
instance = instantiate('''(module
    (import "m" "host" (func $host))
    (func $down (export "down") (param i32)
        (if (local.get 0)
            (then (call $down (i32.sub (local.get 0) (i32.const 1))))
            (else (call $host))))
    (func (export "fine") (result i32) i32.const 7))''',
    {"m": {"host": pywasm.Function(store, lambda: again())}})
"""


def test_deep_recursion_and_the_host_in_turn_end(fresh, compiler_name):
    # Hundreds of levels, each with as many calls of the guest as fit: no process has room for all.
    deep = 9_000 if compiler_name == "interpreter" else 1_000_000
    source = f"""{DEEP}
def again():
    instance.exports.down({deep})
for _ in range(2):
    try:
        again()
    except pywasm.Trap as trap:
        print(trap.code.name, len(trap.frames) > 0)
print(instance.exports.fine())
"""
    assert fresh(source).split() == ["CALL_STACK_EXHAUSTED", "True"] * 2 + ["7"]


def test_deep_recursion_below_a_host_function(fresh, compiler_name):
    deep = 9_000 if compiler_name == "interpreter" else 100_000
    source = f"""{DEEP}
levels = []
def again():
    if len(levels) < 3:
        levels.append(None)
        instance.exports.down({deep})
again()
print(len(levels))
"""
    assert fresh(source) == "3\n"


def test_one_function_for_several_imports_and_instances(store, instantiate):
    calls = []
    function = Function(store, lambda: calls.append(1))
    text = """(module (import "a" "f" (func $a)) (import "b" "g" (func $b))
        (func (export "f") (call $a) (call $b)))"""
    for _ in range(2):
        instantiate(text, {"a": {"f": function}, "b": {"g": function}}).exports.f()
    assert len(calls) == 4


def test_called_from_a_loop(store, instantiate):
    seen = []

    def note(value: int):
        seen.append(value)

    instance = instantiate(
        """(module (import "m" "note" (func $note (param i32)))
            (func (export "count") (param $n i32) (local $i i32)
                (loop $again
                    (call $note (local.get $i))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get $i) (local.get $n))))))""",
        {"m": {"note": Function(store, note)}},
    )
    instance.exports.count(10_000)
    assert seen == list(range(10_000))


def test_called_through_a_table(store, instantiate):
    function = Function(store, lambda x: x * 2, FunctionType([Type.I32], [Type.I32]))
    instance = instantiate(
        """(module (type $t (func (param i32) (result i32)))
            (import "m" "double" (func $double (type $t)))
            (table 1 funcref) (elem (i32.const 0) $double)
            (func (export "f") (param i32) (result i32)
                (call_indirect (type $t) (local.get 0) (i32.const 0))))""",
        {"m": {"double": function}},
    )
    assert instance.exports.f(21) == 42


def test_more_arguments_than_the_callable_takes(store, instantiate):
    function = Function(store, lambda: None, FunctionType([Type.I32], []))
    instance = as_import(store, instantiate, function, "(param i32)", "", "(i32.const 1)")
    with pytest.raises(TypeError, match="positional argument"):
        instance.exports.f()
