"""Store: where modules are compiled and instances live."""

from __future__ import annotations

import os
from _weakref import ref

from . import _native
from ._bridge import bridge, go_bytes
from ._errors import WasmError
from ._limits import count, fuel_units, nanoseconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from types import TracebackType
    from typing import Any

    from ._module import Module
    from .engine import Engine


def _engines() -> type[Engine]:
    from .engine import Engine

    return Engine


# The field of a bridge.StoreConfig, the argument, and between what it may be.
_LIMITS = (
    ("Memory", "memory_limit", 2**63 - 1, 0),
    ("Tables", "table_limit", 2**63 - 1, 0),
    ("Instances", "instance_limit", 2**63 - 1, 1),
    ("Depth", "depth_limit", 2**32 - 1, 1),
    ("CompileMemory", "compile_memory_limit", 2**63 - 1, 1),
)


class Store(_native.Store):
    """Owns modules and instances. What belongs to different stores cannot be linked.

    engine is one of pywasm.engine; the default compiles with compilers.optimizing, where that runs
    on this machine, else with compilers.interpreter. Raises TypeError for what is no engine.

    timeout is how many seconds one call from Python may take, with all that it calls; a longer one
    raises Timeout. fuel is what each instance may use, see Instance.fuel; a store without it does
    not count, which is faster. math.inf counts without an end.

    memory_limit and table_limit are how many bytes all memories, and elements all tables, may have
    together; instance_limit is how many instances there may be. depth_limit is how many calls of
    each instance may be active at once, those that cannot lead to themselves not counted; one more
    is a Trap. A guest that wants to grow beyond a limit is refused as the specification says
    (memory.grow returns -1), or LimitError is raised if raise_at_limit is set.

    compile_memory_limit is how many bytes compiling a module may take beside what the process has
    already; CompileError tells of a module that needs more. The default is 1 GiB and 128 bytes for
    each byte of the module: no small one can take much more of the process, whatever is in it.

    cache keeps compiled modules in a folder, from which the next process loads them in a fraction
    of the time: True for the platform's cache folder, or the path of one that only this user can
    write, since the code in it is run. It has at most 1 GiB: what was not used for the longest time
    goes first. Raises WasmError for a folder that cannot be used.

    In a process that was forked, a store works as it did in the parent, but is empty: instances do
    not survive, and modules are compiled anew at their first use.

    close() frees all that is in the store at once, and `with` does so at its end; without them, it
    goes when nothing refers to it any more.

    >>> store = Store()
    >>> store.engine_name, store.compiler_name
    ('universal', 'optimizing')
    """

    def __init__(
        self,
        engine: Engine | None = None,
        *,
        timeout: float | None = None,
        fuel: float | None = None,
        memory_limit: int | None = None,
        table_limit: int | None = None,
        instance_limit: int | None = None,
        depth_limit: int | None = None,
        raise_at_limit: bool = False,
        compile_memory_limit: int | None = None,
        cache: bool | str | PathLike[str] | None = None,
    ) -> None:
        if engine is not None and not isinstance(engine, _engines()):
            raise TypeError("Unknown engine")
        self.engine_name = "universal" if engine is None else engine.name
        self.compiler_name: str | None = (
            bridge().DefaultCompiler() if engine is None else engine.compiler_name
        )
        self._timeout = nanoseconds(timeout)
        self._fuel = None if fuel is None else fuel_units(fuel)
        self._config: dict[str, Any] = {
            "engine": engine,
            "timeout": timeout,
            "fuel": fuel,
            "memory_limit": memory_limit,
            "table_limit": table_limit,
            "instance_limit": instance_limit,
            "depth_limit": depth_limit,
            "raise_at_limit": raise_at_limit,
            "compile_memory_limit": compile_memory_limit,
            "cache": cache,
        }
        self._artefacts: dict[int, ref[Module]] = {}
        self._reopen()

    def _reopen(self) -> None:
        """Makes the engine's store; once more in a process that was forked since."""
        given = self._config
        config = bridge().NewStoreConfig()
        config.Compiler = self.compiler_name or ""  # headless: it loads what another has compiled
        config.Interruptible = given["engine"] is None or given["engine"].interruptible
        config.Fuel = self._fuel is not None
        config.RaiseAtLimit = bool(given["raise_at_limit"])
        for field, name, most, least in _LIMITS:
            if given[name] is not None:
                setattr(config, field, count(given[name], name, most, least))
        self._handle: Any = bridge().NewStore(config)
        self._open(self._handle.Pointer())
        cache = self._config["cache"]
        if cache is not None and cache is not False:
            from ._cache import cache_folder

            self._handle.UseCache(go_bytes(os.fsencode(cache_folder(cache))))

    def _know(self, module: Module) -> None:
        """Remembers what a module was loaded from, as long as it lives."""
        known, key = self._artefacts, id(module._artefact)
        known[key] = ref(module, lambda _: known.pop(key, None) and None)

    def _loaded(self, artefact: bytes) -> Module | None:
        """Returns an open module that was loaded from these very bytes."""
        known = self._artefacts.get(id(artefact))
        module = None if known is None else known()
        if module is None or module._closed or module._artefact is not artefact:
            return None
        return module if module._epoch == _native.epoch() else None

    def close(self) -> None:
        """Closes the instances of the store and frees its modules.

        Raises WasmError while a guest of the store is running.
        """
        if self._close_instances():
            self._handle.Close()

    def __del__(self) -> None:
        # Of a cycle, the handle may have gone first: what it led to is Go's to collect then.
        if hasattr(self, "_handle"):
            try:
                self.close()
            except WasmError:
                return

    def __reduce__(self) -> tuple[Any, ...]:
        self._check()
        return _restore, (self._config,)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<pywasm.Store engine={self.engine_name} compiler={self.compiler_name}>"


def _restore(config: dict[str, Any]) -> Store:
    """Makes an empty store like the one that was pickled."""
    return Store(**config)
