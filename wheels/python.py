"""What the C half must know of the Python that it is built for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wheels.toolchain import ROOT, BuildError

# From 3.12 on the limited API has all that we need (vectorcall, buffers): one build serves all.
LIMITED = (3, 12)
OWN_HEADERS = ROOT / "wheels" / "headers"


@dataclass(frozen=True)
class Python:
    tag: str  # of a wheel: interpreter and ABI
    suffix: str  # of an extension module's file
    includes: tuple[Path, ...]
    flags: tuple[str, ...]
    dll: str = ""  # of Windows, where each symbol must be said to come from one

    @property
    def abi(self) -> str:
        return self.tag.partition("-")[2]

    @classmethod
    def running(cls) -> Python:
        include = Path(sysconfig.get_path("include"))
        if not (include / "Python.h").exists():
            raise BuildError(
                f"pywasm is built with the headers of Python, which are not installed: found no "
                f"{include / 'Python.h'} (Debian: `apt install python3-dev`)"
            )
        if limited():
            windows = sys.platform == "win32"
            suffix = ".pyd" if windows else ".abi3.so"
            flags = ("-DPy_LIMITED_API=0x{:02X}{:02X}0000".format(*LIMITED),)
            return cls("cp{}{}-abi3".format(*LIMITED), suffix, (include,), flags)
        version = "cp{}{}".format(*sys.version_info)
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        return cls(f"{version}-{version}{getattr(sys, 'abiflags', '')}", suffix, (include,), ())


def limited() -> bool:
    """Whether this Python takes the one library for all; the free-threaded build does not."""
    return sys.version_info >= LIMITED and not sysconfig.get_config_var("Py_GIL_DISABLED")


def foreign_headers(version: str) -> tuple[Path, ...]:
    """The headers of Python `version` for any machine: those of this machine's interpreter, but for
    pyconfig.h, in whose place comes wheels/headers/pyconfig.h."""
    copy = ROOT / "build" / "headers" / version
    if not copy.exists():
        new = copy.with_name(f"{version}.new")
        shutil.rmtree(new, ignore_errors=True)
        ignored = shutil.ignore_patterns("pyconfig*.h", "internal")
        shutil.copytree(find_headers(version), new, ignore=ignored)
        new.replace(copy)
    return (OWN_HEADERS, copy)


def find_headers(version: str) -> Path:
    for interpreter in interpreters(version):
        done = subprocess.run(
            [interpreter, "-c", "import sysconfig; print(sysconfig.get_path('include'))"],
            capture_output=True,
            text=True,
        )
        include = Path(done.stdout.strip())
        if done.returncode == 0 and (include / "Python.h").exists():
            return include
    raise BuildError(
        f"wheels for Python {version} are built with its headers: found no `python{version}` with "
        "them in PATH or in pyenv"
    )


def interpreters(version: str) -> Iterator[Path]:
    """Those of this machine that may be Python `version`."""
    if version == "{}.{}".format(*sys.version_info):
        yield Path(sys.executable)
    if found := shutil.which(f"python{version}"):
        yield Path(found)  # one of pyenv's shims may fail
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(root.glob(f"versions/{version}.*/bin/python{version}"))
