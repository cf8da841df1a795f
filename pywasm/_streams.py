"""Python's file objects as a guest's standard streams: what bridge/native/stream.c calls."""

from __future__ import annotations

import io

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


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

    def read(self, size: int) -> bytes:
        if not self._rest:
            data = self._fetch(size)
            if data is None:
                raise BlockingIOError("stdin of a guest must not be a non-blocking file")
            if isinstance(data, str):
                data = data.encode("utf-8", "surrogateescape")
            self._rest = memoryview(data).cast("B")
        chunk = self._rest[:size].tobytes()
        self._rest = self._rest[size:]
        return chunk


class Writer:
    """Writes to a file object, and flushes it: what a guest has written is then where it belongs.

    A text file whose encoding is UTF-8 gets the bytes as they are, through its buffer. To any other
    goes text, in which replacement characters stand for what is no UTF-8.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self._write = file.write
        self._flush = getattr(file, "flush", _nothing)
        self._decoder: Any = None
        if _is_text(file):
            import codecs

            encoding = getattr(file, "encoding", None)
            buffer = getattr(file, "buffer", None)
            if buffer is not None and encoding and codecs.lookup(encoding).name == "utf-8":
                self._flush()  # what was written before comes first
                self._write = buffer.write
            else:
                self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, data: bytes) -> int:
        if self._decoder is not None:
            self._write(self._decoder.decode(data))
        else:
            self._write_all(data)
        self._flush()
        return len(data)

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
