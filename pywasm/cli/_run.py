"""pywasm run: runs a WASI program."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_EPILOG = """examples:
  pywasm run program.wasm one two
  pywasm run --dir . --env LANG=C program.wasm
  pywasm run --dir /srv/data::/data:ro program.wasm /data
"""


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    import argparse

    parser = commands.add_parser(
        "run",
        help="run a WASI program",
        description="Runs a WASI program. It sees no files but those below --dir.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--dir",
        action="append",
        default=[],
        dest="directories",
        metavar="HOST[::GUEST][:ro]",
        help="let the program use a directory, as GUEST if given, read-only with :ro",
    )
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        dest="variables",
        metavar="NAME=VALUE",
        help="set an environment variable",
    )
    parser.add_argument("program", metavar="PROGRAM.wasm", help="the program")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGS", help="for it")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Runs the program and returns its exit code."""
    from .. import wasi
    from .._errors import ExitError, LinkError
    from .._instance import Instance
    from .._module import Module
    from .._store import Store

    with open(options.program, "rb") as file:
        binary = file.read()
    builder = wasi.StateBuilder(options.program).arguments(options.arguments)
    for variable in options.variables:
        builder.environment(*_variable(variable))
    for directory in options.directories:
        host, guest, readonly = _directory(directory)
        builder.map_directory(guest, host, readonly=readonly)
    environment = builder.finalize()
    with Store() as store:
        module = Module(store, binary)
        version = wasi.get_version(module, strict=False) or wasi.Version.LATEST
        instance = Instance(module, environment.generate_import_object(store, version))
        if "_start" not in instance.exports:
            raise LinkError(f"{options.program} is no program: it does not export _start")
        try:
            instance.exports._start()
        except ExitError as error:
            return error.code
    return 0


def _variable(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise OSError(f"--env {text}: expected NAME=VALUE")
    return name, value


def _directory(text: str) -> tuple[str, str, bool]:
    readonly = text.endswith(":ro")
    host, _, guest = text[: -3 if readonly else None].partition("::")
    if not host:
        raise OSError(f"--dir {text}: expected HOST[::GUEST][:ro]")
    return host, guest or host, readonly
