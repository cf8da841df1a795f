"""WASI: programs that use arguments, files and streams.

>>> module = Module(Store(), open("program.wasm", "rb").read())
>>> wasi_env = StateBuilder("program").argument("--help").finalize()
>>> imports = wasi_env.generate_import_object(module.store, get_version(module, strict=False))
>>> Instance(module, imports).exports._start()
"""

from __future__ import annotations

from enum import IntEnum

from . import _native
from ._bridge import bridge, go_bytes
from ._imports import ImportObject
from ._module import Module
from ._store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

__all__ = ["Environment", "StateBuilder", "Version", "get_version"]


class Version(IntEnum):
    """A version of WASI; LATEST stands for SNAPSHOT1."""

    LATEST = 1
    SNAPSHOT0 = 2
    SNAPSHOT1 = 3


_NAMESPACES = {
    "wasi_unstable": Version.SNAPSHOT0,
    "wasi_snapshot_preview1": Version.SNAPSHOT1,
}


def get_version(module: Module, strict: bool) -> Version | None:
    """Returns the version of WASI that a module imports, or None.

    If strict, a module that imports anything else too has none.
    """
    if not isinstance(module, Module):
        raise TypeError(f"get_version() argument 1 must be a Module, not {type(module).__name__}")
    namespaces = dict.fromkeys(item.module for item in module._imports)
    versions = [_NAMESPACES[name] for name in namespaces if name in _NAMESPACES]
    if not versions or (strict and len(namespaces) > 1):
        return None
    return versions[0]


class StateBuilder:
    """Says what a program is to see of the world: nothing but what is given here.

    preopen_directories are seen by the guest under their own names, map_directories under the
    names that are their keys. The streams are those of the process. All methods but finalize return
    the builder.

    >>> builder = StateBuilder("program", arguments=["--verbose"], environments={"LANG": "C"})
    >>> wasi_env = builder.map_directory("/data", ".").finalize()
    """

    def __init__(
        self,
        program_name: str,
        arguments: Iterable[str] | None = None,
        environments: Mapping[str, str] | None = None,
        preopen_directories: Iterable[str] | None = None,
        map_directories: Mapping[str, str] | None = None,
    ) -> None:
        self._program = _text(program_name, "program_name")
        self._arguments: list[str] = []
        self._variables: list[tuple[str, str]] = []
        self._directories: list[tuple[str, str, bool]] = []
        self.arguments(arguments or ())
        self.environments(environments or {})
        self.preopen_directories(preopen_directories or ())
        self.map_directories(map_directories or {})

    def argument(self, argument: str) -> StateBuilder:
        """Adds an argument of the program."""
        self._arguments.append(_text(argument, "argument"))
        return self

    def arguments(self, arguments: Iterable[str]) -> StateBuilder:
        """Adds arguments of the program."""
        if isinstance(arguments, str):
            raise TypeError("arguments must be a list of str, not str")
        for argument in arguments:
            self.argument(argument)
        return self

    def environment(self, key: str, value: str) -> StateBuilder:
        """Adds an environment variable."""
        self._variables.append((_text(key, "key"), _text(value, "value")))
        return self

    def environments(self, environments: Mapping[str, str]) -> StateBuilder:
        """Adds environment variables."""
        for key, value in _items(environments, "environments"):
            self.environment(key, value)
        return self

    def preopen_directory(self, preopen_directory: str) -> StateBuilder:
        """Lets the guest use a directory, under the name that it has here."""
        return self.map_directory(preopen_directory, preopen_directory)

    def preopen_directories(self, preopen_directories: Iterable[str]) -> StateBuilder:
        """Lets the guest use directories, under the names that they have here."""
        if isinstance(preopen_directories, str):
            raise TypeError("preopen_directories must be a list of str, not str")
        for directory in preopen_directories:
            self.preopen_directory(directory)
        return self

    def map_directory(self, alias: str, directory: str, *, readonly: bool = False) -> StateBuilder:
        """Lets the guest use a directory under another name."""
        self._directories.append((_path(alias), _path(directory), bool(readonly)))
        return self

    def map_directories(self, map_directories: Mapping[str, str]) -> StateBuilder:
        """Lets the guest use directories under the names that are the keys."""
        for alias, directory in _items(map_directories, "map_directories"):
            self.map_directory(alias, directory)
        return self

    def finalize(self) -> Environment:
        """Opens the directories and returns the environment.

        Raises WasmError for a directory that is missing, and for names and values that cannot be
        passed to a program.
        """

        def passed(text: str) -> Any:
            return go_bytes(text.encode("utf-8", "surrogateescape"))

        config = bridge().NewWasiConfig()
        for argument in (self._program, *self._arguments):
            config.Argument(passed(argument))
        for key, value in self._variables:
            config.Variable(passed(key), passed(value))
        for alias, directory, readonly in self._directories:
            config.Directory(passed(alias), passed(directory), readonly)
        return Environment(config.Open())


class Environment:
    """What instances that share it see of the world. Made by StateBuilder.finalize."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def generate_imports(self, store: Store, version: Version) -> dict[str, dict[str, Any]]:
        """Returns the functions of a version of WASI that wasmer has: all but sock_accept.

        Raises ValueError for what is no Version.
        """
        imports = self._imports(store, version)
        for namespace in imports.values():
            namespace.pop("sock_accept", None)
        return imports

    def generate_import_object(self, store: Store, version: Version) -> ImportObject:
        """Returns the functions of a version of WASI, for a module that asks for it.

        Raises ValueError for what is no Version.
        """
        imports = ImportObject()
        for name, namespace in self._imports(store, version).items():
            imports.register(name, namespace)
        return imports

    def _imports(self, store: Store, version: Version) -> dict[str, dict[str, Any]]:
        if not isinstance(store, Store):
            raise TypeError(f"argument 1 must be a Store, not {type(store).__name__}")
        try:
            version = Version(version)
        except ValueError:
            raise ValueError("Failed to extract `Version` from `PyAny`") from None
        namespace = "wasi_unstable" if version == Version.SNAPSHOT0 else "wasi_snapshot_preview1"
        return {namespace: self._functions(store, 0 if version == Version.SNAPSHOT0 else 1)}

    def _functions(self, store: Store, snapshot: int) -> dict[str, Any]:
        handle = self._handle
        end = handle.First(1) if snapshot == 0 else handle.Count()
        functions = {}
        for i in range(handle.First(snapshot), end):
            name, params = handle.Name(i), bytes(handle.Params(i))
            results = bytes(handle.Results(i))
            functions[name] = _native.Function._go_host(
                store, handle.Pointer(i), params + results, len(params), name, handle
            )
        return functions


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    return value


def _items(mapping: Any, name: str) -> Iterable[tuple[Any, Any]]:
    if not hasattr(mapping, "items"):
        raise TypeError(f"{name} must be a dict, not {type(mapping).__name__}")
    return mapping.items()  # type: ignore[no-any-return]


def _path(value: object) -> str:
    import os

    path = os.fspath(value)  # type: ignore[call-overload]
    return os.fsdecode(path)
