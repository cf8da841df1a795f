"""TrapCode: why a guest trapped. Imported at the first trap, see _valuetype.py."""

from __future__ import annotations

from enum import Enum


class TrapCode(str, Enum):
    """Why a guest trapped, by the text of the specification's test suite.

    >>> TrapCode("unreachable") is TrapCode.UNREACHABLE
    True
    """

    UNREACHABLE = "unreachable"
    INTEGER_DIVIDE_BY_ZERO = "integer divide by zero"
    INTEGER_OVERFLOW = "integer overflow"
    INVALID_CONVERSION_TO_INTEGER = "invalid conversion to integer"
    OUT_OF_BOUNDS_MEMORY_ACCESS = "out of bounds memory access"
    OUT_OF_BOUNDS_TABLE_ACCESS = "out of bounds table access"
    INDIRECT_CALL_TYPE_MISMATCH = "indirect call type mismatch"
    CALL_STACK_EXHAUSTED = "call stack exhausted"
    UNALIGNED_ATOMIC = "unaligned atomic"
    EXPECTED_SHARED_MEMORY = "expected shared memory"
    TOO_MANY_WAITERS = "too many waiters"
    UNHANDLED_EXCEPTION = "unhandled exception"
    NULL_REFERENCE = "null reference"


TrapCode.__module__ = "pywasm"
