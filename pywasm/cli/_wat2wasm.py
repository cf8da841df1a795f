"""pywasm wat2wasm: translates the text format to the binary format."""

from __future__ import annotations

from . import _files

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_EXAMPLES = """  pywasm wat2wasm add.wat -o add.wasm
  pywasm wat2wasm < add.wat > add.wasm
"""


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = _files.add_command(
        commands,
        "wat2wasm",
        "translate the text format to the binary format",
        "Translates the text format to the binary format. It does not validate the module.",
        _EXAMPLES,
    )
    _files.add_file_and_output(parser, "the text")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Translates the file."""
    from .._errors import CompileError
    from .._text import wat2wasm

    try:
        binary = wat2wasm(_files.read(options.file))
    except CompileError as error:
        raise CompileError(_files.refusal(options.file, error)) from None
    _files.write(options.output, binary, binary=True)
    return 0
