"""Instance and its exports."""

from __future__ import annotations

from . import _native
from ._errors import ExportNotFoundError
from ._imports import resolve
from ._limits import Limits, count, fuel_units, nanoseconds
from ._module import Module
from ._types import FunctionType, GlobalType, MemoryType, TableType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any

    from ._imports import Imports
    from ._store import Store

_MOST, _DEEPEST = 2**63 - 1, 2**32 - 1  # what stands for no limit


class Instance:
    """A module, linked with its imports and ready to run.

    import_object is an ImportObject or a dict of dicts: {namespace: {name: Function, Memory, ...}}.
    timeout is how many seconds a call may take, and fuel how much its calls may use together;
    without them, those of the store hold. memory_limit is how many bytes its own memory may grow
    to, table_limit how many elements its own tables may have together, depth_limit how many of its
    calls may be active at once: see Store, whose limits hold as well. A module that begins with
    more raises LimitError.

    Raises LinkError that names every import that is missing or does not match, Trap if the start
    function traps, and whatever a host function raises meanwhile.

    close() frees the memory at once, and `with` does so at its end.

    >>> text = '(module (func (export "add") (param i32 i32) (result i32)'
    >>> text += " (i32.add (local.get 0) (local.get 1))))"
    >>> Instance(Module(Store(), text)).exports.add(1, 2)
    3
    """

    __slots__ = ("__weakref__", "_core", "exports", "module")

    def __init__(
        self,
        module: Module,
        import_object: Imports | None = None,
        *,
        timeout: float | None = None,
        fuel: float | None = None,
        memory_limit: int | None = None,
        table_limit: int | None = None,
        depth_limit: int | None = None,
    ) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"Instance() argument 1 must be a Module, not {type(module).__name__}")
        module._check()
        externs = resolve(module, import_object) if module._imports or import_object else ()
        store = module.store
        self._core = _native.Core(
            store,
            module,
            module._address,
            module.compiler_name == "interpreter",
            externs,
            store._timeout if timeout is None else nanoseconds(timeout),
            _MOST if memory_limit is None else count(memory_limit, "memory_limit"),
            _MOST if table_limit is None else count(table_limit, "table_limit"),
            self._budget(store, fuel),
            _DEEPEST if depth_limit is None else self._depth(store, depth_limit),
        )
        self.module = module
        self.exports = Exports(self._core)

    @staticmethod
    def _budget(store: Store, fuel: float | None) -> int:
        if fuel is None:
            return store._fuel or 0
        if store._fuel is None:
            raise ValueError("the store counts no fuel: make it with Store(fuel=...)")
        return fuel_units(fuel)

    @staticmethod
    def _depth(store: Store, limit: int) -> int:
        if store._config["depth_limit"] is None:
            raise ValueError("the store counts no calls: make it with Store(depth_limit=...)")
        return count(limit, "depth_limit", _DEEPEST, 1)

    @property
    def fuel(self) -> int | None:
        """The fuel that is left; None if the store counts none. It can be set between calls.

        Fuel counts instructions, about one for each, and more for those that work on many bytes or
        elements. The same module uses the same for the same input on every machine and compiler.
        A part of a function that always runs as a whole is paid at its beginning, also if it traps
        half way.
        """
        return self._core.fuel()

    @fuel.setter
    def fuel(self, fuel: float) -> None:
        if self._core.fuel() is None:
            raise ValueError("the store counts no fuel: make it with Store(fuel=...)")
        self._core.set_fuel(fuel_units(fuel))

    def limits(self, *, timeout: float | None = None, fuel: int | None = None) -> Limits:
        """Bounds what the calls in a `with` block take together.

        timeout is in seconds from its beginning, and holds for calls of this instance from any
        thread. fuel is the most that they may use of what the instance has. Calls beyond raise
        Timeout or FuelExhausted, and the instance can be called again afterwards, as after a trap.

        >>> with instance.limits(timeout=0.5):
        ...     instance.exports.work()
        """
        return Limits(self._core, timeout, fuel)

    def interrupt(self) -> bool:
        """Has the calls that run in other threads raise Interrupted, within milliseconds.

        Returns False if nothing runs. A call that is in a host function ends when that returns.
        """
        return self._core.interrupt()

    def close(self) -> None:
        """Frees what the instance holds, as soon as no other instance needs it.

        Views of its memory stay valid. Raises WasmError while the instance is running.
        """
        self._core.close()

    def __enter__(self) -> Instance:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<pywasm.Instance exports={list(self.module._exports)}>"


class Exports:
    """What an instance exports: by attribute, by subscript, and by iteration of (name, extern).

    A name that is missing raises ExportNotFoundError, a LookupError and an AttributeError.
    """

    # An export that was looked up once is an attribute of the object.
    __slots__ = ("__dict__", "__weakref__", "_core")

    def __init__(self, core: _native.Core) -> None:
        self._core = core

    def __getattr__(self, name: str) -> Any:
        if name == "_core":  # an object that was made without __init__
            raise AttributeError(name)
        found = self._core.module._exports.get(name)
        if found is None:
            raise ExportNotFoundError(f"Export `{name}` does not exist.")
        extern = _extern(self._core, name, *found)
        self.__dict__[name] = extern
        return extern

    def __getitem__(self, name: str) -> Any:
        if not isinstance(name, str):
            raise TypeError(f"exports are named by str, not {type(name).__name__}")
        extern = self.__dict__.get(name)
        return self.__getattr__(name) if extern is None else extern

    def __contains__(self, name: object) -> bool:
        return name in self._core.module._exports

    def __len__(self) -> int:
        return len(self._core.module._exports)

    def __iter__(self) -> ExportsIterator:
        return ExportsIterator(self)

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *self._core.module._exports]

    def __repr__(self) -> str:
        shown = (
            repr(extern) if isinstance(extern, _native.Function) else f"{name}: {extern!r}"
            for name, extern in self
        )
        return f"<pywasm.Exports {', '.join(shown)}>"


class ExportsIterator:
    """Iterates over exports, as (name, extern)."""

    def __init__(self, exports: Exports) -> None:
        self._exports = exports
        self._names = iter(exports._core.module._exports)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return self

    def __next__(self) -> tuple[str, Any]:
        name = next(self._names)
        return name, self._exports[name]


def _extern(core: _native.Core, name: str, index: int, type_: Any) -> Any:
    """Makes the object for an export; one that is an import is what was imported."""
    imported = core.module._imported.get(type(type_), ())
    if index < len(imported):
        extern = core.imports[imported[index]]
        if not isinstance(extern, _native.Function) or not extern._needs_guest:
            return extern
    if isinstance(type_, FunctionType):
        types = type_._params + type_._results
        return core.function(index, types, len(type_._params), name)
    if isinstance(type_, MemoryType):
        return _native.Memory._of(core, type_.shared, type_)
    if isinstance(type_, GlobalType):
        return _native.Global._of(core, index, type_._type, type_.mutable, type_)
    if isinstance(type_, TableType):
        return _native.Table._of(core, index, type_._type, True, type_)
    carried = max(type_._params, default=0)  # functions and exceptions have the highest numbers
    return _native.Tag._of(core, index, carried, False, type_)
