"""Python's file objects as a guest's standard streams: what bridge/native/stream.c calls."""

from __future__ import annotations

import io
import os
import stat
import sys

from . import _native
from ._records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BYTES = (bytes, bytearray, memoryview)
_PATIENCE = 10  # milliseconds until a guest that waits is asked whether it is to go on
_PIPE_BUF = 4096  # what a pipe has room for if it has any
CAPTURE_LIMIT = 256 << 20  # bytes of a captured stream


class Target:
    """What pywasm.run gives as stdout and stderr, beside what a user may."""


CAPTURE = Target()  # kept, up to CAPTURE_LIMIT
DISCARD = Target()  # read by nobody
JOIN = Target()  # where stdout goes


def source(stream: Any) -> Any:
    """Returns what a user gives as stdin, a path as str. Raises TypeError for anything else."""
    if isinstance(stream, BYTES):
        return bytes(stream)
    return _path_or_file(stream, "read", "bytes, a path or a file object to read")


def target(stream: Any) -> Any:
    """Returns what a user gives as stdout or stderr, as source does."""
    if isinstance(stream, Target):
        return stream
    return _path_or_file(stream, "write", "a path or a file object to write")


def _path_or_file(stream: Any, method: str, wanted: str) -> Any:
    if stream is None or hasattr(stream, method):
        return stream
    if isinstance(stream, str) or hasattr(stream, "__fspath__"):
        return os.fsdecode(os.fspath(stream))
    raise TypeError(f"{wanted} is wanted, not {type(stream).__name__}")


def connect(stdin: Any, stdout: Any, stderr: Any) -> tuple[list[bytes], tuple[Any, Any, Any]]:
    """Returns the records of the streams, and those that are file objects of Python.

    The latter must stay as long as guests use them, and bytes until the records were read.
    """
    records: list[bytes] = []
    reader, writer = _input(records, stdin), _output(records, 1, stdout)
    same = stderr == stdout if isinstance(stderr, str) else stderr is stdout
    if stderr is JOIN or (same and stderr is not None and not isinstance(stderr, Target)):
        records.append(record(b"J", 2))
        errors = writer
    else:
        errors = _output(records, 2, stderr)
    return records, (reader, writer, errors)


def _input(records: list[bytes], stdin: Any) -> Reader | None:
    if isinstance(stdin, bytes):
        records.append(record(b"B", 0, _native.address(stdin), len(stdin)))
    elif isinstance(stdin, str):
        records.append(record(b"F", 0, stdin))
    elif stdin is not None:
        reader = Reader(stdin)
        records.append(record(b"P", 0, id(reader)))
        return reader
    elif sys.__stdin__ is None:  # closed before Python began: its number may be anything by now
        records.append(record(b"B", 0, _native.address(b""), 0))
    return None


def _output(records: list[bytes], number: int, stream: Any) -> Writer | None:
    if stream is CAPTURE:
        records.append(record(b"C", number, CAPTURE_LIMIT))
    elif stream is DISCARD:
        records.append(record(b"D", number))
    elif isinstance(stream, str):
        records.append(record(b"F", number, stream))
    elif stream is not None:
        writer = Writer(stream)
        records.append(record(b"P", number, id(writer)))
        return writer
    elif (sys.__stdout__, sys.__stderr__)[number - 1] is None:
        records.append(record(b"D", number))
    return None


class Reader:
    """Gives what a file object gives, text as UTF-8, and no more at a time than there is."""

    def __init__(self, file: Any) -> None:
        # A guest that asks for 4096 bytes wants what there is, and to wait only if that is nothing:
        # read of a buffered or a text file would wait for all of them.
        fetch = getattr(file, "read1", None)
        if fetch is None and _is_text(file):
            fetch = getattr(file, "readline", None)
        self._fetch = fetch or file.read
        self._rest = memoryview(b"")
        self._slow = _slow(file)
        self._peek = getattr(file, "peek", None)

    def read(self, size: int) -> bytes:
        if not self._rest:
            if self._slow is not None and not self._buffered(self._slow):
                _wait(self._slow, "POLLIN")
            data = self._fetch(size)
            if data is None:
                raise BlockingIOError("stdin of a guest must not be a non-blocking file")
            if isinstance(data, str):
                data = data.encode("utf-8", "surrogateescape")
            self._rest = memoryview(data).cast("B")
        chunk = self._rest[:size].tobytes()
        self._rest = self._rest[size:]
        return chunk

    def _buffered(self, descriptor: int) -> bool:
        """Returns whether the file holds something that its descriptor does not have any more."""
        if self._peek is None or _ready(descriptor, "POLLIN", 0):
            return False
        os.set_blocking(descriptor, False)
        try:
            return bool(self._peek(1))
        finally:
            os.set_blocking(descriptor, True)


def _wait(descriptor: int, event: str) -> None:
    """Waits until a file can be read or written, and for what ends the call meanwhile."""
    while not _ready(descriptor, event, _PATIENCE):
        _native.pause()


def _ready(descriptor: int, event: str, milliseconds: int) -> bool:
    import select

    poll = select.poll()  # select is for small descriptors
    poll.register(descriptor, getattr(select, event))
    return bool(poll.poll(milliseconds))


def _slow(file: Any) -> int | None:
    """Returns the descriptor of a binary file that may have nothing to read yet, or no room."""
    kinds = io.RawIOBase, io.BufferedReader, io.BufferedWriter, io.BufferedRandom
    if not isinstance(file, kinds) or sys.platform == "win32":
        return None
    try:
        descriptor = file.fileno()
    except OSError:
        return None  # a file by its methods alone
    if stat.S_ISREG(os.fstat(descriptor).st_mode) or not os.get_blocking(descriptor):
        return None
    return descriptor


class Writer:
    """Writes to a file object, and flushes it: what a guest has written is then where it belongs.

    A text file whose encoding is UTF-8 gets the bytes as they are, through its buffer. To any other
    goes text, in which replacement characters stand for what is no UTF-8.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self._write: Any = file.write
        self._flush = getattr(file, "flush", _nothing)
        self._slow = _slow(getattr(file, "buffer", file))
        self._decoder: Any = None
        if _is_text(file):
            import codecs

            encoding = getattr(file, "encoding", None)
            buffer = getattr(file, "buffer", None)
            if buffer is not None and encoding and codecs.lookup(encoding).name == "utf-8":
                self._write = self._write_through
            else:
                self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, data: bytes) -> int:
        if self._slow is None:
            self._put(data)
        else:
            for start in range(0, len(data), _PIPE_BUF):
                _wait(self._slow, "POLLOUT")
                self._put(data[start : start + _PIPE_BUF])
        return len(data)

    def _put(self, data: bytes) -> None:
        if self._decoder is not None:
            self._write(self._decoder.decode(data))
        else:
            self._write_all(data)
        self._flush()

    def _write_through(self, data: bytes) -> Any:
        self._flush()  # text that others wrote comes first
        return self._file.buffer.write(data)

    def _write_all(self, data: bytes) -> None:
        start = 0
        while start < len(data):
            count = self._write(data[start:])
            if count is None and not isinstance(self._file, io.RawIOBase):
                return  # a file object that is one by its methods alone
            if not count or count < 0:
                raise BlockingIOError("a file took nothing of what a guest has written")
            start += count

    def finish(self) -> None:
        """Writes what is left of a character that the guest did not finish."""
        if self._decoder is not None:
            left = self._decoder.decode(b"", True)
            if left:
                self._write(left)


def _nothing() -> None:
    pass


def _is_text(file: Any) -> bool:
    return isinstance(file, io.TextIOBase) or hasattr(file, "encoding")
