"""Compiles a module with each engine and compiler of wasmer-python, and calls a function of it."""

from pywasm.compat import install_as_wasmer

install_as_wasmer()

import wasmer_compiler_cranelift
import wasmer_compiler_llvm
import wasmer_compiler_singlepass
from wasmer import Instance, Module, Store, engine, wat2wasm

SUM = wat2wasm(
    """
    (module
      (func (export "sum") (param i32 i32) (result i32)
        local.get 0
        local.get 1
        i32.add))
    """
)

# The engine of wasmer 1.0, and its name since 1.1.
for kind in engine.JIT, engine.Universal:
    for compiler in wasmer_compiler_cranelift, wasmer_compiler_llvm, wasmer_compiler_singlepass:
        store = Store(kind(compiler.Compiler))
        instance = Instance(Module(store, SUM))
        result = instance.exports.sum(5, 37)
        print(f"{kind.__name__}({compiler.__name__}.Compiler), {store.compiler_name}: {result}")

# A store of its own accord, and a module as text.
module = Module(Store(), '(module $empty (memory (export "memory") 1))')
print(module.name, [(export.name, str(export.type)) for export in module.exports])
