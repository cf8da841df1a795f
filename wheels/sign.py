"""Signs a Mach-O library ad hoc: macOS on arm64 loads nothing that is not signed.

zig's linker signs for arm64 alone, and does not say who it is for. A signature is the SHA-256 of
each page and who it is for; ad hoc means that nobody vouches for it. The format is that of xnu,
osfmk/kern/cs_blobs.h; loader.h has the load commands.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wheels.toolchain import BuildError

MAGIC = 0xFEEDFACF
LC_SEGMENT_64, LC_CODE_SIGNATURE = 0x19, 0x1D
HEADER = struct.Struct("<8I")
SEGMENT = struct.Struct("<II16sQQQQIIII")
LINKEDIT = struct.Struct("<IIII")
CODE_DIRECTORY = struct.Struct(">9I4BI3I4Q")
EMBEDDED, DIRECTORY = 0xFADE0CC0, 0xFADE0C02
ADHOC, SHA256, PAGE_BITS = 0x2, 2, 12


@dataclass(frozen=True)
class Command:
    kind: int
    offset: int
    size: int


def commands(content: bytes | bytearray) -> Iterator[Command]:
    magic, _, _, _, count, _, _, _ = HEADER.unpack_from(content)
    if magic != MAGIC:
        raise BuildError("not a 64-bit Mach-O file")
    at = HEADER.size
    for _ in range(count):
        kind, size = struct.unpack_from("<II", content, at)
        yield Command(kind, at, size)
        at += size


def segment(content: bytes | bytearray, wanted: bytes) -> Command:
    for command in commands(content):
        name = content[command.offset + 8 : command.offset + 24].rstrip(b"\0")
        if command.kind == LC_SEGMENT_64 and name == wanted:
            return command
    raise BuildError(f"a Mach-O file without {wanted.decode()}")


def sign_file(library: Path) -> None:
    content = bytearray(library.read_bytes())
    sign(content, library.name)
    library.write_bytes(content)


def sign(content: bytearray, identifier: str) -> None:
    """Signs it in place, whatever signature it had."""
    start = begin(content)
    name = identifier.encode() + b"\0"
    pages = -(-start // (1 << PAGE_BITS))
    hashes = CODE_DIRECTORY.size + len(name)
    directory = hashes + 32 * pages
    size = 20 + directory
    padded = (size + 15) & ~15
    enter(content, start, padded)
    text = SEGMENT.unpack_from(content, segment(content, b"__TEXT").offset)
    blob = struct.pack(">5I", EMBEDDED, size, 1, 0, 20)
    blob += CODE_DIRECTORY.pack(
        *(DIRECTORY, directory, 0x20400, ADHOC, hashes, CODE_DIRECTORY.size, 0, pages, start),
        *(32, SHA256, 0, PAGE_BITS, 0),
        *(0, 0, 0),
        *(0, text[5], text[6], 0),
    )
    blob += name + b"".join(page_hashes(content, start))
    content += blob.ljust(padded, b"\0")


def page_hashes(content: bytes | bytearray, end: int) -> Iterator[bytes]:
    for at in range(0, end, 1 << PAGE_BITS):
        yield hashlib.sha256(content[at : min(at + (1 << PAGE_BITS), end)]).digest()


def begin(content: bytearray) -> int:
    """Cuts off an old signature, or makes room for the command of a new one; returns where the
    signature begins."""
    for command in commands(content):
        if command.kind == LC_CODE_SIGNATURE:
            start = LINKEDIT.unpack_from(content, command.offset)[2]
            del content[start:]
            return int(start)
    fields = list(HEADER.unpack_from(content))
    end = HEADER.size + fields[5]
    first = segment(content, b"__TEXT").offset + SEGMENT.size  # section_64, its file offset at 48
    if end + LINKEDIT.size > struct.unpack_from("<I", content, first + 48)[0]:
        raise BuildError("a Mach-O file has no room for the command of its signature")
    LINKEDIT.pack_into(content, end, LC_CODE_SIGNATURE, LINKEDIT.size, 0, 0)
    fields[4] += 1
    fields[5] += LINKEDIT.size
    HEADER.pack_into(content, 0, *fields)
    content += bytes(-len(content) % 16)
    return len(content)


def enter(content: bytearray, start: int, size: int) -> None:
    """Writes into the load commands where the signature is."""
    for command in commands(content):
        if command.kind == LC_CODE_SIGNATURE:
            struct.pack_into("<II", content, command.offset + 8, start, size)
    at = segment(content, b"__LINKEDIT").offset
    fields = list(SEGMENT.unpack_from(content, at))
    fields[6] = start + size - fields[5]
    fields[4] = max(fields[4], -(-fields[6] // (1 << 14)) << 14)
    SEGMENT.pack_into(content, at, *fields)
