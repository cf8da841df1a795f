"""What bounds the guests: time, fuel, memory."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from . import _native

INFINITY = float("inf")  # not math.inf: math is a library of its own
MAX_FUEL = 2**62


def nanoseconds(timeout: float | None) -> int:
    """Returns a timeout in seconds as C takes it: 0 for none."""
    if timeout is None or timeout == INFINITY:
        return 0
    if not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout must be a number of seconds, not {type(timeout).__name__}")
    if not timeout >= 0:
        raise ValueError(f"timeout must be a number of seconds, not {timeout!r}")
    return max(1, int(min(timeout, 2**32) * 1e9))


def fuel_units(fuel: float) -> int:
    """Returns fuel as the engine takes it."""
    if fuel == INFINITY:
        return MAX_FUEL
    if not isinstance(fuel, int) or isinstance(fuel, bool):
        raise TypeError(f"fuel must be an int or math.inf, not {type(fuel).__name__}")
    if fuel < 0:
        raise ValueError(f"fuel must not be negative, but is {fuel}")
    return min(fuel, MAX_FUEL)


def count(limit: int | None, name: str, most: int = 2**63 - 1, least: int = 0) -> int:
    """Returns a limit as the engine takes it: most for none."""
    if limit is None:
        return most
    if not isinstance(limit, int):
        raise TypeError(f"{name} must be an int, not {type(limit).__name__}")
    if not least <= limit <= most:
        raise ValueError(f"{name} must be a number from {least} to {most}, not {limit}")
    return limit


class Limits:
    """The context manager of Instance.limits."""

    def __init__(self, core: _native.Core, timeout: float | None, fuel: int | None) -> None:
        self._core = core
        self._timeout = nanoseconds(timeout)
        self._fuel = None if fuel is None else fuel_units(fuel)

    def __enter__(self) -> None:
        core = self._core
        if self._fuel is not None:
            before = core.fuel()
            if before is None:
                raise ValueError("the store counts no fuel: make it with Store(fuel=...)")
            self._given = min(self._fuel, before)
            self._rest = before - self._given
            core.set_fuel(self._given)
        self._before = core.deadline
        if self._timeout:
            deadline = core.deadline_in(self._timeout)
            core.deadline = min(deadline, self._before or deadline)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        core = self._core
        core.deadline = self._before
        if self._fuel is not None and not core.closed:
            core.set_fuel(self._rest + (core.fuel() or 0))
