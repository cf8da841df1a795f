"""The exceptions, and how an error of the engine becomes one.

    RuntimeError
     └─ WasmError                  anything that WebAssembly refuses
         ├─ CompileError           a module is malformed, invalid, or uses what is not supported
         ├─ DeserializeError       an artefact is damaged, or made for something else
         ├─ LinkError              imports are missing or do not match
         ├─ Trap                   the guest trapped: .code, .frames
         ├─ Interrupted            another thread ended the call
         ├─ Timeout                the call took longer than it may; also a TimeoutError
         │   └─ ProcessTimeout     so did a program that pywasm.run ran, see _process_error.py
         ├─ FuelExhausted          the guest has used up its fuel
         ├─ LimitError             an instance would have more than its limits allow
         ├─ ExitError              the guest ended itself through WASI: .code
         ├─ ProcessError           an exit code that pywasm.run was to check, see _process_error.py
         └─ ExportNotFoundError    also a LookupError and an AttributeError

Arguments that do not fit raise TypeError, ValueError, OverflowError or IndexError, as Python's own
functions do. What a host function raises reaches the caller of the guest unchanged.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._trapcode import TrapCode


class Frame(tuple):  # type: ignore[type-arg]  # a named tuple without the cost of importing one
    """A function on the guest's stack: (module, function_index, function_name).

    The names are None where the module does not say them.
    """

    __slots__ = ()
    _fields = ("module", "function_index", "function_name")

    def __new__(cls, module: str | None, function_index: int, function_name: str | None) -> Frame:
        return super().__new__(cls, (module, function_index, function_name))

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)

    @property
    def module(self) -> str | None:
        """The name of the module."""
        return self[0]  # type: ignore[no-any-return]

    @property
    def function_index(self) -> int:
        """The index of the function in the module, imports counted."""
        return self[1]  # type: ignore[no-any-return]

    @property
    def function_name(self) -> str | None:
        """The name of the function."""
        return self[2]  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return "Frame(module={!r}, function_index={!r}, function_name={!r})".format(*self)

    def __str__(self) -> str:
        return f"{self[2] or '<unnamed>'} ({self[0] or '<module>'}[{self[1]}])"


class WasmError(RuntimeError):
    """The base of all exceptions that WebAssembly is the reason of."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Dask makes an exception without one by __new__, which is not safe with several bases.
        return type(self), self.args, self.__dict__


class CompileError(WasmError):
    """A module cannot be compiled; the text names the offset or the missing feature."""


class DeserializeError(WasmError):
    """Bytes are no artefact, a damaged one, or one that cannot be loaded here, for a reason."""


class LinkError(WasmError):
    """A module cannot be instantiated with these imports; the text names all of them."""


class Trap(WasmError):
    """The guest trapped.

    code is a TrapCode, frames a list of Frame, the innermost first. stdout and stderr are what
    pywasm.run has kept of what the program wrote.
    """

    stdout: Any = None
    stderr: Any = None

    def __init__(self, message: str, code: TrapCode, frames: list[Frame]) -> None:
        super().__init__(message)
        self.code = code
        self.frames = frames

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.code, self.frames), self.__dict__


class ExitError(WasmError):
    """The guest called proc_exit of WASI; code is its exit code, 0 for success."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.code)


class Interrupted(WasmError):
    """Another thread has ended the call, by Instance.interrupt."""


class Timeout(WasmError, TimeoutError):
    """The guest took longer than it may.

    stdout and stderr are what pywasm.run has kept of what the program wrote.
    """

    stdout: Any = None
    stderr: Any = None


class FuelExhausted(WasmError):
    """The guest has used up its fuel."""


class LimitError(WasmError):
    """An instance would have more memory, or anything else, than its limits allow."""


class ExportNotFoundError(WasmError, LookupError, AttributeError):
    """An instance has no such export."""


_CLASSES: dict[str, type[Exception]] = {
    "compile": CompileError,
    "deserialize": DeserializeError,
    "link": LinkError,
    "interrupted": Interrupted,
    "timeout": Timeout,
    "fuel": FuelExhausted,
    "limit": LimitError,
    "type": TypeError,
}


def make_error(code: str, message: str, detail: str) -> Exception:
    """Makes the exception that an error of the engine stands for; detail is JSON or empty."""
    if not detail:
        return _CLASSES.get(code, WasmError)(message)
    from ._json import loads

    fields = loads(detail)
    if code == "trap":
        from ._trapcode import TrapCode

        return Trap(message, TrapCode(fields["trap"]), frames(fields))
    if code == "exit":
        return ExitError(message, fields["exit"])
    return _CLASSES.get(code, WasmError)(message)


def frames(fields: dict[str, Any]) -> list[Frame]:
    return [
        Frame(f["module"] or None, f["index"], f["function"] or None)
        for f in fields.get("frames", ())
    ]


def add_frames(error: BaseException, detail: str) -> None:
    """Notes through which functions of the guest an exception of a host function came."""
    from ._json import loads

    add_note = getattr(error, "add_note", None)  # Python 3.11
    if add_note is not None:
        for frame in frames(loads(detail)):
            add_note(f"in WebAssembly: {frame}")
