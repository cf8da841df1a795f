"""Looks wheels over before they are released: `python -m wheels.audit dist/*.whl`.

What is said of each file of a wheel must be true of its content, and each library must load on the
oldest system that the wheel's tag names.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import marshal
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from wheels import binaries
from wheels.toolchain import ROOT

SOURCES = (".go", ".c", ".h", ".o", ".a", ".def", ".tbd", ".lib")
MODULES = ("github.com/go-python/gopy", "github.com/tetratelabs/wazero", "golang.org/x/sys", "std")
MOST_BYTES, MOST_INSTALLED = 2_000_000, 7_000_000
LIBRARIES = {"manylinux": ".so", "macosx": ".dylib", "win": ".dll"}


def audit(path: Path) -> list[str]:
    """What is wrong with a wheel."""
    _, _, interpreter, abi, platform = path.stem.split("-")
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
        problems = [f"{name} is there twice" for name in duplicates(archive.namelist())]
    infos = {name.partition("/")[0] for name in files if ".dist-info/" in name}
    if len(infos) != 1:
        return [f"has the folders {sorted(infos)} where one .dist-info belongs"]
    info = infos.pop()
    problems += check_record(files, f"{info}/RECORD")
    problems += check_tags(files[f"{info}/WHEEL"].decode(), interpreter, abi, platform)
    problems += check_notices(files, info)
    problems += [f"{name} is source code" for name in files if name.endswith(SOURCES)]
    problems += [f"{name} names the folder it was built in" for name in tell_tales(files)]
    problems += check_libraries(files, abi, platform)
    problems += check_sizes(path.stat().st_size, installed(files))
    return problems


def duplicates(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}


def check_record(files: dict[str, bytes], record: str) -> Iterator[str]:
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(files[record].decode()))}
    for name in sorted(rows.keys() ^ files.keys()):
        yield f"{name} is in {'RECORD' if name in rows else 'the archive'} only"
    for name in rows.keys() & files.keys() - {record}:
        digest = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).rstrip(b"=")
        if rows[name] != [f"sha256={digest.decode()}", str(len(files[name]))]:
            yield f"{name} is not what RECORD says"


def check_tags(wheel: str, interpreter: str, abi: str, platforms: str) -> Iterator[str]:
    wanted = {f"Tag: {interpreter}-{abi}-{platform}" for platform in platforms.split(".")}
    if {line for line in wheel.splitlines() if line.startswith("Tag:")} != wanted:
        yield "its name has other tags than WHEEL"
    if "Root-Is-Purelib: false" not in wheel:
        yield "WHEEL calls it pure"


def check_notices(files: dict[str, bytes], info: str) -> Iterator[str]:
    metadata = files[f"{info}/METADATA"].decode()
    for line in metadata.partition("\n\n")[0].splitlines():
        name, _, value = line.partition(": ")
        if name == "License-File" and f"{info}/licenses/{value}" not in files:
            yield f"METADATA names {value}, which is not there"
    for module in MODULES:
        if f"License-File: {module}/LICENSE" not in metadata:
            yield f"METADATA names no licence of {module}"
    boms = [name for name in files if name.startswith(f"{info}/sboms/")]
    listed = {entry["name"] for name in boms for entry in json.loads(files[name])["components"]}
    for module in sorted(set(MODULES) - listed):
        yield f"no SBOM lists {module}"


def tell_tales(files: dict[str, bytes]) -> Iterator[str]:
    folders = [f"{folder}/".encode() for folder in (ROOT, Path.home(), sys.prefix, "/pkg/mod")]
    for name, content in files.items():
        if any(folder in content for folder in folders):
            yield name


def check_libraries(files: dict[str, bytes], abi: str, platform: str) -> Iterator[str]:
    names = {name for name in files if name.endswith((".so", ".dylib", ".dll", ".pyd"))}
    library = next(f"pywasm/libpywasm{end}" for kind, end in LIBRARIES.items() if kind in platform)
    natives = {name for name in names if name.startswith("pywasm/_native.")}
    if names != natives | {library} or len(natives) != 1:
        yield f"has the libraries {sorted(names)}"
        return
    for name in sorted(names):
        found = binaries.read(files[name])
        for problem in binaries.check(found, platform, name in natives, abi):
            yield f"{name} {problem}"


def check_sizes(packed: int, unpacked: int) -> Iterator[str]:
    for size, most, which in (
        (packed, MOST_BYTES, "is"),
        (unpacked, MOST_INSTALLED, "takes, when it is installed,"),
    ):
        if size > most:
            yield f"{which} {size:,} bytes, and at most {most:,} are allowed"


def installed(files: dict[str, bytes]) -> int:
    """How many bytes pip makes of it, which compiles the modules: here as this Python does."""
    size = sum(map(len, files.values()))
    for name, content in files.items():
        if name.endswith(".py"):
            size += 16 + len(marshal.dumps(compile(content, name, "exec")))
    return size


def main() -> int:
    failed = False
    for path in map(Path, sys.argv[1:]):
        problems = audit(path)
        failed = failed or bool(problems)
        print(f"{path.name}: {path.stat().st_size:,} bytes, {'; '.join(problems) or 'good'}")
    return 1 if failed or len(sys.argv) == 1 else 0


if __name__ == "__main__":
    sys.exit(main())
