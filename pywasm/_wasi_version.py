"""Version. A file of its own because enum takes longer to import than a program to run."""

from __future__ import annotations

from enum import IntEnum


class Version(IntEnum):
    """A version of WASI; LATEST stands for SNAPSHOT1."""

    LATEST = 1
    SNAPSHOT0 = 2
    SNAPSHOT1 = 3


Version.__module__ = "pywasm.wasi"
