"""The tree of exceptions, and that each error is the right leaf of it."""

import enum

import pytest

import pywasm

TREE = {
    "WasmError": RuntimeError,
    "CompileError": pywasm.WasmError,
    "LinkError": pywasm.WasmError,
    "Trap": pywasm.WasmError,
    "ExitError": pywasm.WasmError,
    "ExportNotFoundError": pywasm.WasmError,
}

CODES = {
    "UNREACHABLE": "unreachable",
    "INTEGER_DIVIDE_BY_ZERO": "integer divide by zero",
    "INTEGER_OVERFLOW": "integer overflow",
    "INVALID_CONVERSION_TO_INTEGER": "invalid conversion to integer",
    "OUT_OF_BOUNDS_MEMORY_ACCESS": "out of bounds memory access",
    "OUT_OF_BOUNDS_TABLE_ACCESS": "out of bounds table access",
    "INDIRECT_CALL_TYPE_MISMATCH": "indirect call type mismatch",
    "CALL_STACK_EXHAUSTED": "call stack exhausted",
}


@pytest.mark.parametrize(("name", "base"), TREE.items())
def test_the_tree(name, base):
    class_ = getattr(pywasm, name)
    assert issubclass(class_, base)
    assert class_.__module__ == "pywasm"
    assert class_.__doc__


def test_a_missing_export_is_both_lookup_and_attribute_error():
    assert issubclass(pywasm.ExportNotFoundError, LookupError)
    assert issubclass(pywasm.ExportNotFoundError, AttributeError)


def test_the_leaves_are_apart():
    leaves = [
        pywasm.CompileError,
        pywasm.LinkError,
        pywasm.Trap,
        pywasm.ExitError,
        pywasm.ExportNotFoundError,
    ]
    for leaf in leaves:
        assert [other for other in leaves if issubclass(leaf, other)] == [leaf]


@pytest.mark.parametrize(("name", "text"), CODES.items())
def test_trap_codes_are_named_after_the_texts_of_the_spec(name, text):
    code = pywasm.TrapCode[name]
    assert isinstance(code, enum.Enum)
    assert isinstance(code, str)
    assert code.value == text
    assert code == text
    assert pywasm.TrapCode(text) is code


def test_every_code_has_its_text():
    for code in pywasm.TrapCode:
        assert code.name == code.value.replace(" ", "_").upper()


def test_one_except_clause_is_enough(compile_text, instantiate, store):
    provoke = [
        lambda: pywasm.Module(store, b"nonsense"),
        lambda: pywasm.Module(store, "(module"),
        lambda: pywasm.wat2wasm("(modul)"),
        lambda: instantiate('(module (import "a" "b" (func)))'),
        lambda: instantiate('(module (func (export "f") unreachable))').exports.f(),
        lambda: instantiate("(module)").exports.nothing,
        lambda: instantiate('(module (memory (export "m") 1 1))').exports.m.grow(1),
    ]
    classes = []
    for action in provoke:
        with pytest.raises(pywasm.WasmError) as caught:
            action()
        classes.append(type(caught.value))
        assert str(caught.value)
    assert classes == [
        pywasm.CompileError,
        pywasm.CompileError,
        pywasm.CompileError,
        pywasm.LinkError,
        pywasm.Trap,
        pywasm.ExportNotFoundError,
        pywasm.WasmError,
    ]


def test_errors_say_nothing_of_go(store, instantiate):
    for action in (
        lambda: pywasm.Module(store, b"nonsense"),
        lambda: instantiate('(module (func (export "f") unreachable))').exports.f(),
        lambda: instantiate('(module (import "a" "b" (func)))'),
    ):
        with pytest.raises(pywasm.WasmError) as caught:
            action()
        text = str(caught.value)
        for leak in "goroutine", "wazero", "panic", ".go:", "runtime error":
            assert leak not in text


def test_frames_are_named_tuples():
    frame = pywasm.Frame("module", 3, "name")
    assert isinstance(frame, tuple)
    assert frame._fields == ("module", "function_index", "function_name")
    assert (frame.module, frame.function_index, frame.function_name) == ("module", 3, "name")


def test_all_that_is_public_is_there():
    for name in pywasm.__all__:
        assert getattr(pywasm, name) is not None
    for name in [*TREE, "Frame", "TrapCode"]:
        assert name in pywasm.__all__
    assert isinstance(pywasm.__version__, str)


def test_errors_go_to_other_processes(python):
    """As pickle has it, and as Dask does, which pickles tracebacks and contexts as well."""
    source = """
import pickle
import pywasm
from pywasm import TrapCode
errors = [
    pywasm.Trap("text", TrapCode.UNREACHABLE, [pywasm.Frame("m", 1, "f")]),
    pywasm.ExitError("text", 3),
    pywasm.ProcessError(3, ["p"], b"out", b"err"),
    pywasm.ProcessTimeout(["p"], 0.5, b"out", b"err"),
]
for name in ("CompileError", "LinkError", "Timeout", "Interrupted", "ExportNotFoundError"):
    errors.append(getattr(pywasm, name)("text"))
errors[0].stdout = b"out"
def check():
    for error in errors:
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error)
        assert (str(copy), vars(copy)) == (str(error), vars(error)), vars(copy)
check()
try:
    import tblib.pickling_support
except ImportError:
    pass
else:
    tblib.pickling_support.install()
    try:
        try:
            raise pywasm.Timeout("context")
        except pywasm.Timeout:
            raise errors[3]
    except pywasm.ProcessTimeout:
        check()
"""
    python(source)
