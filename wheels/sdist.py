"""Writes the sdist: setuptools chooses the files and the metadata; times and owners are made the
same here, since gzip and tar note them."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import tarfile
import tempfile
from pathlib import Path

from setuptools import build_meta


def write_sdist(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    when = int(os.environ.get("SOURCE_DATE_EPOCH", 315532800))
    with tempfile.TemporaryDirectory() as temporary:
        with contextlib.redirect_stdout(io.StringIO()):
            made = Path(temporary, build_meta.build_sdist(temporary))
        packed = normal(made, when)
    target = folder / made.name
    with target.open("wb") as file, gzip.GzipFile("", "wb", 9, file, when) as compressed:
        compressed.write(packed)
    return target


def normal(archive: Path, when: int) -> bytes:
    """The same files in the order of their names, as nobody's, of one time."""
    out = io.BytesIO()
    with tarfile.open(archive) as old, tarfile.open(fileobj=out, mode="w") as new:
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            if not member.isfile():
                continue
            plain = tarfile.TarInfo(member.name)
            plain.size, plain.mtime = member.size, when
            plain.mode = 0o755 if member.mode & 0o100 else 0o644
            new.addfile(plain, old.extractfile(member))
    return out.getvalue()
