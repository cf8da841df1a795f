"""Module: compiled WebAssembly."""

from __future__ import annotations

from ._bridge import bridge, go_bytes
from ._errors import CompileError, WasmError
from ._store import Store
from ._text import wat2wasm
from ._types import (
    ExportType,
    FunctionType,
    GlobalType,
    ImportType,
    MemoryType,
    TableType,
    TagType,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from typing_extensions import Buffer as Bytes

    from ._types import ExternType

_HEADLESS = (
    "Compilation error: The {}Engine is operating in headless mode, "
    "so it can only execute already compiled Modules."
)


class Module:
    """Compiled WebAssembly, from which instances are made.

    bytes is a module in the binary format, as any bytes-like object, or in the text format, as str
    or as bytes that begin with a parenthesis.

    Raises CompileError for a module that is malformed, invalid or uses what is not supported; it
    names the offset, or line and column, or the feature.

    >>> module = Module(Store(), "(module (func (export \\"f\\") (result i32) i32.const 7))")
    >>> [export.name for export in module.exports]
    ['f']
    """

    def __init__(self, store: Store, bytes: str | Bytes) -> None:
        if not isinstance(store, Store):
            raise TypeError(f"Module() argument 1 must be a Store, not {type(store).__name__}")
        store._check()
        binary = _binary(bytes)
        if store.compiler_name is None:
            raise CompileError(_HEADLESS.format(store.engine_name.capitalize()))
        self.store = store
        self._closed = False
        self._handle = store._handle.Compile(go_bytes(binary))
        #: "optimizing" or "interpreter": modules that use exceptions are interpreted in any store.
        self.compiler_name = str(self._handle.Compiler())
        self._describe()

    def _describe(self) -> None:
        import json

        description = json.loads(self._handle.Describe())
        self._name: str | None = description["name"]
        self._imports = [
            ImportType(i["module"], i["name"], extern_type(i["type"]))
            for i in description["imports"]
        ]
        # By name: the index in its kind's index space, and the type.
        self._exports: dict[str, tuple[int, ExternType]] = {
            e["name"]: (e["index"], extern_type(e["type"])) for e in description["exports"]
        }
        # By kind: the positions of its imports.
        self._imported: dict[type, list[int]] = {}
        for position, item in enumerate(self._imports):
            self._imported.setdefault(type(item.type), []).append(position)

    @staticmethod
    def validate(store: Store, bytes: Bytes) -> bool:
        """Returns whether bytes are a valid module in the binary format."""
        if not isinstance(store, Store):
            raise TypeError(f"validate() argument 1 must be a Store, not {type(store).__name__}")
        binary = memoryview(bytes).tobytes()
        try:
            bridge().Validate(go_bytes(binary))
        except CompileError:
            return False
        return True

    @property
    def name(self) -> str | None:
        """The name in the module's name section, or one that was set."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"a module's name must be a str, not {type(name).__name__}")
        self._name = name

    @property
    def exports(self) -> list[ExportType]:
        """What the module exports, in its order."""
        return [ExportType(name, type) for name, (_, type) in self._exports.items()]

    @property
    def imports(self) -> list[ImportType]:
        """What the module imports, in its order."""
        return list(self._imports)

    def custom_sections(self, name: str) -> list[bytes]:
        """Returns the contents of the custom sections with this name."""
        self._check()
        return [bytes(self._handle.Custom(name, i)) for i in range(self._handle.CustomCount(name))]

    def _check(self) -> None:
        if self._closed:
            raise WasmError("the module is closed")
        self.store._check()

    def close(self) -> None:
        """Frees the compiled code as soon as no instance needs it."""
        if not self._closed:
            self._closed = True
            self._handle.Close()

    def __del__(self) -> None:
        if hasattr(self, "_handle"):
            self.close()

    def __enter__(self) -> Module:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<pywasm.Module name={self._name!r} exports={list(self._exports)}>"


def _binary(source: Any) -> bytes:
    if isinstance(source, str):
        return wat2wasm(source)
    try:
        binary = memoryview(source).tobytes()
    except TypeError:
        raise TypeError("`Module` accepts Wasm bytes or a WAT string") from None
    return wat2wasm(binary) if binary.lstrip()[:1] == b"(" else binary


_FUNCTION, _TABLE, _MEMORY, _GLOBAL, _TAG = range(5)


def extern_type(record: dict[str, Any]) -> ExternType:
    """Makes a type of its description by bridge/module.go."""
    kind = record["kind"]
    if kind == _FUNCTION:
        return FunctionType(record.get("params", ()), record.get("results", ()))
    minimum, maximum = record.get("minimum", 0), record.get("maximum")
    if kind == _TABLE:
        return TableType(record["value"], minimum, maximum)
    if kind == _MEMORY:
        return MemoryType(minimum, maximum, record.get("shared", False))
    if kind == _GLOBAL:
        return GlobalType(record["value"], record.get("mutable", False))
    return TagType(record.get("params", ()))
