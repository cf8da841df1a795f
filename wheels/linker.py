"""Builds a linker that leaves out of libpywasm what only stack traces of Go show: Go's own, from
its own sources with a few calls changed to those of linker/_needed.go. Go has no flag for that.

Lines, arguments and inlined calls would be a fifth of the wheel. Names of functions and offsets
stay, from which a build of the same sources that has all else tells the lines.
"""

from __future__ import annotations

import json
from pathlib import Path

from wheels.stamps import step
from wheels.toolchain import ROOT, BuildError, Toolchain

NEEDED = ROOT / "wheels" / "linker" / "_needed.go"
SOURCES = (Path(__file__), NEEDED)
BUILT = ROOT / "build" / "_linker"  # not a package to `go vet ./...`
LINKER, WRAPPER = BUILT / "link", BUILT / "with"
# What is replaced in cmd/link/internal/ld/pcln.go, how often it is there, and by what.
CHANGES = (
    ("fi.NumInlTree() > 0", 6, "numInlTree(ldr, s, fi) > 0"),
    ("ni := 0, fi.NumInlTree()", 1, "ni := 0, numInlTree(ldr, s, fi)"),
    ("ldr.PcdataAuxs(s, pcdata)", 2, "pcdataAuxs(ldr, s, pcdata)"),
    ("ldr.NumPcdata(s)", 1, "numPcdata(ldr, s)"),
    ("ldr.NumFuncdata(s)", 1, "len(neededFuncdata(ldr, s, nil))"),
    ("ldr.Funcdata(s, fdSyms)", 1, "neededFuncdata(ldr, s, fdSyms)"),
    ("seen[pcSym]; !ok {", 1, "seen[pcSym]; !ok && pcSym != 0 {"),
    ("	seen = nil\n", 1, "	dropUnneeded(ldr, funcs, seen)\n"),
    ("	writePctab := func", 1, "	size = placePcdata(ldr, seen)\n	writePctab := func"),
    (
        "generateFilenameTabs(ctxt, compUnits, funcs)",
        1,
        "generateFilenameTabs(ctxt, compUnits, nil)",
    ),
    ("startLine = fi.StartLine()", 1, "startLine = 0"),
    ("startLine = inlFunc.StartLine()", 1, "startLine = 0"),
)


def flags(tools: Toolchain) -> list[str]:
    """For `go build`; builds the linker that they name."""
    step(
        "linker",
        lambda: build(tools),
        inputs=SOURCES,
        outputs=[LINKER, WRAPPER],
        settings=tools.go_version,
    )
    return [f"-toolexec={WRAPPER}"]


def build(tools: Toolchain) -> None:
    folder = Path(tools.run_go("env", "GOROOT").strip()) / "src/cmd/link/internal/ld"
    changed = BUILT / "pcln.go"
    changed.write_text(change((folder / "pcln.go").read_text()))
    replaced = {str(folder / "pcln.go"): str(changed), str(folder / "needed.go"): str(NEEDED)}
    overlay = BUILT / "overlay.json"
    overlay.write_text(json.dumps({"Replace": replaced}))
    tools.run_go_here("build", f"-overlay={overlay}", "-o", str(LINKER), "cmd/link")
    WRAPPER.write_text(
        f'#!/bin/sh\ncase $1 in */link) shift; exec "{LINKER}" "$@";; *) exec "$@";; esac\n'
    )
    WRAPPER.chmod(0o755)


def change(source: str) -> str:
    for old, count, new in CHANGES:
        if source.count(old) != count:
            raise BuildError(
                f"Go's linker is not what wheels/linker.py knows: {old!r} is not there"
            )
        source = source.replace(old, new)
    return source
