"""Modules: what they accept, what they tell of themselves, and how they end."""

import pytest

import pywasm
from pywasm import Type

EXPORTING = """(module
    (func (export "function") (param i32 i64) (result f32 f64) (unreachable))
    (global (export "constant") i32 (i32.const 7))
    (global (export "variable") (mut f64) (f64.const 7))
    (table (export "table") 3 funcref)
    (table (export "bounded") 0 5 externref)
    (memory (export "memory") 1 4))"""

IMPORTING = """(module
    (import "ns" "function" (func (param i32 i64) (result v128)))
    (import "ns" "global" (global f32))
    (import "other" "table" (table 1 2 externref))
    (import "other" "memory" (memory 3 4)))"""


def custom_section(name, content):
    """https://webassembly.github.io/spec/core/binary/modules.html#custom-section (short ones)"""
    body = bytes([len(name)]) + name + content
    assert len(body) < 128
    return b"\0" + bytes([len(body)]) + body


@pytest.mark.parametrize(
    "source",
    ["(module)", b"(module)", b"\0asm\x01\0\0\0", "  ;; text\n (module (memory 1))"],
    ids=["text", "text as bytes", "binary", "text with a comment"],
)
def test_accepts(store, source):
    module = pywasm.Module(store, source)
    assert module.exports == []
    pywasm.Instance(module)


@pytest.mark.parametrize("wrong", [3, None, 1.5, ["(module)"], object()])
def test_accepts_nothing_else(store, wrong):
    with pytest.raises(TypeError, match=r"^`Module` accepts Wasm bytes or a WAT string$"):
        pywasm.Module(store, wrong)


@pytest.mark.parametrize("wrong", [3, None, "store"])
def test_needs_a_store(wrong):
    with pytest.raises(TypeError):
        pywasm.Module(wrong, b"\0asm\x01\0\0\0")


def test_failed_to_compile(store):
    with pytest.raises(RuntimeError) as caught:
        pywasm.Module(store, b"\0asm\x01\0\0")
    assert type(caught.value) is pywasm.CompileError


def test_validate(store, wat):
    valid = wat('(module (func (export "f") (result i32) i32.const 7))')
    mistyped = wat("(module (func (result i32) unreachable))")[:-3] + b"\x00\x01\x0b"  # nop
    assert pywasm.Module.validate(store, b"\0asm\x01\0\0\0") is True
    assert pywasm.Module.validate(store, valid) is True
    assert pywasm.Module.validate(store, valid[:-1]) is False
    assert pywasm.Module.validate(store, mistyped) is False
    assert pywasm.Module.validate(store, b"") is False
    assert pywasm.Module.validate(store, b"nope") is False


def test_validate_takes_no_text(store):
    assert pywasm.Module.validate(store, b"(module)") is False


def test_exports(compile_text):
    module = compile_text(EXPORTING)
    exports = module.exports
    assert isinstance(exports, list)
    assert all(isinstance(export, pywasm.ExportType) for export in exports)
    names = ["function", "constant", "variable", "table", "bounded", "memory"]
    assert [export.name for export in exports] == names
    function, constant, variable, table, bounded, memory = (export.type for export in exports)
    assert isinstance(function, pywasm.FunctionType)
    assert function.params == [Type.I32, Type.I64]
    assert function.results == [Type.F32, Type.F64]
    assert isinstance(constant, pywasm.GlobalType)
    assert (constant.type, constant.mutable) == (Type.I32, False)
    assert (variable.type, variable.mutable) == (Type.F64, True)
    assert isinstance(table, pywasm.TableType)
    assert (table.type, table.minimum, table.maximum) == (Type.FUNC_REF, 3, None)
    assert (bounded.type, bounded.minimum, bounded.maximum) == (Type.EXTERN_REF, 0, 5)
    assert isinstance(memory, pywasm.MemoryType)
    assert (memory.minimum, memory.maximum, memory.shared) == (1, 4, False)


def test_imports(compile_text):
    imports = compile_text(IMPORTING).imports
    assert isinstance(imports, list)
    assert all(isinstance(import_, pywasm.ImportType) for import_ in imports)
    assert [(import_.module, import_.name) for import_ in imports] == [
        ("ns", "function"),
        ("ns", "global"),
        ("other", "table"),
        ("other", "memory"),
    ]
    function, global_, table, memory = (import_.type for import_ in imports)
    assert isinstance(function, pywasm.FunctionType)
    assert (function.params, function.results) == ([Type.I32, Type.I64], [Type.V128])
    assert isinstance(global_, pywasm.GlobalType)
    assert (global_.type, global_.mutable) == (Type.F32, False)
    assert isinstance(table, pywasm.TableType)
    assert (table.type, table.minimum, table.maximum) == (Type.EXTERN_REF, 1, 2)
    assert isinstance(memory, pywasm.MemoryType)
    assert (memory.minimum, memory.maximum) == (3, 4)


def test_a_shared_memory_says_so(compile_text):
    exported = compile_text('(module (memory (export "m") 1 2 shared))').exports[0].type
    assert (exported.minimum, exported.maximum, exported.shared) == (1, 2, True)
    imported = compile_text('(module (import "a" "m" (memory 1 2 shared)))').imports[0].type
    assert imported.shared is True


def test_an_import_exported_again(compile_text):
    module = compile_text('(module (import "a" "b" (func (param i64))) (export "c" (func 0)))')
    assert [export.name for export in module.exports] == ["c"]
    assert module.exports[0].type.params == [Type.I64]


def test_without_imports_and_exports(compile_text):
    module = compile_text("(module (func))")
    assert (module.exports, module.imports) == ([], [])


def test_name(compile_text):
    assert compile_text("(module)").name is None
    assert compile_text("(module $hello)").name == "hello"


def test_name_can_be_set(compile_text):
    module = compile_text("(module $hello)")
    module.name = "wörld"
    assert module.name == "wörld"
    nameless = compile_text("(module)")
    nameless.name = "now it has one"
    assert nameless.name == "now it has one"


def test_name_is_a_string(compile_text):
    module = compile_text("(module $hello)")
    with pytest.raises(TypeError):
        module.name = 3
    assert module.name == "hello"


def test_custom_sections(store, wat):
    code = (
        b"\0asm\x01\0\0\0"
        + custom_section(b"hello", b"one")
        + custom_section(b"other", b"\x00\xff")
        + custom_section(b"hello", b"two")
        + custom_section(b"empty", b"")
    )
    module = pywasm.Module(store, code)
    assert module.custom_sections("hello") == [b"one", b"two"]
    assert module.custom_sections("other") == [b"\x00\xff"]
    assert module.custom_sections("empty") == [b""]
    assert module.custom_sections("absent") == []
    assert module.custom_sections("") == []


def test_a_custom_section_may_have_any_name(store):
    name = "schlüssel".encode()
    module = pywasm.Module(store, b"\0asm\x01\0\0\0" + custom_section(name, b"x"))
    assert module.custom_sections("schlüssel") == [b"x"]


def test_one_module_many_instances(compile_text):
    module = compile_text(
        """(module
            (global $g (mut i32) (i32.const 0))
            (func (export "next") (result i32)
                (global.set $g (i32.add (global.get $g) (i32.const 1)))
                (global.get $g)))"""
    )
    first, second = pywasm.Instance(module), pywasm.Instance(module)
    assert [first.exports.next() for _ in range(3)] == [1, 2, 3]
    assert second.exports.next() == 1


def test_the_bytes_may_change_afterwards(store, wat):
    code = bytearray(wat('(module (func (export "f") (result i32) i32.const 7))'))
    module = pywasm.Module(store, bytes(code))
    code[:] = bytes(len(code))
    assert pywasm.Instance(module).exports.f() == 7


def test_with_and_close(compile_text):
    with compile_text('(module (func (export "f")))') as module:
        assert isinstance(module, pywasm.Module)
    module.close()
    with pytest.raises(pywasm.WasmError, match="closed"):
        pywasm.Instance(module)


def test_closing_a_module_leaves_its_instances(compile_text):
    module = compile_text('(module (func (export "f") (result i32) i32.const 7))')
    instance = pywasm.Instance(module)
    module.close()
    assert instance.exports.f() == 7
