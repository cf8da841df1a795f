"""What a library asks of the system that loads it, held against what its wheel's tag promises."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import lief
from abi3info import DATAS, FUNCTIONS
from abi3info.models import Symbol

from wheels.sign import CODE_DIRECTORY, page_hashes

# https://peps.python.org/pep-0599/: what manylinux may rely on, as much as we need of it
LINUX = {"libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "libresolv.so.2"}
LOADERS = {"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
DARWIN = {
    "/System/Library/Frameworks/CoreFoundation.framework/Versions/A/CoreFoundation",
    "/usr/lib/libSystem.B.dylib",
    "/usr/lib/libresolv.9.dylib",
}
WINDOWS = re.compile(r"(kernel32|ntdll|ws2_32|bcryptprimitives|api-ms-win-crt-[a-z]+-l1-1-0)\.dll")
MACHINES = {"X86_64": "x86_64", "AMD64": "x86_64", "AARCH64": "arm64", "ARM64": "arm64"}
OLDEST_ABI3 = (3, 12)

lief.logging.disable()  # it complains of Windows' .tls, which is as it should be


@dataclass
class Library:
    machine: str
    needs: set[str]
    imports: set[str]
    exports: set[str]
    glibc: tuple[int, int] = (0, 0)
    oldest: tuple[int, int] = (0, 0)  # macOS
    faults: list[str] = field(default_factory=list)


def read(content: bytes) -> Library:
    if content[:4] == b"\x7fELF":
        return read_elf(content)
    if content[:2] == b"MZ":
        return read_pe(content)
    return read_macho(content)


def parse(form: Any, content: bytes) -> Any:
    """Without lief's types, after which each thing may be missing: an exception will do there."""
    return form.parse(list(content))


def machine(kind: object) -> str:
    return MACHINES[str(kind).rpartition(".")[2]]


def read_elf(content: bytes) -> Library:
    elf = parse(lief.ELF, content)
    tags = lief.ELF.DynamicEntry.TAG
    versions = [(0, 0)]
    for symbol in elf.imported_symbols:
        version = symbol.symbol_version
        if version and version.has_auxiliary_version:
            name = version.symbol_version_auxiliary.name
            major, minor = name.removeprefix("GLIBC_").split(".")[:2]
            versions.append((int(major), int(minor)))
    faults = [f"has {tag.name}" for tag in (tags.RPATH, tags.RUNPATH) if elf.has(tag)]
    if elf.has_section(".symtab"):
        faults.append("is not stripped")
    return Library(
        machine(elf.header.machine_type),
        set(map(str, elf.libraries)),
        {str(symbol.name) for symbol in elf.imported_symbols},
        {str(symbol.name) for symbol in elf.exported_symbols},
        glibc=max(versions),
        faults=faults,
    )


def read_macho(content: bytes) -> Library:
    macho = parse(lief.MachO, content).at(0)
    own = lief.MachO.LoadCommand.TYPE.ID_DYLIB
    faults = ["has LC_RPATH"] if macho.has_rpath else []
    if not macho.has_code_signature:
        faults.append("is not signed")
    elif not signed(content, macho.code_signature.data_offset):
        faults.append("is not what its signature says")
    return Library(
        machine(macho.header.cpu_type),
        {str(library.name) for library in macho.libraries if library.command != own},
        {str(symbol.name)[1:] for symbol in macho.imported_symbols},
        {str(symbol.name)[1:] for symbol in macho.exported_symbols},
        oldest=tuple(macho.build_version.minos[:2]),
        faults=faults,
    )


def signed(content: bytes, start: int) -> bool:
    """Whether the ad-hoc signature there holds."""
    directory = start + struct.unpack_from(">I", content, start + 16)[0]
    fields = CODE_DIRECTORY.unpack_from(content, directory)
    flags, hashes, pages, limit = fields[3], fields[4], fields[7], fields[8]
    at = directory + hashes
    found = content[at : at + hashlib.sha256().digest_size * pages]
    return bool(flags & 2) and limit == start and found == b"".join(page_hashes(content, start))


def read_pe(content: bytes) -> Library:
    pe = parse(lief.PE, content)
    return Library(
        machine(pe.header.machine),
        {str(dll.name).lower() for dll in pe.imports},
        {str(entry.name) for dll in pe.imports for entry in dll.entries},
        {str(entry.name) for entry in pe.get_export().entries},
    )


def check(found: Library, platform: str, native: bool, abi: str) -> Iterator[str]:
    """What is wrong with a library in a wheel; `native` is whether it is the extension module."""
    yield from found.faults
    arm = platform.endswith(("aarch64", "arm64"))
    if found.machine != ("arm64" if arm else "x86_64"):
        yield f"is for {found.machine}"
    if promised := re.match(r"manylinux_(\d+)_(\d+)_", platform):
        allowed = LINUX | LOADERS
        if found.glibc > (int(promised[1]), int(promised[2])):
            yield f"needs glibc {found.glibc[0]}.{found.glibc[1]}"
    elif promised := re.match(r"macosx_(\d+)_(\d+)_", platform):
        allowed = DARWIN
        if found.oldest != (int(promised[1]), int(promised[2])):
            yield f"is for macOS {found.oldest[0]}.{found.oldest[1]} and newer"
    else:
        allowed = {name for name in found.needs if WINDOWS.fullmatch(name)}
        if native:
            allowed.add("python3.dll" if abi == "abi3" else f"python{abi[2:]}.dll")
    for name in sorted(found.needs - allowed):
        yield f"needs {name}"
    yield from check_python(found, native, abi)


def check_python(found: Library, native: bool, abi: str) -> Iterator[str]:
    wanted = {name for name in found.imports if name.startswith(("Py", "_Py"))}
    if not native and wanted:
        yield f"knows Python: {', '.join(sorted(wanted))}"
    if native and "PyInit__native" not in found.exports:
        yield "has no PyInit__native"
    if native and abi == "abi3":
        for name in sorted(wanted):
            entry = FUNCTIONS.get(Symbol(name)) or DATAS.get(Symbol(name))
            if entry is None or (entry.added.major, entry.added.minor) > OLDEST_ABI3:
                yield f"uses {name}, which is not in the stable ABI of Python 3.12"
