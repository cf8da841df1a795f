"""ImportObject, and how what a user gives as imports is matched with what a module asks for."""

from __future__ import annotations

from ._native import Function, Global, Memory, Table, Tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Union

    from ._module import Module

    Extern = Union[Function, Global, Memory, Table, Tag]
    Imports = Union["ImportObject", Mapping[str, Mapping[str, Extern]]]

_EXTERNS = (Function, Global, Memory, Table, Tag)


class ImportObject:
    """Imports by namespace and name; a plain dict of dicts does as well.

    >>> imports = ImportObject()
    >>> imports.register("env", {"memory": Memory(Store(), MemoryType(1))})
    >>> imports.contains_namespace("env")
    True
    """

    def __init__(self) -> None:
        self._namespaces: dict[str, Any] = {}  # of mappings

    def contains_namespace(self, namespace_name: str) -> bool:
        """Returns whether something is registered under the namespace."""
        return namespace_name in self._namespaces

    def register(self, namespace_name: str, namespace: Mapping[str, Any]) -> None:
        """Adds a namespace, replacing one of the same name.

        Raises TypeError for values that are not externs.
        """
        self._namespaces[_text(namespace_name)] = _checked(namespace)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Returns all as a dict of dicts."""
        return {name: dict(namespace) for name, namespace in self._namespaces.items()}


def _text(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"imports are named by str, not {type(name).__name__}")
    return name


def _checked(namespace: Any) -> dict[str, Any]:
    try:
        items = dict(namespace)
    except (TypeError, ValueError):
        kind = type(namespace).__name__
        raise TypeError(f"'{kind}' object cannot be converted to 'PyDict'") from None
    for name, item in items.items():
        _text(name)
        if not isinstance(item, _EXTERNS):
            kind = type(item).__name__
            raise TypeError(f'`ImportObject` cannot register the given type `Ok("{kind}")`')
    return items


def resolve(module: Module, imports: Any) -> tuple[Any, ...]:
    """Returns what imports has for each import of the module, None where it has nothing."""
    if imports is None:
        namespaces: Any = {}
    elif isinstance(imports, ImportObject):
        namespaces = imports._namespaces
    else:
        try:
            namespaces = {_text(name): _checked(space) for name, space in imports.items()}
        except AttributeError:
            kind = type(imports).__name__
            raise TypeError(f"'{kind}' object cannot be converted to 'PyDict'") from None
    return tuple(namespaces.get(i.module, {}).get(i.name) for i in module._imports)
