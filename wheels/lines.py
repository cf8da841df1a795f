"""Takes the line numbers out of a linked libpywasm: a seventh of the wheel, for the eyes of who
debugs Go's stack traces alone. Names of functions and offsets stay, from which a build of the same
sources that has them tells the lines; Go has no flag for that.

The table is runtime's (symtab.go, runtime2.go: pcHeader and _func), where offset 0 means that a
function has no table of that kind. Nothing moves: what is not wanted becomes zeros. All else that
is in it the runtime lives by, the tree of inlined functions included (recover, preemption).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from wheels.toolchain import BuildError

# pcHeader from Go 1.20 on: magic, two zeros, instruction size, pointer size; then eight words
MAGICS = {b"\xf1\xff\xff\xff\0\0\1\x08", b"\xf1\xff\xff\xff\0\0\4\x08"}
HEADER = struct.Struct("<8s8Q")
FUNC = struct.Struct("<IiiIIIIIIiBBBB")
# How a trace shows arguments (internal/abi/symtab.go): PCDATA_ArgLiveIndex, FUNCDATA_ArgInfo and
# FUNCDATA_ArgLiveInfo, and that a function has none.
ARG_LIVE, ARGUMENTS, NOTHING = 3, {5, 6}, 0xFFFFFFFF


@dataclass(frozen=True)
class Table:
    start: int  # of all that follows, in the file
    count: int
    files: int  # cutab and filetab
    pctab: int
    funcs: int


def strip(content: bytearray) -> int:
    """Strips it in place; returns how many bytes became zeros."""
    table = find(content)
    kept, dropped = set[int](), set[int]()
    for at in functions(content, table):
        wanted, unwanted = strip_function(content, at)
        kept.update(wanted)
        dropped.update(unwanted)
    content[table.files : table.pctab] = bytes(table.pctab - table.files)
    zeros = table.pctab - table.files
    for offset in dropped - kept - {0}:
        size = length(content, table.pctab + offset)
        content[table.pctab + offset : table.pctab + offset + size] = bytes(size)
        zeros += size
    return zeros


def strip_function(content: bytearray, at: int) -> tuple[list[int], list[int]]:
    """Clears one _func; returns the tables that it keeps and those that it no longer has."""
    fields = list(FUNC.unpack_from(content, at))
    pcsp, pcfile, pcln, count = fields[4:8]
    fields[5] = fields[6] = fields[8] = fields[9] = 0  # cuOffset and startLine are lines too
    FUNC.pack_into(content, at, *fields)
    tables = at + FUNC.size
    pcdata = list(struct.unpack_from(f"<{count}I", content, tables))
    dropped = [pcfile, pcln]
    if count > ARG_LIVE:
        dropped.append(pcdata[ARG_LIVE])
        pcdata[ARG_LIVE] = 0
        struct.pack_into("<I", content, tables + 4 * ARG_LIVE, 0)
    for kind in range(fields[-1]):
        if kind in ARGUMENTS:
            struct.pack_into("<I", content, tables + 4 * (count + kind), NOTHING)
    return [pcsp, *pcdata], dropped


def find(content: bytearray) -> Table:
    found = [
        at
        for magic in MAGICS
        for at in occurrences(content, magic)
        if plausible(HEADER.unpack_from(content, at))
    ]
    if len(found) != 1:
        raise BuildError(f"libpywasm has {len(found)} tables of lines that wheels/lines.py knows")
    start = found[0]
    _, count, _, _, _, files, _, pctab, funcs = HEADER.unpack_from(content, start)
    return Table(start, count, start + files, start + pctab, start + funcs)


def occurrences(content: bytearray, magic: bytes) -> Iterator[int]:
    at = content.find(magic)
    while at >= 0:
        if at + HEADER.size <= len(content):
            yield at
        at = content.find(magic, at + 1)


def plausible(header: tuple[bytes, int, int, int, int, int, int, int, int]) -> bool:
    """The parts follow the header, in their order."""
    return header[4:] == tuple(sorted(header[4:])) and header[4] == HEADER.size


def functions(content: bytearray, table: Table) -> Iterator[int]:
    """Where each _func lies: the table begins with pairs of entry and offset."""
    for row in range(table.count):
        _, offset = struct.unpack_from("<II", content, table.funcs + 8 * row)
        yield table.funcs + offset


def length(content: bytearray, start: int) -> int:
    """Of a table of pairs of varints, a value and an address; the value 0 ends it, but at first."""
    at = start
    while content[at] != 0 or at == start:
        for _ in range(2):
            while content[at] & 0x80:
                at += 1
            at += 1
    return at + 1 - start
