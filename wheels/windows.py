"""Makes the import library of a Python DLL: Windows wants to know where each symbol comes from."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from wheels.toolchain import Toolchain, run

# https://learn.microsoft.com/en-us/windows/win32/debug/pe-format#coff-symbol-table
SYMBOL = struct.Struct("<8sIhHBB")
IMPORTED = "__imp_"
MACHINES = {"amd64": "i386:x86-64", "arm64": "arm64"}


def import_library(tools: Toolchain, dll: str, objects: Iterable[Path], folder: Path) -> Path:
    """Writes it for the symbols that the objects need of Python; returns the file."""
    defined, wanted = set[str](), set[str]()
    for path in objects:
        for name, here in symbols(path.read_bytes()):
            (defined if here else wanted).add(name.removeprefix(IMPORTED))
    names = sorted(name for name in wanted - defined if name.startswith(("Py", "_Py")))
    definition = folder / f"{dll}.def"
    definition.write_text(f"LIBRARY {dll}.dll\nEXPORTS\n" + "".join(f"    {n}\n" for n in names))
    library = folder / f"{dll}.lib"
    files = ["-D", f"{dll}.dll", "-d", str(definition), "-l", str(library)]
    run([tools.cc[0], "dlltool", "-m", MACHINES[tools.goarch], *files])
    return library


def symbols(content: bytes) -> Iterator[tuple[str, bool]]:
    """Those of an object file (COFF), and whether they are defined in it. What is called is needed
    as __imp_ and its name, what stands in a table that is initialised by its name alone."""
    start, count = struct.unpack_from("<II", content, 8)
    strings = start + SYMBOL.size * count
    index = 0
    while index < count:
        name, _, section, _, _, auxiliary = SYMBOL.unpack_from(content, start + SYMBOL.size * index)
        index += 1 + auxiliary
        if name[:4] == bytes(4):
            at = strings + int.from_bytes(name[4:], "little")
            name = content[at : content.index(b"\0", at)]
        yield name.rstrip(b"\0").decode(), section != 0
