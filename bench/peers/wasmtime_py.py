"""wasmtime from PyPI."""

import os

import numpy
import wasmtime

import guest
from harness import Contender

MODULE = "wasmtime"

_store = wasmtime.Store()
_i32 = wasmtime.ValType.i32()
_host = wasmtime.Func(_store, wasmtime.FuncType([_i32], [_i32]), guest.host)
_exports = wasmtime.Instance(_store, wasmtime.Module(_store.engine, guest.CALLS), [_host]).exports(
    _store
)
_memory = _exports["memory"]


def nop():
    return Contender("nop(store)", nop=_exports["nop"], store=_store)


def add():
    return Contender("add(store, 1, 2)", add=_exports["add"], store=_store)


def callback():
    return Contender(
        f"loop(store, {guest.CALLBACKS})",
        per=guest.CALLBACKS,
        loop=_exports["loop"],
        store=_store,
    )


def byte():
    return Contender("read(store, 4096, 4097)", read=_memory.read, store=_store)


def view_byte():
    # A ctypes array is what it offers.
    return Contender("view[4096]", view=_memory.get_buffer_ptr(_store))


def numpy_view():
    return Contender(
        "frombuffer(buffer(store), uint8)",
        frombuffer=numpy.frombuffer,
        uint8=numpy.uint8,
        buffer=_memory.get_buffer_ptr,
        store=_store,
    )


def read():
    return Contender("read(store, 4096, 4351)", read=_memory.read, store=_store)


def write():
    return Contender("write(store, data, 4096)", write=_memory.write, store=_store, data=bytes(255))


def instance_maker():
    store = wasmtime.Store()
    module = wasmtime.Module(store.engine, guest.TINY)
    return lambda: wasmtime.Instance(store, module, [])


def instantiate():
    # Instances live as long as their store, so each gets its own, as its documentation advises.
    engine = wasmtime.Engine()
    module = wasmtime.Module(engine, guest.TINY)
    return Contender(
        "Instance(Store(engine), module, [])",
        Instance=wasmtime.Instance,
        Store=wasmtime.Store,
        engine=engine,
        module=module,
    )


def hello():
    engine = wasmtime.Engine()
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    program = wasmtime.Module(engine, guest.HELLO)

    def run():
        store = wasmtime.Store(engine)
        config = wasmtime.WasiConfig()
        config.argv = ["hello"]
        config.stdout_file = os.devnull
        store.set_wasi(config)
        linker.instantiate(store, program).exports(store)["_start"](store)

    return Contender("run()", run=run)


FRESH = """
import wasmtime
engine = wasmtime.Engine()
linker = wasmtime.Linker(engine)
linker.define_wasi()
store = wasmtime.Store(engine)
config = wasmtime.WasiConfig()
config.inherit_stdout()
store.set_wasi(config)
program = wasmtime.Module.deserialize_file(engine, {path!r})
linker.instantiate(store, program).exports(store)["_start"](store)
"""


def fresh(folder):
    path = os.path.join(folder, "hello.cwasm")
    with open(path, "wb") as file:
        file.write(wasmtime.Module(wasmtime.Engine(), guest.HELLO).serialize())
    return FRESH.format(path=path)


def compile_tiny():
    return _compile(wasmtime.wat2wasm(guest.TINY))


def compile_program():
    return _compile(guest.PROGRAM.read_bytes())


def load():
    engine = wasmtime.Engine()
    return Contender(
        "deserialize(engine, artefact)",
        deserialize=wasmtime.Module.deserialize,
        engine=engine,
        artefact=wasmtime.Module(engine, guest.PROGRAM.read_bytes()).serialize(),
    )


def _compile(code):
    return Contender(
        "Module(engine, unseen(code))",
        Module=wasmtime.Module,
        engine=wasmtime.Engine(),
        unseen=guest.unseen,
        code=bytes(code),
    )
