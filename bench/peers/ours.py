"""pywasm as installed, with its default compiler."""

import os

import numpy

import guest
import pywasm
from harness import Contender

MODULE = "pywasm"

_store = pywasm.Store()
_host = pywasm.Function(_store, guest.host)
_exports = pywasm.Instance(pywasm.Module(_store, guest.CALLS), {"env": {"host": _host}}).exports
_memory = _exports.memory


def nop():
    return Contender("nop()", nop=_exports.nop)


def add():
    return Contender("add(1, 2)", add=_exports.add)


def callback():
    return Contender(f"loop({guest.CALLBACKS})", per=guest.CALLBACKS, loop=_exports.loop)


def byte():
    return Contender("view[4096]", view=_memory.uint8_view())


def view_byte():
    return Contender("view[4096]", view=memoryview(_memory.buffer))


def numpy_view():
    return Contender(
        "frombuffer(memory.buffer, uint8)",
        frombuffer=numpy.frombuffer,
        uint8=numpy.uint8,
        memory=_memory,
    )


def read():
    return Contender("read(4096, 255)", read=_memory.read)


def write():
    return Contender("write(4096, data)", write=_memory.write, data=bytes(255))


def instance_maker():
    module = pywasm.Module(_store, guest.TINY)
    return lambda: pywasm.Instance(module)


def instantiate():
    module = pywasm.Module(_store, guest.TINY)
    return Contender("Instance(module)", Instance=pywasm.Instance, module=module)


def compile_tiny():
    code = pywasm.wat2wasm(guest.TINY)
    return Contender(
        "Module(store, unseen(code))",
        Module=pywasm.Module,
        store=_store,
        unseen=guest.unseen,
        code=code,
    )


def compile_program():
    return Contender(
        "Module(store, unseen(code))",
        Module=pywasm.Module,
        store=_store,
        unseen=guest.unseen,
        code=guest.PROGRAM.read_bytes(),
    )


def load():
    artefact = pywasm.Module(_store, guest.PROGRAM.read_bytes()).serialize()
    return Contender(
        "with Store() as store: deserialize(store, artefact)",
        Store=pywasm.Store,
        deserialize=pywasm.Module.deserialize,
        artefact=artefact,
    )


def hello():
    return Contender(
        "run(program, stdout=nothing)",
        run=pywasm.run,
        program=pywasm.Module(_store, guest.HELLO),
        nothing=os.devnull,
    )


def fresh(folder):
    path = os.path.join(folder, "hello.artefact")
    with open(path, "wb") as file:
        file.write(pywasm.Module(_store, guest.HELLO).serialize())
    return f"import pywasm as p; p.run(p.Module.from_file(p.Store(), {path!r}))"
