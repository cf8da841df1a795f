"""Types of values and externs: what modules import, export and declare."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Union

    from ._valuetype import Type

    ExternType = Union["FunctionType", "MemoryType", "GlobalType", "TableType", "TagType"]


_NAMES = ("", "I32", "I64", "F32", "F64", "V128", "ExternRef", "FuncRef", "ExnRef")


# The classes below keep value types as numbers, and make Type of them when they are asked for.


def to_number(value: object) -> int:
    """Returns the number of a Type. Raises ValueError."""
    if not isinstance(value, int) or not 1 <= value <= 8:
        raise ValueError("Failed to extract `Type` from `PyAny`")
    return int(value)


def to_type(number: int) -> Type:
    """Returns the Type that has the number."""
    from ._valuetype import Type

    return Type(number)


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
        names = [name.lstrip("_") for name in self.__slots__]
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
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

    __slots__ = ("_params", "_results")

    def __init__(self, params: Iterable[int], results: Iterable[int]) -> None:
        self._params = bytes(map(to_number, params))
        self._results = bytes(map(to_number, results))

    @property
    def params(self) -> list[Type]:
        """The types of the parameters."""
        return list(map(to_type, self._params))

    @property
    def results(self) -> list[Type]:
        """The types of the results."""
        return list(map(to_type, self._results))

    def __str__(self) -> str:
        params, results = type_names(self._params), type_names(self._results)
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

    __slots__ = ("_type", "mutable")

    def __init__(self, type: int, mutable: bool) -> None:
        self._type = to_number(type)
        self.mutable = bool(mutable)

    @property
    def type(self) -> Type:
        """The type of the value."""
        return to_type(self._type)

    def __str__(self) -> str:
        return f"GlobalType(type: {_NAMES[self._type]}, mutable: {_bool(self.mutable)})"


class TableType(_Record):
    """The type of a table; minimum and maximum are in elements.

    Raises ValueError for limits that no table can have.

    >>> str(TableType(Type.FUNC_REF, 1, 2))
    'TableType(type: FuncRef, minimum: 1, maximum: Some(2))'
    """

    __slots__ = ("_type", "minimum", "maximum")  # noqa: RUF023  # in the order of the arguments

    def __init__(self, type: int, minimum: int, maximum: int | None = None) -> None:
        _check_limits(minimum, maximum, "table")
        self._type = to_number(type)
        self.minimum = minimum
        self.maximum = maximum

    @property
    def type(self) -> Type:
        """The type of the elements."""
        return to_type(self._type)

    def __str__(self) -> str:
        return (
            f"TableType(type: {_NAMES[self._type]}, minimum: {self.minimum}, "
            f"maximum: {_some(self.maximum)})"
        )


class TagType(_Record):
    """The type of an exception tag: the types of what the exception carries."""

    __slots__ = ("_params",)

    def __init__(self, params: Iterable[int]) -> None:
        self._params = bytes(map(to_number, params))

    @property
    def params(self) -> list[Type]:
        """The types of the values."""
        return list(map(to_type, self._params))

    def __str__(self) -> str:
        return f"TagType(params: {type_names(self._params)})"


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
