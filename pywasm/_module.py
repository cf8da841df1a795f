"""Module: compiled WebAssembly."""

from __future__ import annotations

import os

from . import _native
from ._bridge import bridge, go_bytes
from ._errors import CompileError, DeserializeError, WasmError
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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike
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
        _check_store(store, "Module")
        binary = _binary(bytes)
        if store.compiler_name is None:
            raise CompileError(_HEADLESS.format(store.engine_name.capitalize()))
        self._adopt(store, store._handle.Compile(go_bytes(binary)))
        self._again: Callable[[Store], Any] | None = None  # where it did not come from bytes

    def _adopt(self, store: Store, handle: Any) -> None:
        from ._json import loads

        self.store = store
        self._closed = False
        self._artefact: Any = None  # what it was loaded from
        self._handle = handle
        self._epoch = _native.epoch()
        self._address = handle.Pointer()
        self._binary = handle.BinaryAddress(), handle.BinarySize()
        #: "optimizing" or "interpreter", which some modules need in any store: see compiler_note.
        self.compiler_name = str(handle.Compiler())
        #: Why the module is interpreted in a store that compiles: it throws or catches exceptions,
        #: or the compiler would take too long for it. None where it is compiled as the store says.
        self.compiler_note: str | None = str(handle.Note()) or None
        description = loads(handle.Describe())
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

    def serialize(self, *, key: Bytes | None = None) -> bytes:
        """Returns the module as an artefact, from which deserialize makes it again at once.

        An artefact holds machine code for this version of pywasm, the compiler of the module and
        this kind of machine, or the WebAssembly itself if the module is interpreted. With a key it
        is signed (HMAC-SHA-256), and loads only where the same key is given.

        >>> artefact = module.serialize()
        >>> Module.deserialize(store, artefact).exports == module.exports
        True
        """
        self._check()
        return bytes(self._handle.Serialize(_key(key)))

    @staticmethod
    def deserialize(store: Store, bytes: Bytes, *, key: Bytes | None = None) -> Module:
        """Makes a module of an artefact.

        **The machine code in it runs with all the rights of this process**, and its checksum guards
        against damage only: load artefacts that you made, from where nobody else can write, or sign
        them with a key. Raises DeserializeError for what is no artefact, is damaged or made for
        another machine, compiler or version, or not signed with the key.
        """
        _check_loads(store, "deserialize")
        content = _content(bytes)

        def load(store: Store) -> Any:
            if key is None and (known := store._loaded(content)) is not None:
                return known._handle.Share()
            address = _native.address(content)
            return store._handle.Deserialize(address, len(content), _key(key))

        module = _adopted(store, load)
        module._artefact = content
        store._know(module)
        return module

    @staticmethod
    def from_file(store: Store, path: str | PathLike[str], *, key: Bytes | None = None) -> Module:
        """Makes a module of a file: an artefact, or WebAssembly in either format.

        What deserialize says of artefacts holds here too; with a key, nothing but an artefact that
        is signed with it is taken. Raises OSError for a file that cannot be read.

        >>> Module.from_file(Store(), "program.wasm")
        """
        _check_store(store, "from_file")
        with open(path, "rb") as file:
            begin = file.read(8)
            if key is None and not bridge().IsArtefact(go_bytes(begin)):
                return Module(store, begin + file.read())
        _check_loads(store, "from_file")
        return _adopted(
            store, lambda s: s._handle.DeserializeFile(go_bytes(os.fsencode(path)), _key(key))
        )

    def __reduce__(self) -> tuple[Any, ...]:
        self._check()
        binary = bytes(self._handle.Binary())
        if not binary:
            raise TypeError(
                "cannot pickle a Module that was loaded from an artefact: it has no WebAssembly; "
                "pickle the artefact, or its path"
            )
        return _unpickle, (self.store, binary, self._name)

    @staticmethod
    def validate(store: Store, bytes: Bytes) -> bool:
        """Returns whether bytes are a valid module in the binary format."""
        _check_store(store, "validate")
        binary = _content(bytes)
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
        if self._epoch != _native.epoch():
            self._remake()

    def _remake(self) -> None:
        """Makes the module of a parent process once more."""
        if self._again is None:
            # Go does not run any more where the handle leads, but its memory is there.
            binary = _native.copy(*self._binary)
            handle = self.store._handle.Compile(go_bytes(binary))
        else:
            handle = self._again(self.store)
        self._handle = handle
        self._epoch = _native.epoch()
        self._address = handle.Pointer()
        self._binary = handle.BinaryAddress(), handle.BinarySize()

    def close(self) -> None:
        """Frees the compiled code as soon as no instance needs it."""
        if not self._closed:
            self._closed = True
            self._handle.Close()

    def __del__(self) -> None:
        # Of a cycle, the handle may have gone first (Go closes the module then), or by a fork.
        if hasattr(self, "_handle"):
            try:
                self.close()
            except WasmError:
                return

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


def _check_store(store: object, function: str) -> None:
    if not isinstance(store, Store):
        raise TypeError(f"{function}() argument 1 must be a Store, not {type(store).__name__}")
    store._check()


def _content(source: Bytes) -> bytes:
    return source if type(source) is bytes else memoryview(source).tobytes()


def _check_loads(store: Store, function: str) -> None:
    _check_store(store, function)
    if store.engine_name != "universal":
        raise DeserializeError(
            f"incompatible artefact: engine.{store.engine_name.capitalize()} loads artefacts of "
            "its own, which pywasm cannot make yet"
        )


def _key(key: Bytes | None) -> Any:
    if key is None:
        return go_bytes(b"")
    content = _content(key)
    if not content:
        raise ValueError("a key must not be empty")
    return go_bytes(content)


def _adopted(store: Store, load: Callable[[Store], Any]) -> Module:
    module = Module.__new__(Module)
    module._adopt(store, load(store))
    module._again = load
    return module


def _unpickle(store: Store, binary: bytes, name: str | None) -> Module:
    module = Module(store, binary)
    if name is not None:
        module.name = name
    return module


def _binary(source: Any) -> bytes:
    if isinstance(source, str):
        return _assembled(source)
    try:
        binary = _content(source)
    except TypeError:
        raise TypeError("`Module` accepts Wasm bytes or a WAT string") from None
    return _assembled(binary) if binary.lstrip()[:1] == b"(" else binary


def _assembled(text: str | bytes) -> bytes:
    from ._text import wat2wasm

    return wat2wasm(text)


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
