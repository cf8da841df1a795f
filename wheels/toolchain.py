"""Finds Go and a C compiler, and runs them."""

from __future__ import annotations

import contextlib
import importlib.util
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
PATIENCE = 300  # seconds for a call of the C compiler


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
    go_version: str  # with the next part of every stamp
    cc_version: str
    cross: bool  # for others to install: small and signed

    @property
    def platform(self) -> str:
        return f"{self.goos}-{self.goarch}"

    @property
    def strips(self) -> bool:
        """Whether the linker knows -s."""
        return self.goos != "darwin"

    @property
    def library(self) -> str:
        suffix = {"darwin": ".dylib", "windows": ".dll"}.get(self.goos, ".so")
        return "libpywasm" + suffix

    @property
    def version(self) -> tuple[str, str]:
        return self.go_version, self.cc_version

    def run_go(self, *arguments: str) -> str:
        return run([self.go, *arguments], self.environment)

    def run_go_here(self, *arguments: str) -> str:
        """For this machine, whichever the target is."""
        environment = {**self.environment, "CGO_ENABLED": "0"}
        for name in ("GOOS", "GOARCH", "CC"):
            environment.pop(name, None)
        return run([self.go, *arguments], environment)

    def run_go_tool(self, *arguments: str) -> str:
        """Runs a program that go.mod names."""
        return self.run_go_here("tool", *arguments)

    def run_cc(self, *arguments: str) -> str:
        """Begins once more what takes minutes: zig's linker waited for itself forever, once."""
        command = [*self.cc, *arguments]
        for _ in range(2):
            with contextlib.suppress(subprocess.TimeoutExpired):
                return run(command, self.environment, PATIENCE)
        raise BuildError(f"{shlex.join(command)} did not end within {PATIENCE} seconds, twice")


def run(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> str:
    """Runs a command in the root of the repository; its output is shown only if it fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=seconds,
    )
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        sys.stderr.write(output)
        raise BuildError(f"{shlex.join(command)} failed with exit code {done.returncode}")
    return output


def host() -> Toolchain:
    """The compilers for the machine that builds: $GO or `go`, and $CC or `cc`, `gcc`, `clang`."""
    go, environment = go_environment()
    version, goos, goarch = run(
        [go, "env", "GOVERSION", "GOHOSTOS", "GOHOSTARCH"], environment
    ).split()
    check_go(go, version)
    cc = find_cc()
    environment["CC"] = shlex.join(cc)
    cc_version = run([*cc, "--version"], environment).splitlines()[0]
    return Toolchain(goos, goarch, go, cc, environment, version, cc_version, cross=False)


def cross(goos: str, goarch: str, target: str) -> Toolchain:
    """Go and zig for another machine; `target` is zig's name of it."""
    go, environment = go_environment()
    version = run([go, "env", "GOVERSION"], environment).strip()
    check_go(go, version)
    zig = find_zig()
    cc = (zig, "cc", "-target", target)
    environment.update(GOOS=goos, GOARCH=goarch, CC=shlex.join(cc))
    if goos == "darwin":
        # What Go asks for of the system's libraries, as stubs: Apple's may not be passed on.
        stubs = ROOT / "wheels" / "macos"
        environment["CGO_LDFLAGS"] = shlex.join([f"-F{stubs}", f"-L{stubs}"])
    cc_version = f"zig {run([zig, 'version']).strip()} {target}"
    return Toolchain(goos, goarch, go, cc, environment, version, cc_version, cross=True)


def go_environment() -> tuple[str, dict[str, str]]:
    """Go, and an environment without what would make another library: the user's flags, workspaces
    and other versions of Go."""
    go = find_go()
    own = {name for name in os.environ if name.startswith(("CGO_", "GOAMD64", "GOARM64"))}
    environment = {
        **{name: value for name, value in os.environ.items() if name not in own},
        "CGO_ENABLED": "1",
        "CGO_CFLAGS": "-O2 -g0",
        "GOEXPERIMENT": "",
        "GOFLAGS": "-mod=readonly",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "PATH": os.pathsep.join([str(Path(go).parent), os.environ.get("PATH", os.defpath)]),
    }
    return go, environment


def find_zig() -> str:
    found = importlib.util.find_spec("ziglang")
    if found and found.submodule_search_locations:
        folder = Path(found.submodule_search_locations[0])
        return str(folder / ("zig.exe" if sys.platform == "win32" else "zig"))
    raise BuildError(
        "wheels for other machines are built with zig, which is not installed: "
        "`pip install -r wheels/requirements.txt`, or `make wheels`, which does that"
    )


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
