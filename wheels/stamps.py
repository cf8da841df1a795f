"""Runs a step of the build only if something that it depends on has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from wheels.toolchain import ROOT

STAMPS = ROOT / "build" / "stamps"


def step(
    name: str,
    action: Callable[[], None],
    *,
    inputs: Iterable[Path],
    outputs: Iterable[Path],
    settings: object = "",
) -> None:
    """Calls `action` unless all outputs are there and were made from these inputs and settings."""
    stamp = STAMPS / name
    digest = digest_of(inputs, settings)
    outputs = list(outputs)
    if stamp.exists() and stamp.read_text() == digest and all(path.exists() for path in outputs):
        return
    print(f"building {name}", flush=True)
    stamp.unlink(missing_ok=True)
    for path in outputs:
        path.parent.mkdir(parents=True, exist_ok=True)
    action()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest)


def digest_of(inputs: Iterable[Path], settings: object) -> str:
    digest = hashlib.sha256(repr(settings).encode())
    for path in sorted(set(inputs)):
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
