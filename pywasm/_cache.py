"""Where compiled modules are kept from one process to the next."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike


def cache_folder(cache: bool | str | PathLike[str]) -> str:
    """Returns the folder that Store(cache=...) stands for; True is that of the platform.

    Linux and others: $XDG_CACHE_HOME/pywasm or ~/.cache/pywasm; macOS: ~/Library/Caches/pywasm;
    Windows: %LocalAppData%\\pywasm\\Cache.

    >>> cache_folder("/var/cache/app")
    '/var/cache/app'
    """
    if cache is not True:
        if isinstance(cache, (str, os.PathLike)):
            return os.path.abspath(os.fsdecode(cache))
        raise TypeError(f"cache must be a bool or a path, not {type(cache).__name__}")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
        return os.path.join(base, "pywasm", "Cache")
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Caches/pywasm")
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # https://specifications.freedesktop.org/basedir-spec/latest/
        base = os.path.expanduser("~/.cache")
    return os.path.join(base, "pywasm")
