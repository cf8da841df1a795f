"""Builds the wheels of all targets and the sdist into dist/; `make wheels` runs this.

Two builds of the same sources are the same bytes. Each libpywasm is linked and compressed once.
"""

from __future__ import annotations

import argparse
import functools
import sys

from wheels import pack
from wheels.backend import dist_info, package
from wheels.build import BUILD, build_go, build_native
from wheels.python import Python, foreign_headers
from wheels.sdist import write_sdist
from wheels.targets import Platform, PythonTarget, platforms, pythons
from wheels.toolchain import ROOT, BuildError, cross

DIST = ROOT / "dist"


@functools.cache
def compress(content: bytes) -> bytes:
    """Deflate as small as it gets within seconds: 4 % smaller than zlib's."""
    import deflate

    return bytes(deflate.deflate_compress(content, 12))


def target_python(row: PythonTarget, platform: Platform) -> Python:
    dll = row.dll if platform.goos == "windows" else ""
    return Python(row.tag, row.suffix(platform), foreign_headers(row.headers), row.flags, dll)


def build_platform(platform: Platform, rows: list[PythonTarget]) -> None:
    tools = cross(platform.goos, platform.goarch, platform.zig)
    folder = BUILD / "cross" / platform.name
    library = build_go(tools, folder)
    info = dist_info(tools, library)
    for row in rows:
        native = build_native(tools, target_python(row, platform), folder)
        tag = f"{row.tag}-{platform.wheel}"
        made = pack.wheel(DIST, tag, package(library, native), info, compress)
        print(f"{made.relative_to(ROOT)}: {made.stat().st_size:,} bytes", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--platform", default="", help="only those whose name contains this")
    parser.add_argument("--python", default="", help="only those whose tag contains this")
    parser.add_argument("--free-threaded", action="store_true", help="those instead, not released")
    options = parser.parse_args()
    rows = pythons("free-threaded" if options.free_threaded else "pythons")
    try:
        for platform in platforms():
            if options.platform in platform.name:
                build_platform(platform, [row for row in rows if options.python in row.tag])
        print(write_sdist(DIST).relative_to(ROOT))
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
