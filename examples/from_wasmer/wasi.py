"""Runs a WASI program: counts the words of the files in a folder, its own by default."""

import sys
from pathlib import Path

from pywasm.compat import install_as_wasmer

install_as_wasmer()

from wasmer import Instance, Module, Store, engine, wasi
from wasmer_compiler_cranelift import Compiler

HERE = Path(__file__).resolve().parent
folder = sys.argv[1] if len(sys.argv) > 1 else str(HERE)

store = Store(engine.JIT(Compiler))
module = Module(store, (HERE.parent / "wordcount" / "wordcount.wasm").read_bytes())
version = wasi.get_version(module, strict=True)
print(version.name)

wasi_env = (
    wasi.StateBuilder("wordcount")
    .argument("/texts")
    .environment("WC_SORT", "words")
    .map_directory("texts", folder)
    .finalize()
)
instance = Instance(module, wasi_env.generate_import_object(store, version))

sys.stdout.flush()  # the guest writes to the same file, but not through Python
instance.exports._start()
