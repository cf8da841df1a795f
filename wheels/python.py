"""What the C half must know of the Python that it is built for."""

from __future__ import annotations

import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from wheels.toolchain import BuildError

# From 3.12 on the limited API has all that we need (vectorcall, buffers): one build serves all.
LIMITED = (3, 12)


@dataclass(frozen=True)
class Python:
    abi: str  # the ABI part of a wheel's tag
    suffix: str  # of an extension module's file
    include: Path
    flags: tuple[str, ...]

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
            return cls("abi3", suffix, include, flags)
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        return cls("cp{}{}".format(*sys.version_info), suffix, include, ())


def limited() -> bool:
    """Whether this Python takes the one library for all; the free-threaded build does not."""
    return sys.version_info >= LIMITED and not sysconfig.get_config_var("Py_GIL_DISABLED")
