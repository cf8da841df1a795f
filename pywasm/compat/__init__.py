"""Lets programs that were written for wasmer-python 1.x run unchanged.

>>> import pywasm.compat
>>> pywasm.compat.install_as_wasmer()
>>> from wasmer import Instance, Module, Store, engine
>>> from wasmer_compiler_cranelift import Compiler
>>> Instance(Module(Store(engine.JIT(Compiler)), "(module)")).exports
<pywasm.Exports >

What each name of wasmer-python is here is told in docs/migrating.md.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["install_as_wasmer"]

#: The version of wasmer-python, and of the engine in it, whose API this is.
_VERSION = "1.1.0"

_PACKAGE = "wasmer"
_SUBMODULES = ("engine", "target", "wasi")
# By module: the names in it, by where they come from.
_MODULES = {
    _PACKAGE: {
        "pywasm": """Buffer ExportType Exports ExportsIterator Float32Array Float64Array Function
            FunctionType Global GlobalType ImportObject ImportType Instance Int16Array Int32Array
            Int64Array Int8Array Memory MemoryType Module Store Table TableType Type Uint16Array
            Uint32Array Uint64Array Uint8Array Value wat2wasm""",
        "pywasm.compat._differences": "wasm2wat",
    },
    "wasmer.engine": {"pywasm.engine": "Dylib JIT Native Universal"},
    "wasmer.target": {"pywasm.target": "CpuFeatures Target Triple"},
    "wasmer.wasi": {
        "pywasm.wasi": "Environment Version get_version",
        "pywasm.compat._differences": "StateBuilder",
    },
    "wasmer_compiler_cranelift": {"pywasm.compilers.optimizing": "Compiler"},
    "wasmer_compiler_llvm": {"pywasm.compilers.optimizing": "Compiler"},
    "wasmer_compiler_singlepass": {"pywasm.compilers.interpreter": "Compiler"},
}


def install_as_wasmer() -> None:
    """Makes `import wasmer`, and that of its compilers, find pywasm in this process.

    To be called before the first of these imports; an installed wasmer is then not looked at.
    Calling it again does nothing. Raises ImportError if another wasmer has been imported already.
    """
    for name in _MODULES:
        module = sys.modules.get(name)
        if module is not None and not _is_ours(module):
            origin = getattr(module, "__file__", None) or "elsewhere"
            raise ImportError(
                f"{name} has been imported already, from {origin}: "
                "call install_as_wasmer() before the first import of it",
                name=name,
            )
    if not any(_is_ours(finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _is_ours(found: object) -> bool:
    """Tells our modules and finder, also those from before a reload of this module."""
    if isinstance(found, ModuleType):
        found = found.__loader__
    return type(found).__module__ == __name__


class _Finder:
    """Finds and loads the modules of wasmer.

    No subclass of those in importlib.abc, which takes ten times as long to import as pywasm.
    """

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name not in _MODULES:
            return None
        loader: Any = self
        return ModuleSpec(name, loader, origin=__name__, is_package=name == _PACKAGE)

    def create_module(self, spec: ModuleSpec) -> None:
        """Leaves it to importlib to make the module."""

    def exec_module(self, module: ModuleType) -> None:
        public: dict[str, object] = {}
        for source, names in _MODULES[module.__name__].items():
            found = import_module(source)
            public.update((name, getattr(found, name)) for name in names.split())
        if module.__name__ == _PACKAGE:
            public |= {name: import_module(f"{_PACKAGE}.{name}") for name in _SUBMODULES}
            public |= {"__version__": _VERSION, "__core_version__": _VERSION}
        doc = f"The API of wasmer-python {_VERSION}, by pywasm."
        vars(module).update(public, __all__=sorted(public), __doc__=doc)
