"""Says on a terminal that something is under way, once it has taken half a second."""

from __future__ import annotations

import sys
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_PATIENCE = 0.5  # seconds


class Progress:
    """Shows what is done and for how long, in a line that is gone when the `with` ends.

    >>> with Progress("compiling program.wasm"):
    ...     module = Module(store, binary)
    """

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        self._what = what
        self._stream = sys.stderr if stream is None else stream
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> None:
        if self._stream.isatty():
            self._thread = threading.Thread(target=self._show, daemon=True)
            self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def _show(self) -> None:
        begin = time.monotonic()
        # A line that is wider than the terminal cannot be written over. A terminal adds ^C to it.
        width = _columns(self._stream) - len("^C") - 1
        shown = ""
        while not self._done.wait(_PATIENCE):
            time_taken = f" ({time.monotonic() - begin:.1f} s)"
            shown = self._what[: max(width - len(time_taken), 0)] + time_taken
            self._stream.write(f"\r{shown}")
            self._stream.flush()
        if shown:
            self._stream.write(f"\r{' ' * len(shown)}  \r")
            self._stream.flush()


def _columns(stream: TextIO) -> int:
    import os

    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80
