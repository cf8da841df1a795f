"""pywasm run: runs a WASI program, or one function of a module."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from .. import wasi
    from .._module import Module
    from .._store import Store

_EPILOG = """examples:
  pywasm run program.wasm one two
  pywasm run --dir . --env LANG=C program.wasm
  pywasm run --dir /srv/data::/data:ro --memory 256M --timeout 10 program.wasm /data
  pywasm run --invoke add module.wasm 40 2
  pywasm compile program.wasm -o program.artefact && pywasm run --artefact program.artefact
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
    parser.add_argument(
        "--invoke",
        metavar="NAME",
        help="call an exported function with numbers as ARGS, and print what it returns",
    )
    parser.add_argument(
        "--memory", metavar="SIZE", help="let its memory grow to SIZE bytes; K, M and G are known"
    )
    parser.add_argument("--timeout", metavar="SECONDS", help="stop it when it has run for so long")
    parser.add_argument(
        "--fuel", metavar="N", help="stop it when it has run about so many instructions"
    )
    parser.add_argument(
        "--artefact",
        action="store_true",
        help="let the program be an artefact that you made with `pywasm compile`: nothing confines "
        "its machine code",
    )
    parser.add_argument("program", metavar="PROGRAM.wasm", help="the program; - is stdin")
    rest = parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGS", help="for it")
    rest.required = False  # argparse asks for them where it asks for the program
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Runs the program and returns its exit code."""
    from .. import wasi
    from .._errors import CompileError, DeserializeError
    from .._run import argv0, execute
    from .._store import Store
    from ._files import printable, refusal
    from ._progress import Progress

    limit = None if options.memory is None else _size(options.memory)
    timeout = None if options.timeout is None else _seconds(options.timeout)
    fuel = None if options.fuel is None else _units(options.fuel)
    builder = wasi.StateBuilder(argv0(options.program))
    if options.invoke is None:
        builder.arguments(options.arguments)
    for variable in options.variables:
        builder.environment(*_variable(variable))
    for directory in options.directories:
        host, guest, readonly = _directory(directory)
        builder.map_directory(guest, host, readonly=readonly)
    with builder.finalize() as environment, Store(timeout=timeout, fuel=fuel) as store:
        try:
            with Progress(f"compiling {printable(options.program)}"):
                module = _load(store, options.program, options.artefact)
        except (CompileError, DeserializeError) as error:
            raise type(error)(refusal(options.program, error)) from None
        if options.invoke is not None:
            return _invoke(module, environment, limit, options.invoke, options.arguments)
        return execute(module, environment, limit)


def _load(store: Store, path: str, artefact: bool) -> Module:
    """Makes the module. WebAssembly from a stranger must not turn out to be machine code."""
    from .._bridge import bridge, go_bytes
    from .._module import Module
    from ._files import read

    if artefact:
        return Module.from_file(store, path)
    content = read(path)
    if bridge().IsArtefact(go_bytes(content[:8])):
        raise OSError(f"{path}: this is an artefact; run it with --artefact if you made it")
    return Module(store, content)


def _invoke(
    module: Module, environment: wasi.Environment, limit: int | None, name: str, texts: list[str]
) -> int:
    """Calls a function, of a reactor after its _initialize."""
    from .._errors import ExitError
    from .._instance import Instance
    from .._native import Function

    with Instance(module, environment._imports_of(module), memory_limit=limit) as instance:
        function = dict(instance.exports).get(name)
        if not isinstance(function, Function):
            raise OSError(f"--invoke {name}: the module exports no such function")
        if len(texts) != len(function.type.params):
            raise OSError(f"--invoke {function!r}: it does not take {len(texts)} arguments")
        try:
            arguments = [_number(text, type) for text, type in zip(texts, function.type.params)]
            if "_initialize" in instance.exports:
                instance.exports._initialize()
            results = function(*arguments)
        except (TypeError, ValueError, OverflowError) as error:
            raise OSError(f"--invoke {function!r}: {error}") from error
        except ExitError as error:
            return error.code
    for result in results if isinstance(results, tuple) else (results,):
        if result is not None:
            print(result)
    return 0


def _number(text: str, type: Any) -> int | float:
    from .._valuetype import Type

    if type in (Type.F32, Type.F64):
        return float.fromhex(text) if "0x" in text.lower() else float(text)
    return int(text, 0)


def _size(text: str) -> int:
    factor = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1:].upper(), 1)
    digits = text if factor == 1 else text[:-1]
    if not digits.isdecimal():
        raise OSError(f"--memory {text}: expected a number of bytes, such as 64M")
    return min(int(digits) * factor, 2**63 - 1)


def _units(text: str) -> int:
    if not text.isdecimal():
        raise OSError(f"--fuel {text}: expected a number of instructions, such as 1000000")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
        if seconds >= 0:
            return seconds
    except ValueError:
        pass
    raise OSError(f"--timeout {text}: expected a number of seconds, such as 0.5")


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
