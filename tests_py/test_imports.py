"""Imports: how they are given, matched, refused, and shared between instances."""

import pytest

import pywasm
from pywasm import (
    Function,
    FunctionType,
    Global,
    GlobalType,
    ImportObject,
    Memory,
    MemoryType,
    Table,
    TableType,
    Type,
    Value,
)

NEEDS_F = '(module (import "env" "f" (func $f)) (func (export "run") (call $f)))'


@pytest.fixture
def refused(compile_text):
    """The text of the LinkError that instantiating ends with."""

    def instantiate(text, imports=None):
        with pytest.raises(pywasm.LinkError) as caught:
            pywasm.Instance(compile_text(text), imports)
        return str(caught.value)

    return instantiate


def test_import_object(store, compile_text):
    calls = []
    imports = ImportObject()
    assert imports.contains_namespace("env") is False
    imports.register("env", {"f": Function(store, lambda: calls.append("f"))})
    assert imports.contains_namespace("env") is True
    assert imports.contains_namespace("other") is False
    pywasm.Instance(compile_text(NEEDS_F), imports).exports.run()
    pywasm.Instance(compile_text(NEEDS_F), imports).exports.run()
    assert calls == ["f", "f"]


def test_import_object_to_dict(store):
    imports = ImportObject()
    assert imports.to_dict() == {}
    function = Function(store, lambda: None)
    memory = Memory(store, MemoryType(1))
    imports.register("a", {"f": function})
    imports.register("b", {"m": memory, "f": function})
    given = imports.to_dict()
    assert sorted(given) == ["a", "b"]
    assert sorted(given["b"]) == ["f", "m"]
    assert isinstance(given["a"]["f"], Function)
    assert isinstance(given["b"]["m"], Memory)


def test_a_plain_dict(store, instantiate):
    calls = []
    imports = {"env": {"f": Function(store, lambda: calls.append("f"))}}
    instance = instantiate(NEEDS_F, imports)
    imports["env"].clear()
    imports.clear()
    instance.exports.run()
    assert calls == ["f"]


def test_what_nobody_imports_is_ignored(store, instantiate):
    function = Function(store, lambda: None)
    imports = {"env": {"f": function, "g": function}, "unused": {"m": Memory(store, MemoryType(1))}}
    instantiate(NEEDS_F, imports).exports.run()
    instantiate("(module)", imports)


@pytest.mark.parametrize("wrong", [3, "text", None, len, lambda: None])
def test_values_that_are_no_externs(store, compile_text, wrong):
    with pytest.raises(TypeError, match="`ImportObject` cannot register the given type"):
        pywasm.Instance(compile_text(NEEDS_F), {"env": {"f": wrong}})
    with pytest.raises(TypeError, match="`ImportObject` cannot register the given type"):
        ImportObject().register("env", {"f": wrong})


@pytest.mark.parametrize("wrong", [3, "text", None, [1]])
def test_namespaces_are_dicts(compile_text, wrong):
    with pytest.raises(TypeError):
        pywasm.Instance(compile_text(NEEDS_F), {"env": wrong})
    with pytest.raises(TypeError):
        ImportObject().register("env", wrong)


def test_names_are_strings(store, compile_text):
    function = Function(store, lambda: None)
    with pytest.raises(TypeError):
        pywasm.Instance(compile_text(NEEDS_F), {3: {"f": function}, "env": {"f": function}})
    with pytest.raises(TypeError):
        pywasm.Instance(compile_text(NEEDS_F), {"env": {3: function, "f": function}})


UNKNOWN = (
    'Error while importing "env"."f": unknown import. '
    "Expected Function(FunctionType { params: [], results: [] })"
)


@pytest.mark.parametrize("imports", [None, {}, {"env": {}}, {"other": {}}, {"env": {"g": None}}])
def test_missing(store, refused, imports):
    if imports == {"env": {"g": None}}:
        imports = {"env": {"g": Function(store, lambda: None)}}
    assert UNKNOWN in refused(NEEDS_F, imports)


def test_missing_in_an_import_object(refused):
    assert UNKNOWN in refused(NEEDS_F, ImportObject())


def expected_and_given(name, expected, given):
    return (
        f'Error while importing "env"."{name}": incompatible import type. '
        f"Expected {expected} but received {given}"
    )


def test_the_wrong_kind(store, refused):
    imports = {"env": {"f": Memory(store, MemoryType(1))}}
    assert expected_and_given(
        "f",
        "Function(FunctionType { params: [], results: [] })",
        "Memory(MemoryType { minimum: 1 pages, maximum: None, shared: false })",
    ) in refused(NEEDS_F, imports)


def test_the_wrong_signature(store, refused):
    imports = {"env": {"f": Function(store, lambda: None)}}
    assert expected_and_given(
        "f",
        "Function(FunctionType { params: [I32], results: [] })",
        "Function(FunctionType { params: [], results: [] })",
    ) in refused('(module (import "env" "f" (func (param i32))))', imports)


@pytest.mark.parametrize(
    ("needed", "given"),
    [
        ("(param i32)", ([Type.I64], [])),
        ("(param i32 i64)", ([Type.I64, Type.I32], [])),
        ("(result f32)", ([], [Type.F64])),
        ("(result i32 i32)", ([], [Type.I32])),
        ("(param externref)", ([Type.FUNC_REF], [])),
        ("(param v128)", ([Type.I64, Type.I64], [])),
        ("(param i32) (result i32)", ([Type.I32], [])),
    ],
)
def test_other_wrong_signatures(store, refused, needed, given):
    function = Function(store, lambda *_: None, FunctionType(*given))
    text = refused(f'(module (import "env" "f" (func {needed})))', {"env": {"f": function}})
    assert text.startswith('Error while importing "env"."f": incompatible import type.')


def test_a_memory_that_is_too_small(store, refused):
    imports = {"env": {"m": Memory(store, MemoryType(1))}}
    assert expected_and_given(
        "m",
        "Memory(MemoryType { minimum: 2 pages, maximum: None, shared: false })",
        "Memory(MemoryType { minimum: 1 pages, maximum: None, shared: false })",
    ) in refused('(module (import "env" "m" (memory 2)))', imports)


def test_a_memory_without_the_maximum_that_is_asked(store, refused):
    imports = {"env": {"m": Memory(store, MemoryType(1))}}
    needed = '(module (import "env" "m" (memory 1 5)))'
    assert "maximum: Some(5" in refused(needed, imports)
    imports = {"env": {"m": Memory(store, MemoryType(1, 6))}}
    assert "maximum: Some(6" in refused(needed, imports)


@pytest.mark.parametrize("given", [(2, 4), (3, 4), (2, 3)])
def test_memories_that_match(store, instantiate, given):
    memory = Memory(store, MemoryType(*given))
    instantiate('(module (import "env" "m" (memory 2 4)))', {"env": {"m": memory}})
    instantiate('(module (import "env" "m" (memory 1)))', {"env": {"m": memory}})


def test_a_memory_matches_by_its_size_of_now(store, instantiate):
    # https://webassembly.github.io/spec/core/exec/modules.html: the extern's type is as it is now.
    memory = Memory(store, MemoryType(1))
    memory.grow(1)
    instantiate('(module (import "env" "m" (memory 2)))', {"env": {"m": memory}})


def test_the_mutability_of_a_global(store, refused):
    needed = '(module (import "env" "g" (global (mut i32))))'
    constant = Global(store, Value.i32(1))
    assert expected_and_given(
        "g",
        "Global(GlobalType { ty: I32, mutability: Var })",
        "Global(GlobalType { ty: I32, mutability: Const })",
    ) in refused(needed, {"env": {"g": constant}})
    variable = Global(store, Value.i32(1), mutable=True)
    assert expected_and_given(
        "g",
        "Global(GlobalType { ty: I64, mutability: Const })",
        "Global(GlobalType { ty: I32, mutability: Var })",
    ) in refused('(module (import "env" "g" (global i64)))', {"env": {"g": variable}})


@pytest.mark.parametrize(
    "needed", ["(table 2 funcref)", "(table 1 2 funcref)", "(table 1 externref)"]
)
def test_tables_that_do_not_match(store, refused, needed):
    table = Table(store, TableType(Type.FUNC_REF, 1), None)
    text = refused(f'(module (import "env" "t" {needed}))', {"env": {"t": table}})
    assert text.startswith('Error while importing "env"."t": incompatible import type.')
    assert text.count("Table(TableType {") == 2


def test_all_that_is_wrong_is_told_at_once(store, refused):
    text = refused(
        """(module
            (import "env" "first" (func (param i32)))
            (import "env" "fine" (func))
            (import "other" "second" (memory 1))
            (import "env" "third" (global i32))
            (import "env" "fourth" (func)))""",
        {
            "env": {
                "fine": Function(store, lambda: None),
                "third": Global(store, Value.i64(1)),
                "fourth": Memory(store, MemoryType(1)),
            }
        },
    )
    lines = text.splitlines()
    wrong = ['"env"."first"', '"other"."second"', '"env"."third"', '"env"."fourth"']
    assert len(lines) == len(wrong)
    for line, name in zip(lines, wrong):
        assert line.startswith(f"Error while importing {name}: ")
        assert "Expected " in line
    assert [": unknown import. " in line for line in lines] == [True, True, False, False]


def test_names_from_all_of_unicode(store, instantiate):
    names = ["", "λ", "a b", '"', "😀", "\n"]
    calls = []
    imports = "".join(
        '(import "{0}" "{0}" (func))'.format("".join(f"\\{b:02x}" for b in name.encode()))
        for name in names
    )
    functions = {
        name: {name: Function(store, lambda name=name: calls.append(name), FunctionType([], []))}
        for name in names
    }
    body = "".join(f"(call {i})" for i in range(len(names)))
    instantiate(f'(module {imports} (func (export "run") {body}))', functions).exports.run()
    assert calls == names


def test_the_same_import_twice(store, instantiate):
    calls = []
    instance = instantiate(
        """(module (import "env" "f" (func $a)) (import "env" "f" (func $b))
            (func (export "run") (call $a) (call $b)))""",
        {"env": {"f": Function(store, lambda: calls.append(1))}},
    )
    instance.exports.run()
    assert calls == [1, 1]


EXPORTER = """(module
    (memory (export "memory") 1 3)
    (table (export "table") 2 4 funcref)
    (global (export "variable") (mut i64) (i64.const 5))
    (global (export "constant") i32 (i32.const 6))
    (func $f (export "f") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
    (func $trap (export "trap") unreachable)
    (elem (table 0) (i32.const 0) func $f))"""

IMPORTER = """(module
    (type $unary (func (param i32) (result i32)))
    (import "lib" "memory" (memory 1 3))
    (import "lib" "table" (table $t 2 4 funcref))
    (import "lib" "variable" (global $variable (mut i64)))
    (import "lib" "constant" (global $constant i32))
    (import "lib" "f" (func $f (type $unary)))
    (import "lib" "trap" (func $trap))
    (func (export "direct") (param i32) (result i32) (call $f (local.get 0)))
    (func (export "indirect") (param i32 i32) (result i32)
        (call_indirect $t (type $unary) (local.get 0) (local.get 1)))
    (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    (func (export "set") (param i64) (global.set $variable (local.get 0)))
    (func (export "constant") (result i32) (global.get $constant))
    (func $own (type $unary) (i32.add (local.get 0) (i32.const 1)))
    (elem (table $t) (i32.const 1) func $own)
    (func (export "trap") (call $trap)))"""


@pytest.fixture
def linked(instantiate):
    exporter = instantiate(EXPORTER)
    importer = instantiate(IMPORTER, {"lib": dict(exporter.exports)})
    return exporter.exports, importer.exports


def test_functions_of_another_instance(linked):
    _, importer = linked
    assert importer.direct(21) == 42
    assert importer.indirect(21, 0) == 42
    assert importer.indirect(21, 1) == 22


def test_a_memory_of_another_instance(linked):
    exporter, importer = linked
    importer.poke(7, 0xAB)
    assert exporter.memory.read(7, 1) == b"\xab"
    exporter.memory.grow(1)
    assert importer.grow() == 2
    assert exporter.memory.size == 3


def test_a_global_of_another_instance(linked):
    exporter, importer = linked
    importer.set(-9)
    assert exporter.variable.value == -9
    assert importer.constant() == 6


def test_a_table_of_another_instance(linked):
    exporter, importer = linked
    assert exporter.table.get(1)(1) == 2
    exporter.table.set(0, None)
    with pytest.raises(pywasm.Trap):
        importer.indirect(1, 0)


def test_a_trap_in_another_instance(linked):
    exporter, importer = linked
    with pytest.raises(pywasm.Trap) as caught:
        importer.trap()
    assert caught.value.code is pywasm.TrapCode.UNREACHABLE
    assert exporter.f(1) == 2
    assert importer.direct(1) == 2


def test_a_chain_of_instances(instantiate):
    function = instantiate(EXPORTER).exports.f
    for _ in range(20):
        function = instantiate(
            """(module (import "m" "f" (func $f (param i32) (result i32)))
                (func (export "f") (param i32) (result i32)
                    (call $f (i32.add (local.get 0) (i32.const 1)))))""",
            {"m": {"f": function}},
        ).exports.f
    assert function(1) == 42


def test_host_made_externs_of_every_kind(store, instantiate):
    externs = {
        "memory": Memory(store, MemoryType(1, 3)),
        "table": Table(store, TableType(Type.FUNC_REF, 2, 4), None),
        "variable": Global(store, Value.i64(5), mutable=True),
        "constant": Global(store, Value.i32(6)),
        "f": Function(store, lambda x: x * 2, FunctionType([Type.I32], [Type.I32])),
        "trap": Function(store, lambda: None),
    }
    importer = instantiate(IMPORTER, {"lib": externs}).exports
    assert importer.direct(21) == 42
    importer.poke(0, 1)
    assert externs["memory"].read(0, 1) == b"\x01"
    importer.set(-1)
    assert externs["variable"].value == -1
    assert importer.indirect(1, 1) == 2
    externs["table"].set(0, externs["f"])
    assert importer.indirect(21, 0) == 42


def test_types_of_externs(store):
    assert isinstance(Memory(store, MemoryType(1)).type, MemoryType)
    assert isinstance(Global(store, Value.i32(1)).type, GlobalType)
    assert isinstance(Table(store, TableType(Type.FUNC_REF, 1), None).type, TableType)
    assert isinstance(Function(store, lambda: None).type, FunctionType)
