"""What pywasm.run raises as subprocess.run would, apart because importing that takes its time."""

from __future__ import annotations

from subprocess import CalledProcessError, TimeoutExpired

from ._errors import Timeout, WasmError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ProcessError(WasmError, CalledProcessError):
    """A program that pywasm.run was to check has ended with another exit code than 0.

    returncode, cmd, stdout and stderr are those of its CompletedProcess.
    """

    def __init__(
        self, returncode: int, cmd: list[Any], output: Any = None, stderr: Any = None
    ) -> None:
        CalledProcessError.__init__(self, returncode, cmd, output, stderr)

    def __str__(self) -> str:
        return f"{self.cmd} ended with the exit code {self.returncode}"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.returncode, self.cmd, self.stdout, self.stderr)


class ProcessTimeout(Timeout, TimeoutExpired):
    """A program has run for longer than pywasm.run was to let it.

    cmd is the program and its arguments, timeout what it was given, stdout and stderr what was
    kept of what it wrote.
    """

    def __init__(
        self, cmd: list[Any], timeout: float, output: Any = None, stderr: Any = None
    ) -> None:
        TimeoutExpired.__init__(self, cmd, timeout, output, stderr)
        self.stdout = output

    def __str__(self) -> str:
        return f"{self.cmd} did not end within {self.timeout} seconds"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.cmd, self.timeout, self.output, self.stderr)


ProcessError.__module__ = ProcessTimeout.__module__ = "pywasm"
