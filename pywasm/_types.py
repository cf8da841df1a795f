"""Types of values and externs: what modules import, export and declare."""

from __future__ import annotations

from enum import IntEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Union

    ExternType = Union["FunctionType", "MemoryType", "GlobalType", "TableType", "TagType"]


class Type(IntEnum):
    """A value type (https://webassembly.github.io/spec/core/syntax/types.html#value-types)."""

    I32 = 1
    I64 = 2
    F32 = 3
    F64 = 4
    V128 = 5
    EXTERN_REF = 6
    FUNC_REF = 7


_NAMES = ("", "I32", "I64", "F32", "F64", "V128", "ExternRef", "FuncRef")


def to_type(value: object) -> Type:
    """Returns the Type that a number stands for. Raises ValueError."""
    try:
        return Type(value)  # type: ignore[arg-type]
    except ValueError:
        raise ValueError("Failed to extract `Type` from `PyAny`") from None


def type_names(types: Iterable[int]) -> str:
    """Writes value types as wasmer does.

    >>> type_names([1, 7])
    '[I32, FuncRef]'
    """
    return "[" + ", ".join(_NAMES[t] for t in types) + "]"


def _some(maximum: int | None) -> str:
    return "None" if maximum is None else f"Some({maximum})"


def _bool(value: bool) -> str:
    return "true" if value else "false"


class _Record:
    """Equal if its fields are, and shown by them."""

    __slots__: tuple[str, ...] = ()

    def _fields(self) -> list[object]:
        return [getattr(self, name) for name in self.__slots__]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Record) or type(self) is not type(other):
            return NotImplemented
        return self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash((type(self), str(self)))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({fields})"


def _check_limits(minimum: int, maximum: int | None, name: str) -> None:
    for limit in (minimum,) if maximum is None else (minimum, maximum):
        if not hasattr(limit, "__index__"):
            raise TypeError(f"{name} limits must be integers, not {type(limit).__name__}")
    if minimum < 0 or minimum > 0xFFFFFFFF:
        raise ValueError(f"{name} minimum must be between 0 and 2**32-1, got {minimum}")
    if maximum is not None and not minimum <= maximum <= 0xFFFFFFFF:
        raise ValueError(
            f"{name} maximum must be between its minimum {minimum} and 2**32-1, got {maximum}"
        )


class FunctionType(_Record):
    """The type of a function: lists of the types of its parameters and results.

    Raises ValueError if one is not a Type.

    >>> str(FunctionType([Type.I32], [Type.I64]))
    'FunctionType(params: [I32], results: [I64])'
    """

    __slots__ = ("params", "results")

    def __init__(self, params: Iterable[int], results: Iterable[int]) -> None:
        self.params = [to_type(t) for t in params]
        self.results = [to_type(t) for t in results]

    def __str__(self) -> str:
        params, results = type_names(self.params), type_names(self.results)
        return f"FunctionType(params: {params}, results: {results})"


class MemoryType(_Record):
    """The type of a memory; minimum and maximum are in pages of 64 KiB.

    Raises ValueError for limits that no memory can have.

    >>> str(MemoryType(1, 2, shared=True))
    'MemoryType(minimum: 1, maximum: Some(2), shared: true)'
    """

    __slots__ = ("minimum", "maximum", "shared")  # noqa: RUF023  # in the order of the arguments

    def __init__(self, minimum: int, maximum: int | None = None, shared: bool = False) -> None:
        _check_limits(minimum, maximum, "memory")
        self.minimum = minimum
        self.maximum = maximum
        self.shared = bool(shared)

    def __str__(self) -> str:
        return (
            f"MemoryType(minimum: {self.minimum}, maximum: {_some(self.maximum)}, "
            f"shared: {_bool(self.shared)})"
        )


class GlobalType(_Record):
    """The type of a global.

    >>> str(GlobalType(Type.F64, False))
    'GlobalType(type: F64, mutable: false)'
    """

    __slots__ = ("type", "mutable")  # noqa: RUF023  # in the order of the arguments

    def __init__(self, type: int, mutable: bool) -> None:
        self.type = to_type(type)
        self.mutable = bool(mutable)

    def __str__(self) -> str:
        return f"GlobalType(type: {_NAMES[self.type]}, mutable: {_bool(self.mutable)})"


class TableType(_Record):
    """The type of a table; minimum and maximum are in elements.

    Raises ValueError for limits that no table can have.

    >>> str(TableType(Type.FUNC_REF, 1, 2))
    'TableType(type: FuncRef, minimum: 1, maximum: Some(2))'
    """

    __slots__ = ("type", "minimum", "maximum")  # noqa: RUF023  # in the order of the arguments

    def __init__(self, type: int, minimum: int, maximum: int | None = None) -> None:
        _check_limits(minimum, maximum, "table")
        self.type = to_type(type)
        self.minimum = minimum
        self.maximum = maximum

    def __str__(self) -> str:
        return (
            f"TableType(type: {_NAMES[self.type]}, minimum: {self.minimum}, "
            f"maximum: {_some(self.maximum)})"
        )


class TagType(_Record):
    """The type of an exception tag: the types of what the exception carries."""

    __slots__ = ("params",)

    def __init__(self, params: Iterable[int]) -> None:
        self.params = [to_type(t) for t in params]

    def __str__(self) -> str:
        return f"TagType(params: {type_names(self.params)})"


class ExportType(_Record):
    """An export of a module: its name and the type of what is exported."""

    __slots__ = ("name", "type")

    def __init__(self, name: str, type: ExternType) -> None:
        self.name = name
        self.type = type


class ImportType(_Record):
    """An import of a module: the names of module and item, and the type that is expected."""

    __slots__ = ("module", "name", "type")

    def __init__(self, module: str, name: str, type: ExternType) -> None:
        self.module = module
        self.name = name
        self.type = type
