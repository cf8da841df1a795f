"""pywasm wasm2wat: translates the binary format to the text format."""

from __future__ import annotations

from . import _files

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_EXAMPLES = """  pywasm wasm2wat add.wasm
  pywasm wasm2wat add.wasm -o add.wat
  curl https://example.org/add.wasm | pywasm wasm2wat
"""


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = _files.add_command(
        commands,
        "wasm2wat",
        "translate the binary format to the text format",
        "Translates the binary format to the text format. It does not validate the module.",
        _EXAMPLES,
    )
    _files.add_file_and_output(parser, "the module")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Translates the file."""
    from .._errors import CompileError
    from .._text import wasm2wat

    try:
        text = wasm2wat(_files.read(options.file))
    except CompileError as error:
        raise CompileError(_files.refusal(options.file, error)) from None
    _files.write(options.output, text.encode(), binary=False)
    return 0
