"""What `make wheels` builds, read from targets.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli  # Python 3.9 and 3.10 have no tomllib

TABLE = Path(__file__).with_name("targets.toml")


@dataclass(frozen=True)
class Platform:
    """A row of [platforms]."""

    name: str
    zig: str
    wheel: str
    extension: str
    extension_abi3: str

    @property
    def goos(self) -> str:
        return self.name.partition("-")[0]

    @property
    def goarch(self) -> str:
        return self.name.partition("-")[2]


@dataclass(frozen=True)
class PythonTarget:
    """A row of [pythons] or [free-threaded]."""

    tag: str
    headers: str
    dll: str
    version: str = ""  # of file names; none for the limited API
    limited: str = ""
    defines: tuple[str, ...] = ()

    @property
    def abi(self) -> str:
        return self.tag.partition("-")[2]

    def suffix(self, platform: Platform) -> str:
        """What follows `_native` in the name of the extension module."""
        if self.limited:
            return platform.extension_abi3
        return platform.extension.format(version=self.version)

    @property
    def flags(self) -> tuple[str, ...]:
        defines = [f"-D{define}" for define in self.defines]
        return (*defines, *([f"-DPy_LIMITED_API={self.limited}"] if self.limited else []))


def platforms() -> list[Platform]:
    return [
        Platform(name, row["zig"], row["wheel"], row["extension"], row["extension-abi3"])
        for name, row in read()["platforms"].items()
    ]


def pythons(section: str = "pythons") -> list[PythonTarget]:
    return [
        PythonTarget(tag, **{**row, "defines": tuple(row.get("defines", ()))})
        for tag, row in read()[section].items()
    ]


def read() -> Mapping[str, Any]:
    table: dict[str, Any] = tomli.loads(TABLE.read_text(encoding="utf-8"))
    return table
