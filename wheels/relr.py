"""Packs the relative relocations of libpywasm for Linux, 35,000 of 24 bytes, into a tenth of a
megabyte less of the wheel and a tenth of their size: lld's --pack-dyn-relocs=relr.

glibc knows that format from 2.36 on, and no such library may run on older ones. So the library
relocates itself, by relr/relocate.c, under whatever glibc, which is not told of the table.

zig passes neither flag on. This file is the linker that Go calls: it has zig link, asks it how it
calls lld, and calls lld in that manner again, with what it is run with up to `--` added.
"""

from __future__ import annotations

import os
import shlex
import struct
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from wheels.toolchain import ROOT, BuildError, Toolchain

SOURCE = ROOT / "wheels" / "relr" / "relocate.c"
SOURCES = (Path(__file__), SOURCE)
C_FLAGS = ("-O2", "-g0", "-fPIC", "-Wall", "-Wextra")
DT_RELRSZ, DT_RELR, DT_RELRENT = 35, 36, 37
HIDDEN = 0x60000000  # a range of tags that loaders pass over
PT_DYNAMIC = 2


def linker(tools: Toolchain, folder: Path) -> list[str]:
    """The command with which Go links."""
    compiled = folder / "relocate.o"
    tags = f"-DPYWASM_RELR={HIDDEN + DT_RELR}", f"-DPYWASM_RELRSZ={HIDDEN + DT_RELRSZ}"
    tools.run_cc(*C_FLAGS, *tags, "-c", str(SOURCE.relative_to(ROOT)), "-o", str(compiled))
    added = ["--pack-dyn-relocs=relr", "-init=pywasm_relocate", str(compiled)]
    return [sys.executable, __file__, *added, "--", *tools.cc]


def hide(library: Path) -> None:
    """Hides the table of relocations from the loader."""
    content = bytearray(library.read_bytes())
    start, size = dynamic(content)
    hidden = 0
    for at in range(start, start + size, 16):
        (tag,) = struct.unpack_from("<Q", content, at)
        if tag in (DT_RELRSZ, DT_RELR, DT_RELRENT):
            struct.pack_into("<Q", content, at, HIDDEN + tag)
            hidden += 1
    if hidden != 3:
        raise BuildError(f"{library.name} has no table of relocations that wheels/relr.py knows")
    library.write_bytes(content)


def dynamic(content: bytearray) -> tuple[int, int]:
    """Where the dynamic section of a 64-bit ELF file lies, and its size."""
    (headers,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<2H", content, 54)
    for at in range(headers, headers + count * size, size):
        kind, _, offset, _, _, length = struct.unpack_from("<2I4Q", content, at)
        if kind == PT_DYNAMIC:
            return offset, length
    raise BuildError("an ELF file without a dynamic section")


def main() -> int:
    split = sys.argv.index("--")
    added, command = sys.argv[1:split], sys.argv[split + 1 :]
    environment = {**os.environ, "ZIG_VERBOSE_LINK": "1"}
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output = done.stdout.decode(errors="replace")
    calls = [line for line in output.splitlines() if line.startswith("ld.lld ")]
    if done.returncode != 0 or len(calls) != 1:
        sys.stderr.write(output)
        return done.returncode or (len(calls) > 1)
    return subprocess.run([command[0], *shlex.split(calls[0]), *added]).returncode


if __name__ == "__main__":
    sys.exit(main())
