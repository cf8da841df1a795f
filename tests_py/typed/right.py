"""Uses of the API that a type checker must accept, and that run."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pywasm
from pywasm import (
    CompileError,
    CompletedProcess,
    ExportType,
    Frame,
    Function,
    FunctionType,
    Global,
    ImportObject,
    ImportType,
    Instance,
    LinkError,
    Memory,
    MemoryType,
    Module,
    ProcessError,
    Store,
    Table,
    TableType,
    Trap,
    TrapCode,
    Type,
    Value,
    WasmError,
    engine,
    wasi,
)
from pywasm.compilers import interpreter, optimizing

TEXT = """(module
    (import "env" "log" (func (param i32)))
    (memory (export "memory") 1)
    (global (export "counter") (mut i32) (i32.const 0))
    (table (export "table") 1 funcref)
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "trap") unreachable))"""


def make_store(fast: bool) -> Store:
    if fast:
        return Store(engine.JIT(optimizing.Compiler))
    return Store(engine=engine.Universal(interpreter.Compiler))


def log(value: int) -> None:
    print(value)


def describe(module: Module) -> list[str]:
    exports: list[ExportType] = module.exports
    imports: list[ImportType] = module.imports
    name: str | None = module.name
    sections: list[bytes] = module.custom_sections("name")
    lines = [export.name for export in exports] + [import_.module for import_ in imports]
    return [*lines, name or "", str(len(sections))]


def use_memory(memory: Memory) -> bytes:
    old: int = memory.grow(1)
    assert old < memory.size
    memory.write(0, b"bytes")
    memory.write(5, bytearray(b"more"))
    view = memory.uint8_view(offset=1)
    number: int = view[0]
    numbers: list[int] = view[0:3]
    view[0] = number
    view[0:3] = numbers
    reals = memory.float64_view()
    real: float = reals[0]
    reals[1] = real
    assert len(memoryview(memory.buffer)) == memory.data_size
    return memory.read(0, 5)


def use_run(path: Path) -> int:
    done: CompletedProcess = pywasm.run(
        path, ["--help", path], stdin="text", text=True, capture_output=True, dirs=[path], files={}
    )
    try:
        pywasm.run(b"", env={"A": "b"}, stdout=path, dirs={"/": path}, memory_limit=1, check=True)
    except ProcessError as error:
        return error.returncode
    files: dict[str, bytes] | None = done.files
    return done.returncode if files is None else len(files)


def use_wasi(store: Store) -> ImportObject:
    builder = wasi.StateBuilder("program", arguments=["--help"], environments={"A": "b"})
    builder.stdin(b"").stdout(None).map_files("/", {"a": b""}, readonly=True).seed(1).fixed_time(0)
    environment = builder.argument("x").environment("C", "d").finalize()
    return environment.generate_import_object(store, wasi.Version.LATEST)


def frames_of(trap: Trap) -> list[str]:
    frames: list[Frame] = trap.frames
    code: TrapCode = trap.code
    return [code.value] + [frame.function_name or "?" for frame in frames]


def main() -> None:
    for fast in False, True:
        with make_store(fast) as store:
            module = Module(store, pywasm.wat2wasm(TEXT))
            valid: bool = Module.validate(store, b"")
            assert not valid
            describe(module)
            host = Function(store, log)
            typed = Function(store, lambda a: None, FunctionType([Type.I32], []))
            imports: dict[str, dict[str, Function]] = {"env": {"log": host}}
            instance = Instance(module, imports)
            registered = ImportObject()
            registered.register("env", {"log": typed})
            Instance(module, registered)
            memory = instance.exports["memory"]
            if isinstance(memory, Memory):
                use_memory(memory)
            add = instance.exports["add"]
            assert isinstance(add, Function)
            call: Callable[..., object] = add
            assert call(1, 2) == 3
            names: list[str] = [name for name, _ in instance.exports]
            assert "add" in instance.exports
            assert len(names) == len(instance.exports)
            counter = Global(store, Value.i32(1), mutable=True)
            counter.value = 2
            table = Table(store, TableType(Type.FUNC_REF, 1), None)
            table.set(0, host)
            Memory(store, MemoryType(1, maximum=2, shared=False))
            use_wasi(store)
            try:
                instance.exports.trap()
            except Trap as trap:
                frames_of(trap)
            try:
                Module(store, b"nonsense")
            except (CompileError, LinkError) as error:
                base: WasmError = error
                assert str(base)


main()
