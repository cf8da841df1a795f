"""pywasm compile: makes an artefact, which loads at once."""

from __future__ import annotations

from . import _files

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_EXAMPLES = """  pywasm compile program.wasm -o program.artefact
  pywasm run --artefact program.artefact
"""


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = _files.add_command(
        commands,
        "compile",
        "compile a module for later",
        "Compiles a module, in binary or text, to an artefact: machine code for this version of "
        "pywasm and this kind of machine, which `pywasm run --artefact` and Module.from_file load "
        "at once. The code in an artefact is run as it is: load only those that you made.",
        _EXAMPLES,
    )
    _files.add_file_and_output(parser, "the module")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Compiles the file."""
    from .._errors import CompileError
    from .._module import Module
    from .._store import Store
    from ._progress import Progress

    try:
        with Store() as store, Progress(f"compiling {_files.printable(options.file)}"):
            artefact = Module(store, _files.read(options.file)).serialize()
    except CompileError as error:
        raise CompileError(_files.refusal(options.file, error)) from None
    _files.write(options.output, artefact, binary=True)
    return 0
