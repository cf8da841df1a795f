"""pywasm validate: says which modules are not valid, and why."""

from __future__ import annotations

from . import _files

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_EXAMPLES = """  pywasm validate add.wasm add.wat
  pywasm wat2wasm add.wat | pywasm validate
"""


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = _files.add_command(
        commands,
        "validate",
        "check that modules are valid",
        "Checks modules, in binary or text. Prints a line for each that is refused, and exits with "
        "1 if one is.",
        _EXAMPLES,
    )
    parser.add_argument(
        "files", nargs="*", default=["-"], metavar="FILE", help="the modules; - is stdin"
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Validates the files."""
    import sys

    refused = 0
    for file in options.files:
        reason = _refused(file)
        if reason is not None:
            refused = 1
            print(reason, file=sys.stderr)
    return refused


def _refused(file: str) -> str | None:
    from .._bridge import bridge, go_bytes
    from .._errors import CompileError

    try:
        bridge().Validate(go_bytes(_files.read_module(file)))
    except (CompileError, OSError) as error:
        return _files.refusal(file, error)
    return None
