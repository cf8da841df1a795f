"""Bytes that are no module, modules beyond the engine, arguments of the wrong kind.

Each ends in an exception that says what is wrong and where; none ends the process.
"""

import contextlib
import operator
import random
import re

import pytest

import pywasm
from pywasm import CompileError, Type

HEADER = b"\0asm\x01\0\0\0"

VALID = """(module $valid
    (type $t (func (param i32) (result i32)))
    (import "env" "f" (func $imported (type $t)))
    (table 2 4 funcref)
    (memory (export "memory") 1 2)
    (global $g (export "g") (mut i64) (i64.const 5))
    (func $f (export "f") (type $t) (local f64 v128)
        (block (loop (br_if 1 (local.get 0))))
        (call_indirect (type $t) (local.get 0) (i32.const 1)))
    (start $s)
    (func $s (drop (i8x16.add (v128.const i64x2 1 2) (v128.const i64x2 3 4))))
    (elem (i32.const 0) func $imported $f)
    (data (i32.const 3) "some data"))"""


def leb(number):
    """https://webassembly.github.io/spec/core/binary/values.html#integers"""
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    return bytes(encoded) + bytes([number])


def section(number, content):
    return bytes([number]) + leb(len(content)) + content


def code_module(body, results=b""):
    """A module that exports as `f` one function with this body, the `end` included."""
    function = b"\0" + body
    return (
        HEADER
        + section(1, b"\x01\x60\x00" + leb(len(results)) + results)
        + section(3, b"\x01\x00")
        + section(7, b"\x01\x01f\x00\x00")
        + section(10, b"\x01" + leb(len(function)) + function)
    )


@pytest.fixture
def refused(store):
    """The text of the CompileError that the bytes end in."""

    def compile_bytes(code):
        with pytest.raises(CompileError) as caught:
            pywasm.Module(store, code)
        assert pywasm.Module.validate(store, code) is False
        return str(caught.value)

    return compile_bytes


def names_an_offset(text):
    return re.search(r"offset (0x)?[0-9a-f]+", text)


def test_the_valid_one_is_valid(store, wat):
    pywasm.Module(store, wat(VALID))


def test_every_truncation(store, wat, refused):
    code = wat(VALID)
    sizes = [8]
    while sizes[-1] < len(code):
        size, shift, position = 0, 0, sizes[-1] + 1
        while True:
            size |= (code[position] & 127) << shift
            position, shift = position + 1, shift + 7
            if code[position - 1] < 128:
                break
        sizes.append(position + size)
    for size in range(len(code)):
        if size in sizes:  # between two sections: some of these are modules of their own
            with contextlib.suppress(CompileError):
                pywasm.Module(store, code[:size])
        else:
            text = refused(code[:size])
            assert names_an_offset(text) or size < 8, (size, text)


def test_every_byte_changed(store, wat):
    code = wat(VALID)
    for position in range(len(code)):
        for change in 0x01, 0x80, 0xFF:
            changed = bytearray(code)
            changed[position] ^= change
            changed = bytes(changed)
            try:
                pywasm.Module(store, changed)
                compiled = True
            except CompileError:
                compiled = False
            assert pywasm.Module.validate(store, changed) is compiled


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes(refused, seed):
    rng = random.Random(seed)
    for _ in range(250):
        noise = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 60)))
        refused(b"\xff" + noise)
        assert names_an_offset(refused(HEADER + b"\x0e" + noise))


@pytest.mark.parametrize(
    "code",
    [
        b"",
        b"\0",
        b"\0as",
        b"\0asm",
        b"\0asm\x01\0\0",
        b"\0asm\x02\0\0\0",
        b"\0ASM\x01\0\0\0",
        b"\x7fELF\x02\x01\x01\0",
        b"#!/bin/sh\n",
        b"import pywasm\n",
        b"<html></html>",
        bytes(1000),
        b"\xff" * 1000,
    ],
)
def test_what_is_no_module_at_all(refused, code):
    assert refused(code)


@pytest.mark.parametrize(
    "text",
    ["", " ", "nope", "(", ")", "(module", "(module))", "(modul)", "(module (func (foo)))", "\0"],
)
def test_text_that_is_no_module(store, text):
    if not text.strip():
        # https://webassembly.github.io/spec/core/text/modules.html: `(module …)` may be left out.
        pywasm.Module(store, text)
        return
    with pytest.raises(CompileError) as caught:
        pywasm.Module(store, text)
    assert str(caught.value)


def test_text_errors_show_the_place(store):
    with pytest.raises(CompileError) as caught:
        pywasm.Module(store, "(module\n  (func\n    i32.cnst 5))")
    message = str(caught.value)
    assert "i32.cnst 5" in message, "the line itself"
    assert "^" in message
    assert "3" in message


def test_a_component(refused):
    text = refused(b"\0asm\x0d\0\x01\0")
    assert "component" in text.lower()


@pytest.mark.parametrize(
    ("feature", "code"),
    [
        ("memory64", HEADER + section(5, b"\x01\x04\x01")),
        ("memory64", HEADER + section(4, b"\x01\x70\x04\x01")),
        ("multi-memory", HEADER + section(5, b"\x02\x00\x01\x00\x01")),
        ("gc", HEADER + section(1, b"\x01\x5f\x01\x7f\x00")),
        ("gc", HEADER + section(1, b"\x01\x5e\x7f\x01")),
        ("gc", code_module(b"\x41\x01\xfb\x1c\x1a\x0b")),
        ("gc", code_module(b"\xd0\x6e\x1a\x0b")),
    ],
    ids=[
        "memory64",
        "table64",
        "multi-memory",
        "struct",
        "array",
        "ref.i31",
        "anyref",
    ],
)
def test_features_that_the_engine_lacks_are_named(refused, feature, code):
    text = (
        refused(code)
        .lower()
        .replace("garbage collection", "gc")
        .replace("multiple memories", "multi-memory")
    )
    assert feature in text


def test_relaxed_simd_is_right_or_refused(store):
    # i8x16.relaxed_swizzle of two zero vectors; wazero takes its opcode for another's.
    zero = b"\xfd\x0c" + bytes(16)
    code = code_module(zero + zero + b"\xfd\x80\x02\x0b", results=b"\x7b")
    if pywasm.Module.validate(store, code):
        module = pywasm.Module(store, code)
        assert pywasm.Instance(module).exports.f() == 0
    else:
        with pytest.raises(CompileError, match=r"(?i)relaxed"):
            pywasm.Module(store, code)


@pytest.mark.parametrize(
    "code",
    [
        HEADER + section(1, leb(2**32 - 1)),
        HEADER + section(1, b"\x01\x60" + leb(2**32 - 1)),
        HEADER + section(2, leb(2**32 - 1)),
        HEADER + section(3, leb(2**32 - 1)),
        HEADER + section(6, leb(2**32 - 1)),
        HEADER + section(7, leb(2**32 - 1)),
        HEADER + section(7, b"\x01" + leb(2**32 - 1) + b"name"),
        HEADER + section(9, leb(2**32 - 1)),
        HEADER + section(10, leb(2**32 - 1)),
        HEADER + section(11, leb(2**32 - 1)),
        HEADER + section(0, leb(2**32 - 1)),
        HEADER + b"\x01" + leb(2**32 - 1),
        HEADER + b"\x01\xff\xff\xff\xff\xff\xff\xff\x7f",
        HEADER
        + section(1, b"\x01\x60\0\0")
        + section(3, b"\x01\0")
        + section(10, b"\x01" + leb(8) + b"\x01" + leb(2**32 - 1) + b"\x7f\x0b"),
        code_module(b"\x0e" + leb(2**32 - 1) + b"\x00\x0b"),
        code_module(b"\x0c" + leb(2**32 - 1) + b"\x0b"),
        code_module(b"\x41\x80\x80\x80\x80\x80\x80\x80\x01\x1a\x0b"),
        HEADER + section(5, b"\x01\x00" + leb(65537)),
        HEADER + section(7, b"\x01\x02\xc3\x28\x00\x00"),
        HEADER + section(1, b"\x00") * 2,
        HEADER + section(3, b"\x00") + section(1, b"\x00"),
        HEADER + section(99, b""),
    ],
)
def test_counts_and_sizes_that_lie(refused, code):
    assert names_an_offset(refused(code))


def test_a_malformed_name_section_is_ignored(store):
    # https://webassembly.github.io/spec/core/appendix/custom.html: errors in custom sections
    # do not invalidate the module.
    broken = b"\x04name" + b"\x01\xff\xff\xff\xff\x0f"
    module = pywasm.Module(store, HEADER + section(0, broken))
    assert module.name is None
    pywasm.Instance(module)


@pytest.mark.parametrize(
    "body",
    [
        "(func (result i32))",
        "(func (result i32) i64.const 1)",
        "(func i32.const 1)",
        "(func i32.add drop)",
        "(func (local.get 0) drop)",
        "(func (call 9))",
        "(func (br 5))",
        "(func (global.get 0) drop)",
        "(func (i32.load (i32.const 0)) drop)",
        "(global i32 (i64.const 1))",
        "(global i32 (i32.const 1)) (func (global.set 0 (i32.const 2)))",
        "(start 3)",
        "(func (param i32)) (start 0)",
        '(export "a" (func 0))',
        '(func (export "a")) (func (export "a"))',
        "(memory 2 1)",
        "(table 2 1 funcref)",
        '(data (i32.const 0) "x")',
        "(func ref.func 0 drop)",
    ],
)
def test_modules_that_do_not_validate(store, body):
    with pytest.raises(CompileError) as caught:
        pywasm.Module(store, f"(module {body})")
    assert str(caught.value)


HUGE = """
def attempt(text, use=lambda exports: None):
    try:
        use(instantiate(text).exports)
    except (pywasm.WasmError, MemoryError, IndexError) as error:
        print(type(error).__name__)
    else:
        print("ok")

attempt("(module (table 4294967295 funcref))")
attempt("(module (table 4000000000 4294967295 externref))")
attempt("(module (memory 65535))")
attempt('(module (memory (export "m") 0))', lambda exports: exports.m.grow(65535))
attempt('(module (table (export "t") 0 funcref))', lambda exports: exports.t.grow(4294967295))
attempt('''(module (table $t 0 funcref) (func (export "f") (result i32)
    (table.grow $t (ref.null func) (i32.const -1))))''', lambda exports: exports.f())
attempt('''(module (memory 1) (func (export "f") (result i32) (memory.grow (i32.const -1))))''',
    lambda exports: exports.f())
attempt("(module (func " + "(block " * 20000 + ")" * 20000 + "))")
attempt("(module (func (local " + "i64 " * 49999 + ")))")
attempt("(module (func (local " + "i64 " * 60000 + ")))")
attempt("(module (func (param " + "i64 " * 5000 + ")))")
attempt("(" * 1_000_000)
attempt("(module " + "(func) " * 20000 + ")")
assert resident() < 3 << 30
print("survived")
"""


def test_what_asks_for_too_much_ends_in_an_error_and_not_the_process(fresh):
    assert fresh(HUGE).splitlines()[-1] == "survived"


def makers(store, module):
    wrong = [None, 3, 1.5, "text", b"bytes", [], {}, object(), len, type]
    return [
        (lambda x: pywasm.Module(x, HEADER), wrong),
        (lambda x: pywasm.Module.validate(x, HEADER), wrong),
        (lambda x: pywasm.Module.validate(store, x), [None, 3, 1.5, object(), len]),
        (pywasm.Instance, wrong),
        (lambda x: pywasm.Instance(module, x), [3, 1.5, "text", [1], object(), len]),
        (lambda x: pywasm.Function(x, lambda: None), wrong),
        (lambda x: pywasm.Function(store, lambda: None, x), [3, "text", [1], object(), len]),
        (lambda x: pywasm.Memory(x, pywasm.MemoryType(1)), wrong),
        (lambda x: pywasm.Memory(store, x), wrong),
        (lambda x: pywasm.Global(x, pywasm.Value.i32(1)), wrong),
        (lambda x: pywasm.Global(store, x), wrong),
        (lambda x: pywasm.Table(x, pywasm.TableType(Type.FUNC_REF, 1), None), wrong),
        (lambda x: pywasm.Table(store, x, None), wrong),
        (lambda x: pywasm.FunctionType(x, []), [3, None, 1.5, object()]),
        (lambda x: pywasm.FunctionType([], x), [3, None, 1.5, object()]),
        (lambda x: pywasm.MemoryType(x), [None, "1", 1.5, object()]),
        (lambda x: pywasm.TableType(Type.FUNC_REF, x), [None, "1", 1.5, object()]),
        (lambda x: pywasm.TableType(Type.EXTERN_REF, 1, x), ["1", 1.5, object()]),
        (lambda x: pywasm.wat2wasm(x), [None, 3, 1.5, object()]),
        (lambda x: pywasm.ImportObject().register(x, {}), [None, 3, 1.5, object()]),
        (lambda x: module.custom_sections(x), [None, 3, 1.5, object()]),
    ]


def test_arguments_of_the_wrong_type(store, compile_text):
    for number, (make, wrong) in enumerate(makers(store, compile_text("(module)"))):
        for argument in wrong:
            try:
                make(argument)
            except (TypeError, ValueError):
                continue
            pytest.fail(f"maker {number} took {argument!r}")


@pytest.mark.parametrize(
    "name",
    [
        "Store",
        "Module",
        "Instance",
        "Function",
        "Memory",
        "Global",
        "Table",
        "FunctionType",
        "MemoryType",
        "GlobalType",
        "TableType",
        "ExportType",
        "ImportType",
        "Exports",
        "Value",
        "Buffer",
    ],
)
def test_every_class_refuses_what_it_does_not_know(name):
    class_ = getattr(pywasm, name)
    with pytest.raises(TypeError):
        class_(no_such_argument=1)
    with pytest.raises(TypeError):
        class_(*range(20))


def test_objects_made_behind_the_back_of_their_class():
    # `__new__` alone, as `copy` and `pickle` call it, must not leave something that crashes.
    for name in pywasm.__all__:
        class_ = getattr(pywasm, name)
        if not isinstance(class_, type) or issubclass(class_, (BaseException, str, int, tuple)):
            continue
        try:
            empty = class_.__new__(class_)
        except TypeError:
            continue
        uses = [repr, dir, len, iter, bytes, memoryview, lambda x: x(), lambda x: x[0]]
        uses += [operator.attrgetter(attribute) for attribute in dir(class_)]
        for use in uses:
            with contextlib.suppress(Exception):  # any, as long as it is one
                use(empty)


def test_strings_that_are_no_unicode(store, compile_text):
    module = compile_text('(module (func (export "f")))')
    lone = "\ud800"
    assert lone not in pywasm.Instance(module).exports
    with pytest.raises((LookupError, ValueError)):
        pywasm.Instance(module).exports[lone]
    with pytest.raises((CompileError, ValueError)):
        pywasm.Module(store, f'(module (func (export "{lone}")))')
    with pytest.raises((CompileError, ValueError)):
        pywasm.wat2wasm(lone)


def test_subclasses_that_lie(store, instantiate):
    class Liar(int):
        def __index__(self):
            return 10**100

        def __int__(self):
            return 10**100

        __float__ = __int__

    exports = instantiate(
        '(module (memory (export "m") 1) (func (export "f") (param i32) (result i32) local.get 0))'
    ).exports
    for use in exports.f, exports.m.grow, lambda x: exports.m.read(x, 1), exports.m.uint8_view:
        with contextlib.suppress(OverflowError, IndexError, ValueError, pywasm.WasmError):
            use(Liar(0))
    assert exports.f(3) == 3
