"""WASI: programs that use arguments, files and streams. See also pywasm.run.

>>> module = Module(Store(), open("program.wasm", "rb").read())
>>> wasi_env = StateBuilder("program").argument("--help").finalize()
>>> imports = wasi_env.generate_import_object(module.store, get_version(module, strict=False))
>>> Instance(module, imports).exports._start()
"""

from __future__ import annotations

import os

from . import _native, _streams
from ._bridge import bridge, go_bytes
from ._imports import ImportObject
from ._module import Module
from ._records import record
from ._store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from os import PathLike
    from types import TracebackType
    from typing import Any, Union

    from ._wasi_version import Version

    Path = Union[str, PathLike[str]]

__all__ = ["Environment", "StateBuilder", "Version", "get_version"]


_NAMESPACES = {"wasi_unstable": 0, "wasi_snapshot_preview1": 1}  # by the number of the snapshot


def __getattr__(name: str) -> object:
    if name != "Version":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ._wasi_version import Version

    globals()[name] = Version
    return Version


def get_version(module: Module, strict: bool) -> Version | None:
    """Returns the version of WASI that a module imports, or None.

    If strict, a module that imports anything else too has none.
    """
    if not isinstance(module, Module):
        raise TypeError(f"get_version() argument 1 must be a Module, not {type(module).__name__}")
    from ._wasi_version import Version

    namespaces = dict.fromkeys(item.module for item in module._imports)
    snapshots = [_NAMESPACES[name] for name in namespaces if name in _NAMESPACES]
    if not snapshots or (strict and len(namespaces) > 1):
        return None
    return Version.SNAPSHOT1 if snapshots[0] else Version.SNAPSHOT0


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
        self._records = [record(b"a", _text(program_name, "program_name"))]
        self._contents: list[bytes] = []  # which records refer to
        self._streams: list[Any] = [None, None, None]
        if arguments:
            self.arguments(arguments)
        if environments:
            self.environments(environments)
        if preopen_directories:
            self.preopen_directories(preopen_directories)
        if map_directories:
            self.map_directories(map_directories)

    def argument(self, argument: str) -> StateBuilder:
        """Adds an argument of the program."""
        return self._add(b"a", _text(argument, "argument"))

    def arguments(self, arguments: Iterable[str]) -> StateBuilder:
        """Adds arguments of the program."""
        if isinstance(arguments, str):
            raise TypeError("arguments must be a list of str, not str")
        for argument in arguments:
            self.argument(argument)
        return self

    def environment(self, key: str, value: str) -> StateBuilder:
        """Adds an environment variable."""
        return self._add(b"e", _text(key, "key"), _text(value, "value"))

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
        return self._add(b"d", _path(alias), _path(directory), bool(readonly), _quota(quota))

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
        contents = {_path(path): _content(path, data) for path, data in _items(files, "files")}
        self._add(b"m", _path(alias), bool(readonly), _quota(quota))
        for path, data in contents.items():
            self._add(b"f", path, _native.address(data), len(data))
        self._contents.extend(contents.values())
        return self

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
        return self._add(b"t", round(seconds * 10**9))

    def seed(self, seed: int) -> StateBuilder:
        """Has randomness follow from a number below 2**64, for runs that can be repeated."""
        if not 0 <= _integer(seed, "seed") < 2**64:
            raise ValueError(f"a seed must be at least 0 and below 2**64, not {seed}")
        return self._add(b"s", seed)

    def listen(self, address: str) -> StateBuilder:
        """Gives the guest a socket that listens on a TCP address: `host:port`, with 0 for any port.

        Its descriptor follows those of the directories. See Environment.addresses.
        """
        host, _, port = _text(address, "address").rpartition(":")
        if not host or not port:
            raise ValueError(f"an address has the form host:port, not {address!r}")
        return self._add(b"l", _looked_up(address))

    def _add(self, kind: bytes, *fields: int | str) -> StateBuilder:
        self._records.append(record(kind, *fields))
        return self

    def finalize(self) -> Environment:
        """Opens directories, files and sockets and returns the environment.

        Raises WasmError for what cannot be opened, and for names and values that cannot be passed
        to a program.
        """
        records, streams = _streams.connect(*self._streams)
        given = b"".join(self._records + records)
        return Environment(bridge().OpenWasi(_native.address(given), len(given)), streams)


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
        files = self._handle.Files(go_bytes(_path(guest).encode("utf-8", "surrogateescape")))
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
        from ._wasi_version import Version

        if not isinstance(store, Store):
            raise TypeError(f"argument 1 must be a Store, not {type(store).__name__}")
        try:
            snapshot = 0 if Version(version) == Version.SNAPSHOT0 else 1
        except ValueError:
            raise ValueError("Failed to extract `Version` from `PyAny`") from None
        names = (name for name, n in _NAMESPACES.items() if n == snapshot)
        return {name: _Namespace(self, store, snapshot) for name in names}

    def _imports_of(self, module: Module) -> ImportObject:
        """Returns what a module can import, of all versions."""
        imports = ImportObject()
        for name, snapshot in _NAMESPACES.items():
            imports._namespaces[name] = _Namespace(self, module.store, snapshot)
        return imports


class _Namespace:
    """The functions of a snapshot, by name: each is made when somebody asks for it."""

    __slots__ = ("_address", "_environment", "_known", "_made", "_snapshot", "_store")

    def __init__(self, environment: Environment, store: Store, snapshot: int) -> None:
        self._environment = environment
        self._store = store
        self._snapshot = snapshot
        self._known = _functions(snapshot)
        self._made: dict[str, Any] = {}
        self._address = 0  # of the snapshot in Go, once it is needed

    def keys(self) -> Iterable[str]:
        return self._known.keys()

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def get(self, name: str) -> Any:
        function = self._made.get(name)
        if function is None and name in self._known:
            if not self._address:
                self._address = self._environment._handle.Pointer(self._snapshot)
            function = self._made[name] = _native.Function._go_host(
                self._store, self._address, *self._known[name], name, self._environment
            )
        return function


# By snapshot and name: the index, the types of parameters and results, how many parameters.
_signatures: dict[int, dict[str, tuple[int, bytes, int]]] = {}
_NUMBERS = bytes.maketrans(b"iI", b"\x01\x02")  # those of Type


def _functions(snapshot: int) -> dict[str, tuple[int, bytes, int]]:
    """Returns the functions of a snapshot, which are the same in all environments."""
    known = _signatures.get(snapshot)
    if known is None:
        known = {}
        for index, line in enumerate(bridge().WasiFunctions(snapshot).splitlines()):
            name, params, results = line.split(" ")
            known[name] = index, (params + results).encode().translate(_NUMBERS), len(params)
        _signatures[snapshot] = known  # once it is whole: other threads look there
    return known


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
    path = os.fspath(value)  # type: ignore[call-overload]
    return os.fsdecode(path)


def _looked_up(address: str) -> str:
    """Returns an address with numbers for names, of which libpywasm knows none: it refuses those
    that the system does not know either."""
    host, _, port = address.rpartition(":")
    named = not host.startswith("[") and not host.replace(".", "").isdigit()
    if not named and port.isdigit():
        return address
    import socket

    try:
        if not port.isdigit():
            port = str(socket.getservbyname(port, "tcp"))
        if named:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            host = str(min(found, key=lambda each: each[0] != socket.AF_INET)[4][0])
            host = f"[{host}]" if ":" in host else host
    except (OSError, ValueError):
        pass
    return f"{host}:{port}"


def _quota(quota: int | None) -> int:
    if quota is not None and not 0 < _integer(quota, "quota") < 2**63:
        raise ValueError(f"a quota must be a positive number of bytes, not {quota}")
    return quota or 0
