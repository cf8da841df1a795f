"""The command line: `pywasm`, or `python -m pywasm`. Each command is a module of this package."""

from __future__ import annotations

import sys

from .._version import __version__
from . import _run

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser(
        prog="pywasm",
        description="Runs WebAssembly.",
        epilog="Try: pywasm run program.wasm --help",
    )
    parser.add_argument("--version", action="version", version=f"pywasm {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _run.add_to(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns the exit code: that of the guest, or 2 for a failure of ours."""
    from .._errors import WasmError

    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except BrokenPipeError:
        return 1
    except (OSError, WasmError) as error:
        print(f"pywasm: {_one_line(error)}", file=sys.stderr)
        return 2


def _one_line(error: BaseException) -> str:
    return "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
