"""What the commands share: how they read and write files, and say what is wrong in one line."""

from __future__ import annotations

import sys

# A module may have as much in browsers. /dev/zero has more.
# https://webassembly.github.io/spec/js-api/#limits
_MOST = 1 << 30

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO


def add_command(commands: Any, name: str, help: str, description: str, examples: str) -> Any:
    """Adds a command to the parser and returns the parser of its arguments."""
    import argparse

    return commands.add_parser(
        name,
        help=help,
        description=description,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_file_and_output(parser: Any, what: str) -> None:
    """Adds what a command that translates takes: FILE and -o."""
    parser.add_argument("file", nargs="?", default="-", metavar="FILE", help=f"{what}; - is stdin")
    parser.add_argument("-o", "--output", metavar="OUT", help="write to a file, or - for stdout")


def read(file: str) -> bytes:
    """Returns what is in a file, or what comes from stdin if it is called "-"."""
    if file == "-":
        return _read(sys.stdin.buffer, file)
    with open(file, "rb") as opened:
        return _read(opened, file)


def _read(opened: BinaryIO, file: str) -> bytes:
    pieces, size = [], 0
    while piece := opened.read(16 << 20):
        pieces.append(piece)
        size += len(piece)
        if size > _MOST:
            raise OSError(f"{shown(file)}: this is too large for a module: it is more than 1 GiB")
    return b"".join(pieces)


def read_module(file: str) -> bytes:
    """Returns the module in a file, in the binary format though it may be written as text."""
    from .._text import wat2wasm

    content = read(file)
    return wat2wasm(content) if content.lstrip()[:1] in (b"(", b";") else content


def write(output: str | None, content: bytes, *, binary: bool) -> None:
    """Writes to a file, or to stdout if there is none; binary to a terminal only when told to."""
    if output is not None and output != "-":
        with open(output, "wb") as opened:
            opened.write(content)
        return
    if binary and output is None and sys.stdout.isatty():
        raise OSError("this would write binary to the terminal; name a file with -o")
    left = memoryview(content)
    while left:  # unbuffered, as with python -u, it may write a part
        left = left[sys.stdout.buffer.write(left) :]


def shown(file: str) -> str:
    """Returns the name of a file as messages show it."""
    return "<stdin>" if file == "-" else file


def one_line(message: object) -> str:
    """Returns a message in one line that cannot steer a terminal, whatever a module put into it."""
    lines = [line.strip() for line in str(message).splitlines()]
    return printable("; ".join(line for line in lines if line))


def printable(text: str) -> str:
    """Returns text with what cannot be printed as escapes.

    >>> printable("a\\x1b[0m")
    'a\\\\x1b[0m'
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )


def refusal(file: str, error: BaseException) -> str:
    """Returns in one line why a file was refused, with line and column if it is text."""
    import re

    if isinstance(error, OSError):
        return one_line(f"{shown(file)}: {error.strerror or error}")
    message = str(error)
    place = re.search(r"\n +--> <anon>:(\d+:\d+)\n", message)
    if place is None:
        return one_line(f"{shown(file)}: {message}")
    return one_line(f"{shown(file)}:{place[1]}: {message[: place.start()]}")
