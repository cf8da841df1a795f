"""Builds the two libraries of the package: libpywasm (Go) and _native (C).

    package bridge ──gopy──> gopy_bridge.go ──go build──> libpywasm, libpywasm.h
                        └──> build.py ──pybindgen──> gopy.c ─┐
    libpywasm.h ──table──> gopy_functions.h, gopy_go.h ──────┴─ cc ──> _native

Run as a script it builds into the source tree, where an editable installation finds the result;
with --check it only says what is missing.
"""

from __future__ import annotations

import os
import runpy
import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from wheels import gopy, linker, relr, shrink, table
from wheels.python import OWN_HEADERS, Python
from wheels.sign import sign_file
from wheels.stamps import step
from wheels.toolchain import ROOT, BuildError, Toolchain, host
from wheels.windows import import_library

BUILD = ROOT / "build"
RAW = BUILD / "_gopy"  # not a package to `go vet ./...`
PACKAGE = RAW / "python"
GO_FILE = ROOT / "bridge" / "lib" / "gopy_bridge.go"
VERSION = runpy.run_path(str(ROOT / "pywasm" / "_version.py"))["__version__"]
# The tag is that of what gopy generated: without it, checks see only what was written by hand.
GO_FLAGS = ("-buildmode=c-shared", "-tags=gopy", "-trimpath", "-buildvcs=false")
# A guest that recurses in the interpreter has a stack of megabytes. Go would begin the next
# goroutines with stacks of the average size, and hundreds of them stay for goroutines to come.
DEBUG = "adaptivestackstart=0"
LD_FLAGS = (
    f"-s -w -buildid= -X github.com/pywasm-go/pywasm/core/engine.version={VERSION}"
    f" -X runtime.godebugDefault={DEBUG}"
)
HEADER_ROOM = "-Wl,-headerpad,0x100"  # of Mach-O, for the command that sign.py adds
HEADERS = {".h", ".def"}
C_FLAGS = (
    "-std=gnu11",
    "-O2",
    "-DNDEBUG",
    "-Wall",
    "-Wextra",
    "-Werror=implicit-function-declaration",
    "-Werror=incompatible-pointer-types",
    "-fvisibility=hidden",
    f"-ffile-prefix-map={ROOT}=.",
)
# For builds that look for defects: see `make asan`. Such a library keeps its symbols.
MORE_C_FLAGS = shlex.split(os.environ.get("PYWASM_CFLAGS", ""))


def build(target: Path) -> list[Path]:
    """Builds for this machine and the Python that runs this, into the folder of the package.

    Returns the files that are now there.
    """
    tools = host()
    folder = BUILD / tools.platform
    libraries = build_go(tools, folder), build_native(tools, Python.running(), folder)
    return install(target, libraries, generated_modules())


def generated_modules() -> list[Path]:
    """The Python half of what gopy makes, once `build_go` has run."""
    return sorted(PACKAGE.glob("*.py"))


def build_go(tools: Toolchain, folder: Path) -> Path:
    """Builds libpywasm."""
    library = folder / tools.library
    module = [ROOT / "go.mod", ROOT / "go.sum"]
    bridge = go_sources(ROOT / "bridge", recursive=False)
    step(
        "gopy",
        lambda: gopy.generate(tools, RAW, GO_FILE, PACKAGE),
        inputs=[*module, *bridge, Path(gopy.__file__)],
        outputs=[GO_FILE, RAW / "build.py", PACKAGE / "bridge.py"],
        settings=tools.go_version,
    )
    native = ROOT / "bridge" / "native"
    step(
        f"libpywasm-{label(folder)}",
        lambda: link_go(tools, library),
        inputs=[
            *module,
            *(path for name in ("bridge", "buffer", "core") for path in go_sources(ROOT / name)),
            *(native / "go_table.h", native / "python_table.h"),
            *shrink.SOURCES,
            *linker.SOURCES,
            *relr.SOURCES,
            *(ROOT / "bridge" / "lib").glob("*.[ch]"),
        ],
        outputs=[library, library.with_suffix(".h")],
        settings=(tools.version, GO_FLAGS, LD_FLAGS),
    )
    return library


def label(folder: Path) -> str:
    """What a step that builds into the folder is called after it."""
    return "-".join(folder.relative_to(BUILD).parts)


def go_sources(folder: Path, *, recursive: bool = True) -> list[Path]:
    files = folder.rglob("*.go") if recursive else folder.glob("*.go")
    return [path for path in files if not path.name.endswith("_test.go")]


def link_go(tools: Toolchain, library: Path) -> None:
    packs = tools.cross and tools.goos == "linux"
    ld_flags = f"{LD_FLAGS} -extldflags={'-s' if tools.strips else HEADER_ROOM}"
    if packs:
        ld_flags += f" '-extld={shlex.join(relr.linker(tools, library.parent))}'"
    flags = [*GO_FLAGS, *shrink.flags(tools), f"-ldflags={ld_flags}"]
    if tools.cross:
        flags += linker.flags(tools)
    tools.run_go("build", *flags, "-o", str(library), "./bridge/lib")
    if packs:
        relr.hide(library)
    elif tools.cross and tools.goos == "darwin":
        sign_file(library)


def build_native(tools: Toolchain, python: Python, folder: Path) -> Path:
    """Builds _native, once `build_go` has made what it needs."""
    step(
        "pybindgen",
        lambda: gopy.run_pybindgen(RAW),
        inputs=[RAW / "build.py", Path(gopy.__file__)],
        outputs=[RAW / "gopy.c"],
    )
    generated = folder / "table"
    header = (folder / tools.library).with_suffix(".h")
    step(
        f"table-{label(folder)}",
        lambda: table.generate(GO_FILE, header, generated),
        inputs=[GO_FILE, header, Path(table.__file__)],
        outputs=[generated / "gopy_functions.h", generated / "gopy_go.h"],
    )
    objects = [
        compile_c(tools, python, source, folder / python.abi, generated)
        for source in c_sources(tools)
    ]
    native = folder / python.abi / f"_native{python.suffix}"
    step(
        f"_native-{label(folder)}-{python.abi}",
        lambda: link_c(tools, python, objects, native),
        inputs=objects,
        outputs=[native],
        settings=(tools.version, python.dll, link_flags(tools, native.name)),
    )
    return native


def c_sources(tools: Toolchain) -> list[Path]:
    other = "_posix.c" if tools.goos == "windows" else "_windows.c"
    found = [*(ROOT / "bridge" / "native").glob("*.c"), *(ROOT / "buffer").glob("*.c")]
    return sorted(path for path in found if not path.name.endswith(other))


def compile_c(
    tools: Toolchain, python: Python, source: Path, folder: Path, generated: Path
) -> Path:
    target = folder / f"{source.parent.name}-{source.stem}.o"
    includes = [ROOT / "bridge" / "native", ROOT / "buffer", generated]
    if OWN_HEADERS in python.includes:
        includes.append(OWN_HEADERS)
    headers = [path for include in includes for path in include.iterdir() if path.suffix in HEADERS]
    flags = [
        *C_FLAGS,
        *MORE_C_FLAGS,
        *([] if tools.goos == "windows" else ["-fPIC"]),
        *python.flags,
        *(f"-I{include.relative_to(ROOT)}" for include in includes),
        *(flag for include in python.includes for flag in ("-isystem", str(include))),
        *(f"-ffile-prefix-map={include}=python" for include in python.includes),
    ]
    inputs = [source, *headers]
    if source.name == "control.c":
        inputs.append(RAW / "gopy.c")
        flags.append(f"-I{RAW.relative_to(ROOT)}")
    step(
        f"{source.parent.name}-{source.stem}-{label(folder)}",
        lambda: show(tools.run_cc(*flags, "-c", str(source.relative_to(ROOT)), "-o", str(target))),
        inputs=inputs,
        outputs=[target],
        settings=(tools.version, flags),
    )
    return target


def show(warnings: str) -> None:
    if warnings:
        sys.stderr.write(warnings)


def link_flags(tools: Toolchain, name: str) -> list[str]:
    if tools.goos != "darwin":
        # Without -O2, zig puts a time into Windows libraries: of the commit that was built first.
        timeless = ["-O2"] if tools.goos == "windows" else []
        return ["-shared", *(MORE_C_FLAGS or ["-s"]), *timeless]
    # zig knows no -bundle. What it makes has a name and a map for debuggers in it, which would be
    # paths of this machine.
    named = ["-shared", f"-Wl,-install_name,@rpath/{name}", "-Wl,-S"]
    kind = named if tools.cross else ["-bundle"]
    return [*kind, "-undefined", "dynamic_lookup", "-Wl,-x", HEADER_ROOM]


def link_c(tools: Toolchain, python: Python, objects: list[Path], native: Path) -> None:
    files = list(map(str, objects))
    if python.dll:
        files.append(str(import_library(tools, python.dll, objects, native.parent)))
    tools.run_cc(*link_flags(tools, native.name), "-o", str(native), *files)
    if tools.cross and tools.goos == "darwin":
        sign_file(native)


def install(target: Path, libraries: Iterable[Path], modules: list[Path]) -> list[Path]:
    """Copies into the package; a library in use is replaced, not overwritten."""
    generated = target / "_gopy"
    generated.mkdir(parents=True, exist_ok=True)
    copies = {target / file.name: file for file in libraries}
    copies.update({generated / file.name: file for file in modules})
    for place, file in copies.items():
        new = place.with_name(place.name + ".new")
        shutil.copy2(file, new)
        new.replace(place)
    return list(copies)


def main() -> int:
    try:
        if sys.argv[1:] == ["--check"]:
            host()
            Python.running()
        else:
            build(ROOT / "pywasm")
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
