"""Finds Go and a C compiler, and runs them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GO_NEEDED = (1, 26)


class BuildError(Exception):
    """Something that the user can mend, said in one line."""


@dataclass(frozen=True)
class Toolchain:
    """The compilers of one target and what they are given on each call."""

    goos: str
    goarch: str
    go: str
    cc: tuple[str, ...]
    environment: Mapping[str, str]
    version: str  # of Go and of the C compiler: part of every stamp

    @property
    def platform(self) -> str:
        return f"{self.goos}-{self.goarch}"

    @property
    def library(self) -> str:
        suffix = {"darwin": ".dylib", "windows": ".dll"}.get(self.goos, ".so")
        return "libpywasm" + suffix

    def run_go(self, *arguments: str) -> str:
        return run([self.go, *arguments], self.environment)

    def run_cc(self, *arguments: str) -> str:
        return run([*self.cc, *arguments], self.environment)


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Runs a command in the root of the repository; its output is shown only if it fails."""
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        sys.stderr.write(output)
        raise BuildError(f"{shlex.join(command)} failed with exit code {done.returncode}")
    return output


def host() -> Toolchain:
    """The compilers for the machine that builds: $GO or `go`, and $CC or `cc`, `gcc`, `clang`."""
    go = find_go()
    # The user's GOFLAGS, workspaces and other versions of Go would make another library.
    environment = {
        **os.environ,
        "CGO_ENABLED": "1",
        "GOFLAGS": "-mod=readonly",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "PATH": os.pathsep.join([str(Path(go).parent), os.environ.get("PATH", os.defpath)]),
    }
    version, goos, goarch = run(
        [go, "env", "GOVERSION", "GOHOSTOS", "GOHOSTARCH"], environment
    ).split()
    check_go(go, version)
    cc = find_cc()
    environment["CC"] = shlex.join(cc)
    version += " " + run([*cc, "--version"], environment).splitlines()[0]
    return Toolchain(goos, goarch, go, cc, environment, version)


def find_go() -> str:
    wanted = os.environ.get("GO") or "go"
    if found := shutil.which(wanted):
        return found
    raise BuildError(
        "pywasm is built with Go {}.{} or newer, which is not installed: found no `{}` in PATH; "
        "get it from https://go.dev/dl/, or name it in $GO".format(*GO_NEEDED, wanted)
    )


def check_go(go: str, version: str) -> None:
    number = re.match(r"go(\d+)\.(\d+)", version)
    if number and tuple(map(int, number.groups())) < GO_NEEDED:
        raise BuildError(
            "pywasm is built with Go {}.{} or newer, but {} is {}; "
            "get a newer one from https://go.dev/dl/".format(*GO_NEEDED, go, version)
        )


def find_cc() -> tuple[str, ...]:
    wanted = os.environ.get("CC")
    names = [wanted] if wanted else ["cc", "gcc", "clang"]
    for name in names:
        command = shlex.split(name)
        if found := shutil.which(command[0]):
            return (found, *command[1:])
    raise BuildError(
        "pywasm is built with a C compiler, which is not installed: found no "
        + ", ".join(f"`{name}`" for name in names)
        + " in PATH; install gcc or clang (Debian: `apt install gcc libc6-dev`, macOS: "
        "`xcode-select --install`), or name one in $CC"
    )
