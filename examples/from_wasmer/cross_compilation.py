"""Says what to compile for, and shows which engine compiles for it."""

from pywasm.compat import install_as_wasmer

install_as_wasmer()

from wasmer import Instance, Module, Store, engine, target
from wasmer_compiler_cranelift import Compiler

triple = target.Triple("aarch64-apple-darwin")
print(triple.architecture, triple.operating_system, triple.binary_format, triple.pointer_width)

elsewhere = target.Target(target.Triple("s390x-linux-musl"))
here = target.Target(target.Triple.host(), target.CpuFeatures())

# In memory, pywasm compiles for the machine that it runs on.
store = Store(engine.JIT(Compiler, here))
module = Module(store, '(module (func (export "f") (result i32) i32.const 42))')
print("here:", Instance(module).exports.f())

# For another one it would need the native engine, which it does not have yet.
for kind in engine.JIT, engine.Native:
    try:
        kind(Compiler, elsewhere)
    except RuntimeError as error:
        print("elsewhere:", str(error).partition(";")[0])
