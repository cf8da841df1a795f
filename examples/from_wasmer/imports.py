"""Gives host functions, a memory and a global to a guest, as an ImportObject and as a dict."""

from pywasm.compat import install_as_wasmer

install_as_wasmer()

from wasmer import (
    Function,
    FunctionType,
    Global,
    ImportObject,
    Instance,
    Memory,
    MemoryType,
    Module,
    Store,
    Type,
    Value,
)

store = Store()
module = Module(
    store,
    """
    (module
      (import "env" "multiply" (func $multiply (param i32 i32) (result i32)))
      (import "env" "print" (func $print (param i32 i32)))
      (import "env" "memory" (memory 1))
      (import "env" "factor" (global $factor (mut i32)))
      (data (i32.const 0) "hello from the guest")
      (func (export "scale") (param i32) (result i32)
        (call $print (i32.const 0) (i32.const 20))
        (call $multiply (local.get 0) (global.get $factor))))
    """,
)


# The types of a function are its annotations,
def multiply(x: int, y: int) -> int:
    return x * y


def show(offset, length):
    if factor.value < 0:
        raise ValueError("the factor is negative")
    print(bytes(memory.uint8_view()[offset : offset + length]).decode())


memory = Memory(store, MemoryType(minimum=1))
factor = Global(store, Value.i32(6), mutable=True)
env = {
    "multiply": Function(store, multiply),
    # or a FunctionType.
    "print": Function(store, show, FunctionType([Type.I32, Type.I32], [])),
    "memory": memory,
    "factor": factor,
}

import_object = ImportObject()
import_object.register("env", env)
print(Instance(module, import_object).exports.scale(7))

# A dict of dicts does as well.
factor.value = 10
scale = Instance(module, {"env": env}).exports.scale
print(scale(7))

# What a host function raises ends the guest, and reaches who called it.
factor.value = -1
try:
    scale(7)
except ValueError as error:
    print("refused:", error)
