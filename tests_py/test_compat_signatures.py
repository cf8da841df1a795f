"""The names of wasmer-python: how they are called, what they give, and what host functions may do.

As observed on wasmer 1.1.0.
"""

import enum

import pytest

import pywasm.compat

pywasm.compat.install_as_wasmer()

import wasmer
import wasmer_compiler_cranelift
import wasmer_compiler_llvm
import wasmer_compiler_singlepass
from wasmer import (
    Buffer,
    Exports,
    ExportsIterator,
    ExportType,
    Function,
    FunctionType,
    Global,
    GlobalType,
    ImportObject,
    ImportType,
    Instance,
    Memory,
    MemoryType,
    Module,
    Store,
    Table,
    TableType,
    Type,
    Value,
    engine,
    target,
    wasi,
)

COMPILERS = {
    "cranelift": wasmer_compiler_cranelift.Compiler,
    "llvm": wasmer_compiler_llvm.Compiler,
    "singlepass": wasmer_compiler_singlepass.Compiler,
}
SUM = """(module (func (export "sum") (param i32 i32) (result i32)
    local.get 0 local.get 1 i32.add))"""


@pytest.mark.parametrize("kind", [engine.Universal, engine.JIT])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_engines(kind, compiler):
    for made in kind(COMPILERS[compiler]), kind(compiler=COMPILERS[compiler], target=None):
        store = Store(engine=made)
        assert store.engine_name == "universal"
        assert isinstance(store.compiler_name, str)
        assert Instance(Module(store, SUM)).exports.sum(1, 2) == 3


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (engine.Universal, "universal"),
        (engine.JIT, "universal"),
        (engine.Dylib, "dylib"),
        (engine.Native, "dylib"),
    ],
)
def test_headless_engines(kind, name):
    store = Store(kind())
    assert (store.engine_name, store.compiler_name) == (name, None)


def test_type():
    assert issubclass(Type, enum.IntEnum)
    expected = {"I32": 1, "I64": 2, "F32": 3, "F64": 4, "V128": 5, "EXTERN_REF": 6, "FUNC_REF": 7}
    assert dict(Type.__members__) == {**expected, "EXN_REF": 8}


def test_module(store):
    text = '(module $m (import "a" "b" (func)) (memory (export "c") 1))'
    module = Module(store, text)
    assert isinstance(Module(store=store, bytes=wasmer.wat2wasm(text)), Module)
    assert module.name == "m"
    module.name = "n"
    assert module.name == "n"
    assert Module(store, "(module)").name is None
    assert [(type(e), e.name, e.type) for e in module.exports] == [(ExportType, "c", MemoryType(1))]
    [imported] = module.imports
    assert isinstance(imported, ImportType)
    assert (imported.module, imported.name) == ("a", "b")
    assert imported.type == FunctionType([], [])
    assert module.custom_sections("none") == []
    section = b"\0\5\4abcd"
    assert Module(store, wasmer.wat2wasm("(module)") + section).custom_sections("abcd") == [b""]
    assert Module.validate(store, wasmer.wat2wasm(text)) is True
    assert Module.validate(store, b"(module)") is False


@pytest.mark.parametrize("kind", [engine.Universal, engine.JIT])
def test_serialized(store, kind):
    serialized = Module(store, SUM).serialize()
    assert type(serialized) is bytes
    for loading in store, Store(kind()):
        module = Module.deserialize(loading, serialized)
        assert [str(export.type) for export in module.exports] == [
            "FunctionType(params: [I32, I32], results: [I32])"
        ]
        assert Instance(module).exports.sum(1, 2) == 3


def test_instance_and_exports(store):
    text = (
        '(module (memory (export "m") 1) (func (export "f")) (global (export "g") i32 i32.const 1))'
    )
    instance = Instance(Module(store, text), None)
    assert isinstance(Instance(module=Module(store, text), import_object={}), Instance)
    exports = instance.exports
    assert isinstance(exports, Exports)
    assert instance.exports is exports
    assert len(exports) == 3
    assert isinstance(iter(exports), ExportsIterator)
    assert [(name, type(extern)) for name, extern in exports] == [
        ("m", Memory),
        ("f", Function),
        ("g", Global),
    ]


def test_function(store):
    def double(x: int) -> int:
        return 2 * x

    declared = FunctionType([Type.I32], [Type.I32])
    for function in Function(store, double), Function(store, lambda x: 2 * x, declared):
        assert function(21) == 42
        assert function.type == declared
    assert Function(store=store, function=double, function_type=declared)(1) == 2


def test_memory(store):
    memory = Memory(store, MemoryType(1, 3))
    assert (memory.type, memory.size, memory.data_size) == (MemoryType(1, 3), 1, 65536)
    assert memory.grow(2) == 1
    assert (memory.size, memory.data_size) == (3, 3 * 65536)
    assert Memory(store=store, memory_type=MemoryType(minimum=0)).size == 0


def test_buffer(store):
    memory = Memory(store, MemoryType(1))
    assert isinstance(memory.buffer, Buffer)
    view = memoryview(memory.buffer)
    assert (view.format, view.ndim, view.itemsize) == ("B", 1, 1)
    assert view.c_contiguous
    assert not view.readonly
    view[1] = 7
    assert bytearray(memory.buffer)[:3] == b"\0\7\0"


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize("kind", ["uint", "int", "float"])
def test_views(store, kind, bits):
    if kind == "float" and bits < 32:
        return
    memory = Memory(store, MemoryType(1))
    view = getattr(memory, f"{kind}{bits}_view")()
    assert type(view) is getattr(wasmer, f"{kind.capitalize()}{bits}Array")
    assert view.bytes_per_element == bits // 8
    assert len(view) == 65536 * 8 // bits
    view[1] = 7
    assert (view[1], view[0:3]) == (7, [0, 7, 0])
    view[0:2] = [3, 4]
    later = getattr(memory, f"{kind}{bits}_view")(offset=1)
    assert (later[0], len(later)) == (4, len(view) - 1)
    with pytest.raises(TypeError):
        type(view)()


def test_global(store):
    constant, variable = Global(store, Value.i32(7)), Global(store, Value.f64(1.0), mutable=True)
    assert (constant.value, constant.mutable) == (7, False)
    assert constant.type == GlobalType(Type.I32, False)
    variable.value = 2.5
    assert (variable.value, variable.mutable) == (2.5, True)


def test_table(store):
    table = Table(store, TableType(Type.FUNC_REF, 2, 3), None)
    assert table.size == 2
    assert table.type == TableType(Type.FUNC_REF, minimum=2, maximum=3)


def test_import_object(store):
    imports = ImportObject()
    assert imports.to_dict() == {}
    assert not imports.contains_namespace("env")
    function = Function(store, lambda: None)
    imports.register("env", {"f": function})
    assert imports.contains_namespace("env")
    assert imports.to_dict() == {"env": {"f": function}}
    module = Module(store, '(module (import "env" "f" (func)))')
    for import_object in imports, imports.to_dict():
        assert isinstance(Instance(module, import_object), Instance)


@pytest.mark.parametrize(
    ("described", "fields", "text"),
    [
        (
            FunctionType(params=[Type.I32], results=[]),
            {"params": [Type.I32], "results": []},
            "FunctionType(params: [I32], results: [])",
        ),
        (
            MemoryType(1, 2, shared=True),
            {"minimum": 1, "maximum": 2, "shared": True},
            "MemoryType(minimum: 1, maximum: Some(2), shared: true)",
        ),
        (
            GlobalType(Type.F64, False),
            {"type": Type.F64, "mutable": False},
            "GlobalType(type: F64, mutable: false)",
        ),
        (
            TableType(Type.FUNC_REF, 1),
            {"type": Type.FUNC_REF, "minimum": 1, "maximum": None},
            "TableType(type: FuncRef, minimum: 1, maximum: None)",
        ),
    ],
)
def test_descriptions(described, fields, text):
    assert {name: getattr(described, name) for name in fields} == fields
    assert str(described) == text


def test_value():
    values = [Value.i32(42), Value.i64(1), Value.f32(42.0), Value.f64(1.5)]
    assert [repr(value) for value in values] == ["I32(42)", "I64(1)", "F32(42.0)", "F64(1.5)"]
    assert repr(Value.v128(1)).startswith("V128(")


def test_target():
    triple = target.Triple("x86_64-apple-darwin")
    cpu_features = target.CpuFeatures()
    assert cpu_features.add("sse2") is None
    assert isinstance(target.Target(triple, cpu_features), target.Target)
    assert isinstance(target.Target(target.Triple.host()), target.Target)


def test_wasi_versions(store):
    assert issubclass(wasi.Version, enum.IntEnum)
    assert dict(wasi.Version.__members__) == {"LATEST": 1, "SNAPSHOT0": 2, "SNAPSHOT1": 3}
    text = '(module (import "{}" "sched_yield" (func (result i32))) (import "{}" "f" (func)))'
    one, zero = "wasi_snapshot_preview1", "wasi_unstable"
    for first, second, strict, expected in [
        (one, one, True, 3),
        (zero, zero, True, 2),
        (zero, "env", False, 2),
        (zero, "env", True, None),
        ("env", "env", False, None),
    ]:
        module = Module(store, text.format(first, second))
        assert wasi.get_version(module, strict=strict) == expected


def test_state_builder(tmp_path):
    builder = wasi.StateBuilder(
        "program", ["a"], {"K": "V"}, [str(tmp_path)], map_directories={"m": str(tmp_path)}
    )
    for chained in [
        builder.argument("b"),
        builder.arguments(["c"]),
        builder.environment("L", "W"),
        builder.environments({"M": "X"}),
        builder.preopen_directory(str(tmp_path)),
        builder.preopen_directories([str(tmp_path)]),
        builder.map_directory("n", str(tmp_path)),
        builder.map_directories({"o": str(tmp_path)}),
    ]:
        assert chained is builder
    assert isinstance(builder.finalize(), wasi.Environment)


def test_wasi_environment(store):
    environment = wasi.StateBuilder("program").finalize()
    imports = environment.generate_imports(store, wasi.Version.LATEST)
    [(namespace, functions)] = imports.items()
    assert namespace == "wasi_snapshot_preview1"
    assert sorted(functions) == sorted(PREVIEW1.split())
    assert all(isinstance(function, Function) for function in functions.values())
    assert isinstance(
        environment.generate_import_object(store, wasi.Version.SNAPSHOT0), ImportObject
    )


PREVIEW1 = """args_get args_sizes_get clock_res_get clock_time_get environ_get environ_sizes_get
fd_advise fd_allocate fd_close fd_datasync fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights
fd_filestat_get fd_filestat_set_size fd_filestat_set_times fd_pread fd_prestat_dir_name
fd_prestat_get fd_pwrite fd_read fd_readdir fd_renumber fd_seek fd_sync fd_tell fd_write
path_create_directory path_filestat_get path_filestat_set_times path_link path_open path_readlink
path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff proc_exit proc_raise
random_get sched_yield sock_recv sock_send sock_shutdown"""


def test_text():
    binary = wasmer.wat2wasm("(module)")
    assert binary == b"\0asm\1\0\0\0"
    assert wasmer.wasm2wat(binary) == "(module)"
    text = '(module (func (export "a") (param i32) (result i32) local.get 0))'
    assert wasmer.wasm2wat(wasmer.wat2wasm(text)) == (
        "(module\n  (type (;0;) (func (param i32) (result i32)))\n"
        "  (func (;0;) (type 0) (param i32) (result i32)\n    local.get 0)\n"
        '  (export "a" (func 0)))'
    )


# --- host functions -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int, Type.I32),
        ("i32", Type.I32),
        ("I32", Type.I32),
        ("i64", Type.I64),
        ("I64", Type.I64),
        (float, Type.F32),
        ("f32", Type.F32),
        ("F32", Type.F32),
        ("f64", Type.F64),
        ("F64", Type.F64),
    ],
)
def test_annotations(store, annotation, expected):
    def function(x):
        return x

    function.__annotations__ = {"x": annotation, "return": annotation}
    assert Function(store, function).type == FunctionType([expected], [expected])
    function.__annotations__ = {"x": annotation, "return": None}
    assert Function(store, function).type == FunctionType([expected], [])
    function.__annotations__ = {"return": (annotation, int)}
    assert Function(store, function).type == FunctionType([], [expected, Type.I32])


def test_without_annotations_it_takes_and_gives_nothing(store):
    assert Function(store, lambda: None).type == FunctionType([], [])


@pytest.mark.parametrize(
    ("given", "types", "expected"),
    [(3, [Type.I32], 3), ((1, 2.5), [Type.I32, Type.F64], [1, 2.5]), (None, [], None)],
)
def test_results(store, given, types, expected):
    got = Function(store, lambda: given, FunctionType([], types))()
    assert (list(got) if isinstance(got, (tuple, list)) else got) == expected


@pytest.mark.parametrize("at_start", [False, True])
def test_exceptions_arrive_as_they_were_raised(store, at_start):
    class OurError(Exception):
        pass

    raised = OurError("oops")

    def function():
        raise raised

    start = "(start 0)" if at_start else ""
    module = Module(store, f'(module (import "e" "f" (func)) (func (export "g") call 0) {start})')
    with pytest.raises(OurError) as caught:
        Instance(module, {"e": {"f": Function(store, function)}}).exports.g()
    assert caught.value is raised
