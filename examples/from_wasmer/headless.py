"""Compiles a module here, and runs it where no compiler is: serialize, deserialize, headless."""

import tempfile

from pywasm.compat import install_as_wasmer

install_as_wasmer()

from wasmer import Instance, Module, Store, engine
from wasmer_compiler_cranelift import Compiler

# Where the compiler is.
store = Store(engine.Universal(Compiler))
module = Module(
    store,
    """
    (module
      (func (export "sum") (param i32 i32) (result i32)
        local.get 0
        local.get 1
        i32.add))
    """,
)
serialized = module.serialize()
print(type(serialized).__name__, [export.name for export in module.exports])

with tempfile.TemporaryFile() as file:
    file.write(serialized)
    del store, module, serialized

    # Where it is not: an engine without a compiler cannot compile,
    store = Store(engine.Universal())
    try:
        Module(store, "(module)")
    except RuntimeError as error:
        print(error)

    # but loads what another one has compiled. That is machine code: load what you have made.
    file.seek(0)
    module = Module.deserialize(store, file.read())

print(Instance(module).exports.sum(1, 2))

try:
    Module.deserialize(store, b"something else")
except RuntimeError as error:
    print(error)
