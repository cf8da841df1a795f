"""What pip calls (PEP 517): setuptools, but for the wheel, which is written here.

So every wheel, that of `pip install .` and those of `make wheels`, has the same files in it.
"""

from __future__ import annotations

import contextlib
import io
import sysconfig
import tempfile
from collections.abc import Mapping
from pathlib import Path

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
)

from wheels import notices, pack
from wheels.build import BUILD, build_go, build_native, generated_modules
from wheels.python import Python
from wheels.toolchain import ROOT, BuildError, Toolchain, host

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
]


def build_wheel(
    wheel_directory: str,
    config_settings: Mapping[str, object] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """The wheel for this machine and the Python that runs this."""
    try:
        tools, python = host(), Python.running()
        folder = BUILD / tools.platform
        libraries = build_go(tools, folder), build_native(tools, python, folder)
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        files = package(libraries[0], libraries[1])
        info = dist_info(tools, libraries[0])
        tag = f"{python.tag}-{platform}"
        return pack.wheel(Path(wheel_directory), tag, files, info).name
    except BuildError as error:
        raise SystemExit(f"error: {error}") from None


def package(library: Path, native: Path) -> dict[str, bytes]:
    """What is installed into site-packages."""
    source = ROOT / "pywasm"
    found = {path.relative_to(ROOT).as_posix(): path for path in sources(source)}
    found.update({f"pywasm/_gopy/{path.name}": path for path in generated_modules()})
    found.update({f"pywasm/{path.name}": path for path in (library, native)})
    return {name: path.read_bytes() for name, path in found.items()}


def sources(folder: Path) -> list[Path]:
    """The package's Python as committed: nothing generated, nothing compiled."""
    found = [path for path in folder.rglob("*") if path.suffix in {".py", ".pyi"}]
    return [folder / "py.typed", *(path for path in found if "_gopy" not in path.parts)]


def dist_info(tools: Toolchain, library: Path) -> dict[str, bytes]:
    """What is in .dist-info, but for WHEEL and RECORD."""
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.redirect_stdout(io.StringIO()):
            made = Path(folder, build_meta.prepare_metadata_for_build_wheel(folder))
        files = {
            path.relative_to(made).as_posix(): path.read_bytes()
            for path in made.rglob("*")
            if path.is_file() and path.name != "top_level.txt"
        }
    name, version = pack.identity(files["METADATA"])
    modules = notices.modules(tools, library)
    licences = notices.licences(tools, modules)
    files["METADATA"] = add_licences(files["METADATA"], list(licences))
    files.update({f"licenses/{path}": text for path, text in licences.items()})
    files[f"sboms/{name}.cdx.json"] = notices.sbom(name, version, modules)
    return files


def add_licences(metadata: bytes, paths: list[str]) -> bytes:
    head, found, rest = metadata.partition(b"License-File: LICENSE\n")
    if not found:
        raise BuildError("the metadata that setuptools writes names no License-File")
    return head + found + "".join(f"License-File: {path}\n" for path in paths).encode() + rest
