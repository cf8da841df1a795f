"""Type: the value types. A file of its own because enum takes longer to import than the package."""

from __future__ import annotations

from enum import IntEnum


class Type(IntEnum):
    """A value type (https://webassembly.github.io/spec/core/syntax/types.html#value-types)."""

    I32 = 1
    I64 = 2
    F32 = 3
    F64 = 4
    V128 = 5
    EXTERN_REF = 6
    FUNC_REF = 7
    EXN_REF = 8  # only null comes to Python


Type.__module__ = "pywasm"
