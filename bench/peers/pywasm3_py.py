"""pywasm3 from PyPI, an interpreter. It compiles at the first call: its compile rows only load."""

import numpy
import wasm3

import guest
import pywasm
from harness import Contender

MODULE = "wasm3"

_STACK = 64 * 1024
_environment = wasm3.Environment()


def _load(text):
    runtime = _environment.new_runtime(_STACK)
    module = _environment.parse_module(pywasm.wat2wasm(text))
    runtime.load(module)
    return runtime, module


_runtime, _module = _load(guest.CALLS)
_module.link_function("env", "host", "i(i)", guest.host)


def nop():
    return Contender("nop()", nop=_runtime.find_function("nop"))


def add():
    return Contender("add(1, 2)", add=_runtime.find_function("add"))


def callback():
    return Contender(
        f"loop({guest.CALLBACKS})", per=guest.CALLBACKS, loop=_runtime.find_function("loop")
    )


def byte():
    return Contender("get_memory(0)[4096]", get_memory=_runtime.get_memory)


def view_byte():
    return Contender("view[4096]", view=_runtime.get_memory(0))


def numpy_view():
    return Contender(
        "frombuffer(get_memory(0), uint8)",
        frombuffer=numpy.frombuffer,
        uint8=numpy.uint8,
        get_memory=_runtime.get_memory,
    )


def read():
    return Contender("bytes(get_memory(0)[4096:4351])", get_memory=_runtime.get_memory)


def write():
    return Contender(
        "get_memory(0)[4096:4351] = data", get_memory=_runtime.get_memory, data=bytes(255)
    )


def instance_maker():
    code = pywasm.wat2wasm(guest.TINY)

    def make():
        runtime = _environment.new_runtime(_STACK)
        module = _environment.parse_module(code)
        runtime.load(module)
        return runtime, module

    return make


def instantiate():
    return Contender("make()", make=instance_maker())


def compile_tiny():
    return _compile(pywasm.wat2wasm(guest.TINY))


def compile_program():
    return _compile(guest.PROGRAM.read_bytes())


def _compile(code):
    return Contender(
        "new_runtime(stack).load(parse(unseen(code)))",
        new_runtime=_environment.new_runtime,
        parse=_environment.parse_module,
        stack=_STACK,
        unseen=guest.unseen,
        code=code,
    )
