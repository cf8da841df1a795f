"""Uses of the API that a type checker must refuse, one in each line that says so."""

from pywasm import (
    Function,
    FunctionType,
    Global,
    Instance,
    Memory,
    MemoryType,
    Module,
    Store,
    Type,
    Value,
    engine,
)

store = Store()
Store(3)  # error
engine.JIT(3)  # error
Module(store)  # error
Module("store", b"")  # error
Module(store, 3)  # error
module = Module(store, "(module)")
module.name = 3  # error
module.nonsense()  # error
Instance(store)  # error
instance = Instance(module, 3)  # error
Function(store, 3)  # error
Function(store, print, "type")  # error
FunctionType(Type.I32, [])  # error
Global(store, 3)  # error
Value.i32("3")  # error
memory = Memory(store, MemoryType(1))
memory.grow("1")  # error
memory.read(0)  # error
memory.write(0, "text")  # error
memory.size = 3  # error
text: str = memory.read(0, 1)  # error
number: str = memory.uint8_view()[0]  # error
