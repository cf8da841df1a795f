"""WebAssembly in Python: fast calls, WASI, and the API of wasmer-python.

>>> from pywasm import Instance, Module, Store
>>> text = '(module (func (export "double") (param i32) (result i32)'
>>> text += " (i32.mul (local.get 0) (i32.const 2))))"
>>> Instance(Module(Store(), text)).exports.double(21)
42
"""

from __future__ import annotations

from ._errors import (
    CompileError,
    DeserializeError,
    ExitError,
    ExportNotFoundError,
    Frame,
    FuelExhausted,
    Interrupted,
    LimitError,
    LinkError,
    Timeout,
    Trap,
    WasmError,
)
from ._imports import ImportObject
from ._instance import Exports, ExportsIterator, Instance
from ._module import Module
from ._native import (
    Buffer,
    Float32Array,
    Float64Array,
    Function,
    Global,
    Int8Array,
    Int16Array,
    Int32Array,
    Int64Array,
    Memory,
    Table,
    Tag,
    Uint8Array,
    Uint16Array,
    Uint32Array,
    Uint64Array,
)
from ._store import Store
from ._types import (
    ExportType,
    FunctionType,
    GlobalType,
    ImportType,
    MemoryType,
    TableType,
    TagType,
)


def _name_public_classes() -> None:
    """Gives them the module where users find them, and pickle does."""
    for public in list(globals().values()):
        if isinstance(public, type) and public.__module__.startswith("pywasm._"):
            public.__module__ = __name__


_name_public_classes()

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import compat, compilers, engine, target, wasi
    from ._process_error import ProcessError, ProcessTimeout
    from ._run import CompletedProcess, run
    from ._text import wasm2wat, wat2wasm
    from ._trapcode import TrapCode
    from ._values import Value
    from ._valuetype import Type
    from ._version import __version__

# What is imported when it is asked for, to keep `import pywasm` short.
_LATER = {
    "Type": "_valuetype",
    "TrapCode": "_trapcode",
    "Value": "_values",
    "__version__": "_version",
    "CompletedProcess": "_run",
    "ProcessError": "_process_error",
    "ProcessTimeout": "_process_error",
    "run": "_run",
    "wasm2wat": "_text",
    "wat2wasm": "_text",
    "compat": "",
    "compilers": "",
    "engine": "",
    "target": "",
    "wasi": "",
}


def __getattr__(name: str) -> object:
    module = _LATER.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    __import__(f"{__name__}.{module or name}")  # importlib would have to be imported itself
    value = globals()[module or name]
    if module:
        value = globals()[name] = getattr(value, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})


__all__ = [
    "Buffer",
    "CompileError",
    "CompletedProcess",
    "DeserializeError",
    "ExitError",
    "ExportNotFoundError",
    "ExportType",
    "Exports",
    "ExportsIterator",
    "Float32Array",
    "Float64Array",
    "Frame",
    "FuelExhausted",
    "Function",
    "FunctionType",
    "Global",
    "GlobalType",
    "ImportObject",
    "ImportType",
    "Instance",
    "Int8Array",
    "Int16Array",
    "Int32Array",
    "Int64Array",
    "Interrupted",
    "LimitError",
    "LinkError",
    "Memory",
    "MemoryType",
    "Module",
    "ProcessError",
    "ProcessTimeout",
    "Store",
    "Table",
    "TableType",
    "Tag",
    "TagType",
    "Timeout",
    "Trap",
    "TrapCode",
    "Type",
    "Uint8Array",
    "Uint16Array",
    "Uint32Array",
    "Uint64Array",
    "Value",
    "WasmError",
    "__version__",
    "compat",
    "compilers",
    "engine",
    "run",
    "target",
    "wasi",
    "wasm2wat",
    "wat2wasm",
]
