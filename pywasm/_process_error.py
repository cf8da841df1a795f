"""ProcessError, apart from the others because it takes the time to import subprocess."""

from __future__ import annotations

from subprocess import CalledProcessError

from ._errors import WasmError

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


ProcessError.__module__ = "pywasm"
