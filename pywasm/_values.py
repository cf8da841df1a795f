"""Value: a number or reference together with its WebAssembly type."""

from __future__ import annotations

from ._types import to_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_I32, _I64, _F32, _F64, _V128, _EXTERN_REF, _FUNC_REF = range(1, 8)  # as Type
_INTEGERS = {_I32: 32, _I64: 64, _V128: 128}


class Value:
    """A value with its type: what the initial value of a Global or Table is given as.

    Made by its static methods. They raise TypeError for what is no number, OverflowError for an
    integer that does not fit.

    >>> Value.i32(42)
    I32(42)
    >>> Value.f32(42.0)
    F32(42.0)
    """

    __slots__ = ("_type", "_value")
    _type: int
    _value: Any

    def __init__(self, *args: object) -> None:
        raise TypeError("No constructor defined")

    @staticmethod
    def i32(value: int) -> Value:
        """A 32-bit integer, -2**31 to 2**31-1."""
        return _integer(_I32, value)

    @staticmethod
    def i64(value: int) -> Value:
        """A 64-bit integer, -2**63 to 2**63-1."""
        return _integer(_I64, value)

    @staticmethod
    def v128(value: int) -> Value:
        """A 128-bit vector, as an integer of 0 to 2**128-1."""
        return _integer(_V128, value)

    @staticmethod
    def f32(value: float) -> Value:
        """A 32-bit float; the value is rounded to one."""
        return _float(_F32, value)

    @staticmethod
    def f64(value: float) -> Value:
        """A 64-bit float."""
        return _float(_F64, value)

    @staticmethod
    def externref(value: object) -> Value:
        """Any object; None is null."""
        return _make(_EXTERN_REF, value)

    @staticmethod
    def funcref(value: object) -> Value:
        """A Function, or None for null."""
        return _make(_FUNC_REF, value)

    def __repr__(self) -> str:
        return f"{to_type(self._type).name}({self._value!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Value):
            return NotImplemented
        return self._type == other._type and bool(self._value == other._value)

    def __hash__(self) -> int:
        return hash((self._type, self._value))


def _make(type: int, value: object) -> Value:
    made: Value = object.__new__(Value)
    made._type = type
    made._value = value
    return made


def _integer(type: int, value: int) -> Value:
    index = getattr(value, "__index__", None)
    if index is None:
        name = value.__class__.__name__
        raise TypeError(f"argument 'value': '{name}' object cannot be interpreted as an integer")
    number = index()
    bits = _INTEGERS[type]
    low, high = (0, 1 << bits) if type == _V128 else (-1 << (bits - 1), 1 << (bits - 1))
    if not low <= number < high:
        raise OverflowError("out of range integral type conversion attempted")
    return _make(type, number)


def _float(type: int, value: float) -> Value:
    if not hasattr(value, "__float__") and not hasattr(value, "__index__"):
        name = value.__class__.__name__
        raise TypeError(f"argument 'value': '{name}' object cannot be interpreted as a float")
    return _make(type, float(value))


Value.__module__ = "pywasm"
