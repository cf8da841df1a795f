"""The command line: `pywasm`, or `python -m pywasm`. Each command is a module of this package."""

from __future__ import annotations

import sys

from .._version import __version__
from . import _compile, _inspect, _run, _validate, _wasm2wat, _wat2wasm
from ._files import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import NoReturn

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    import argparse

    class Parser(argparse.ArgumentParser):
        """Says what is wrong in one line, as the commands do."""

        def error(self, message: str) -> NoReturn:
            self.exit(2, f"{self.prog}: {one_line(message)}; see {self.prog} --help\n")

    parser = Parser(
        prog="pywasm",
        description="Runs, checks and translates WebAssembly.",
        epilog="Try: pywasm run program.wasm --help",
    )
    parser.add_argument("--version", action="version", version=f"pywasm {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (_run, _compile, _inspect, _validate, _wat2wasm, _wasm2wat):
        command.add_to(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns the exit code: that of the guest, 2 for a failure of ours.

    It is 130 after Ctrl-C, as a shell has it: 128 and the number of the signal.
    """
    from .._errors import WasmError

    _open_streams()
    options = _parser().parse_args(arguments)
    try:
        code = int(options.command(options))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _forget_stdout()
        return 1
    except MemoryError:
        print("pywasm: out of memory", file=sys.stderr)
        return 2
    except (OSError, WasmError) as error:
        print(f"pywasm: {one_line(error)}", file=sys.stderr)
        return 2
    return code


def _open_streams() -> None:
    """Makes up for streams that were closed before the process began."""
    import atexit
    import os

    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode)  # noqa: SIM115  # for as long as we run
            atexit.register(stream.close)
            setattr(sys, name, stream)


def _forget_stdout() -> None:
    """Lets Python's own flush at the exit find nothing that is broken."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
