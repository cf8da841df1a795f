"""What makes libpywasm small, as flags of Go's compiler; docs/install-matrix.md has the figures."""

from __future__ import annotations

import json
from pathlib import Path

from wheels import hollow
from wheels.toolchain import ROOT, Toolchain

# Packages in which no time is spent: compiled without inlining, which makes their code smaller.
# wazero would be 4 % of the wheel, and take a quarter longer to compile a module.
COLD = (
    "bytes",
    "context",
    "crypto/...",
    "debug/...",
    "encoding/...",
    "errors",
    "fmt",
    "github.com/go-python/gopy/...",
    "github.com/pywasm-go/pywasm/bridge",
    "github.com/pywasm-go/pywasm/bridge/lib",
    "github.com/pywasm-go/pywasm/core/wat",
    "golang.org/x/sys/...",
    "hash/...",
    "internal/bisect",
    "internal/fmtsort",
    "internal/godebug",
    "internal/poll",
    "internal/strconv",
    "internal/syscall/...",
    "io/...",
    "math/...",
    "net",
    "net/...",
    "os",
    "path/...",
    "reflect",
    "runtime/debug",
    "sort",
    "strconv",
    "strings",
    "syscall",
    "time",
    "unicode/...",
    "vendor/...",
)
DWARF = ROOT / "wheels" / "dwarf" / "dwarf.go"
BUILT = ROOT / "build" / "_hollow"  # not a package to `go vet ./...`
OVERLAY = ROOT / "build" / "overlay.json"
SOURCES = (Path(__file__), DWARF, Path(hollow.__file__))


def flags(tools: Toolchain) -> list[str]:
    """For `go build`; writes the overlay that they name."""
    goroot = Path(tools.run_go("env", "GOROOT").strip())
    folder = goroot / "src" / "debug" / "dwarf"
    replaced = {str(path): "" for path in sorted(folder.glob("*.go"))}
    replaced[str(folder / "open.go")] = str(DWARF)
    if tools.cross:
        replaced.update(hollow.overlay(goroot, BUILT))
    OVERLAY.parent.mkdir(parents=True, exist_ok=True)
    OVERLAY.write_text(json.dumps({"Replace": replaced}))
    return [f"-overlay={OVERLAY}", *(f"-gcflags={package}=-l" for package in COLD)]
