"""WASI: programs that use arguments, files and streams. See also pywasm.run.

>>> module = Module(Store(), open("program.wasm", "rb").read())
>>> wasi_env = StateBuilder("program").argument("--help").finalize()
>>> imports = wasi_env.generate_import_object(module.store, get_version(module, strict=False))
>>> Instance(module, imports).exports._start()
"""

from __future__ import annotations

from enum import IntEnum

from . import _native, _streams
from ._bridge import bridge, go_bytes
from ._imports import ImportObject
from ._module import Module
from ._store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from os import PathLike
    from types import TracebackType
    from typing import Any, Union

    Path = Union[str, PathLike[str]]

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
    names that are their keys. The streams are those of the process, clocks and randomness are real,
    unless methods say otherwise. All methods but finalize return the builder.

    >>> builder = StateBuilder("program", arguments=["--verbose"], environments={"LANG": "C"})
    >>> builder.map_directory("/data", ".", readonly=True).map_files("/tmp", {}).stdin(b"input")
    >>> wasi_env = builder.finalize()
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
        self._settings: list[Callable[[Any], None]] = []
        self._streams: list[Any] = [None, None, None]
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

    def preopen_directory(
        self, preopen_directory: Path, *, readonly: bool = False, quota: int | None = None
    ) -> StateBuilder:
        """Lets the guest use a directory, under the name that it has here; see map_directory."""
        return self.map_directory(
            preopen_directory, preopen_directory, readonly=readonly, quota=quota
        )

    def preopen_directories(self, preopen_directories: Iterable[Path]) -> StateBuilder:
        """Lets the guest use directories, under the names that they have here."""
        if isinstance(preopen_directories, str):
            raise TypeError("preopen_directories must be a list of str, not str")
        for directory in preopen_directories:
            self.preopen_directory(directory)
        return self

    def map_directory(
        self, alias: Path, directory: Path, *, readonly: bool = False, quota: int | None = None
    ) -> StateBuilder:
        """Lets the guest use a directory under another name.

        quota is how many bytes it may add there, to files of all sizes; it then finds no space.
        """
        guest, host, limit = _passed(_path(alias)), _passed(_path(directory)), _quota(quota)
        return self._set(lambda config: config.Directory(guest, host, bool(readonly), limit))

    def map_directories(self, map_directories: Mapping[str, Path]) -> StateBuilder:
        """Lets the guest use directories under the names that are the keys."""
        for alias, directory in _items(map_directories, "map_directories"):
            self.map_directory(alias, directory)
        return self

    def map_files(
        self,
        alias: Path,
        files: Mapping[str, bytes],
        *,
        readonly: bool = False,
        quota: int | None = None,
    ) -> StateBuilder:
        """Gives the guest a directory that is in memory and holds these files, by path in it.

        A path that ends in a slash is an empty directory. What became of the files is told by
        Environment.files. quota is how many bytes all files together may have, 256 MiB by default.
        """
        guest, limit = _passed(_path(alias)), _quota(quota)
        contents = {_path(path): _content(path, data) for path, data in _items(files, "files")}

        def mount(config: Any) -> None:
            config.Memory(guest, bool(readonly), limit)
            for path, data in contents.items():
                config.File(_passed(path), go_bytes(data))

        return self._set(mount)

    def stdin(self, source: Any) -> StateBuilder:
        """Says what the guest reads: bytes, the path of a file, a file object, or None.

        None is the stdin of the process. Text that a file object gives becomes UTF-8. What a file
        object raises ends the guest and is raised by the call of it.
        """
        self._streams[0] = _streams.source(source)
        return self

    def stdout(self, target: Any) -> StateBuilder:
        """Says where goes what the guest writes: the path of a file, a file object, or None.

        None is the stdout of the process; a file with this path is made or emptied. A file object
        is flushed after each write of the guest. One for text gets the bytes as they are if its
        encoding is UTF-8 and it has a buffer, else text. What it raises ends the guest and is
        raised by the call of it.
        """
        self._streams[1] = _streams.target(target)
        return self

    def stderr(self, target: Any) -> StateBuilder:
        """As stdout. The same file object or path is written to by both in turn."""
        self._streams[2] = _streams.target(target)
        return self

    def fixed_time(self, start: float | datetime) -> StateBuilder:
        """Has the clocks start at a time and move only when the guest waits or asks for the time.

        start is in seconds since 1970, or a datetime.
        """
        if not isinstance(start, (int, float)) and not hasattr(start, "timestamp"):
            raise TypeError(f"start must be seconds or a datetime, not {type(start).__name__}")
        seconds = start if isinstance(start, (int, float)) else start.timestamp()
        if not 0 <= seconds * 1e9 < 2**63:
            raise ValueError(f"the clocks cannot start at {start}: it is before 1970 or after 2262")
        nanoseconds = round(seconds * 10**9)
        return self._set(lambda config: config.FixedTime(nanoseconds))

    def seed(self, seed: int) -> StateBuilder:
        """Has randomness follow from a number below 2**64, for runs that can be repeated."""
        if not 0 <= _integer(seed, "seed") < 2**64:
            raise ValueError(f"a seed must be at least 0 and below 2**64, not {seed}")
        return self._set(lambda config: config.Seed(seed))

    def listen(self, address: str) -> StateBuilder:
        """Gives the guest a socket that listens on a TCP address: `host:port`, with 0 for any port.

        Its descriptor follows those of the directories. See Environment.addresses.
        """
        host, _, port = _text(address, "address").rpartition(":")
        if not host or not port:
            raise ValueError(f"an address has the form host:port, not {address!r}")
        return self._set(lambda config: config.Listen(_passed(address)))

    def _set(self, setting: Callable[[Any], None]) -> StateBuilder:
        self._settings.append(setting)
        return self

    def finalize(self) -> Environment:
        """Opens directories, files and sockets and returns the environment.

        Raises WasmError for what cannot be opened, and for names and values that cannot be passed
        to a program.
        """
        config = bridge().NewWasiConfig()
        for argument in (self._program, *self._arguments):
            config.Argument(_passed(argument))
        for key, value in self._variables:
            config.Variable(_passed(key), _passed(value))
        for setting in self._settings:
            setting(config)
        streams = _streams.connect(config, *self._streams)
        return Environment(config.Open(), streams)


class Environment:
    """What instances that share it see of the world. Made by StateBuilder.finalize.

    close() closes all that guests have open, and the sockets; `with` does so at its end. Without
    them, that is done when nothing refers to it any more. File objects given as streams stay open.
    """

    def __init__(self, handle: Any, streams: tuple[Any, ...]) -> None:
        self._handle = handle
        self._streams = streams  # Go has borrowed these

    def files(self, guest: Path) -> dict[str, bytes]:
        """Returns the files that are now in a mount in memory, by their path in it.

        Raises WasmError if no files were given to be mounted under this name.
        """
        files = self._handle.Files(_passed(_path(guest)))
        return {
            bytes(files.Path(i)).decode(): bytes(files.Content(i)) for i in range(files.Count())
        }

    @property
    def addresses(self) -> list[str]:
        """The addresses on which its sockets listen, with the ports that they were given."""
        return str(self._handle.Addresses()).split()

    def close(self) -> None:
        """Closes what guests have open; what they still do with it fails."""
        for stream in self._streams[1:]:
            if stream is not None:
                stream.finish()
        self._handle.Close()

    def __enter__(self) -> Environment:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def generate_imports(self, store: Store, version: Version) -> dict[str, dict[str, Any]]:
        """Returns the functions of a version of WASI that wasmer has: all but sock_accept.

        Raises ValueError for what is no Version.
        """
        imports = {name: dict(space) for name, space in self._namespaces(store, version).items()}
        for namespace in imports.values():
            namespace.pop("sock_accept", None)
        return imports

    def generate_import_object(self, store: Store, version: Version) -> ImportObject:
        """Returns the functions of a version of WASI, for a module that asks for it.

        Raises ValueError for what is no Version.
        """
        imports = ImportObject()
        imports._namespaces.update(self._namespaces(store, version))
        return imports

    def _namespaces(self, store: Store, version: Version) -> dict[str, Any]:
        if not isinstance(store, Store):
            raise TypeError(f"argument 1 must be a Store, not {type(store).__name__}")
        try:
            version = Version(version)
        except ValueError:
            raise ValueError("Failed to extract `Version` from `PyAny`") from None
        if version == Version.LATEST:
            version = Version.SNAPSHOT1
        names = (name for name, v in _NAMESPACES.items() if v == version)
        return {name: _Namespace(self, store, version) for name in names}

    def _imports_of(self, module: Module) -> ImportObject:
        """Returns what a module can import, of all versions."""
        imports = ImportObject()
        for name, version in _NAMESPACES.items():
            imports._namespaces[name] = _Namespace(self, module.store, version)
        return imports


class _Namespace:
    """The functions of a version, by name: each is made when somebody asks for it."""

    __slots__ = ("_environment", "_known", "_made", "_snapshot", "_store")

    def __init__(self, environment: Environment, store: Store, version: Version) -> None:
        self._environment = environment
        self._store = store
        self._snapshot = 0 if version == Version.SNAPSHOT0 else 1
        self._known = _functions(self._snapshot)
        self._made: dict[str, Any] = {}

    def keys(self) -> Iterable[str]:
        return self._known.keys()

    def get(self, name: str) -> Any:
        return self[name] if name in self._known else None

    def __getitem__(self, name: str) -> Any:
        function = self._made.get(name)
        if function is None:
            types, params = self._known[name]
            address = self._environment._handle.Pointer(self._snapshot, name)
            function = _native.Function._go_host(
                self._store, address, types, params, name, self._environment
            )
            self._made[name] = function
        return function


# By snapshot and name: the types of parameters and results, and how many parameters.
_signatures: dict[int, dict[str, tuple[bytes, int]]] = {}


def _functions(snapshot: int) -> dict[str, tuple[bytes, int]]:
    """Returns the functions of a version, which are the same in all environments."""
    if snapshot not in _signatures:
        functions = bridge().NewWasiFunctions(snapshot)
        _signatures[snapshot] = {
            functions.Name(i): (
                bytes(functions.Params(i)) + bytes(functions.Results(i)),
                len(functions.Params(i)),
            )
            for i in range(functions.Count())
        }
    return _signatures[snapshot]


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    return value


def _integer(value: object, name: str) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    return value


def _items(mapping: Any, name: str) -> Iterable[tuple[Any, Any]]:
    if not hasattr(mapping, "items"):
        raise TypeError(f"{name} must be a dict, not {type(mapping).__name__}")
    return mapping.items()  # type: ignore[no-any-return]


def _content(path: object, data: Any) -> bytes:
    try:
        return bytes(memoryview(data))
    except TypeError:
        raise TypeError(f"the file {path} must be bytes, not {type(data).__name__}") from None


def _path(value: object) -> str:
    import os

    path = os.fspath(value)  # type: ignore[call-overload]
    return os.fsdecode(path)


def _passed(text: str) -> Any:
    return go_bytes(text.encode("utf-8", "surrogateescape"))


def _quota(quota: int | None) -> int:
    if quota is not None and not 0 < _integer(quota, "quota") < 2**63:
        raise ValueError(f"a quota must be a positive number of bytes, not {quota}")
    return quota or 0
