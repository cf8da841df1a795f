"""What programs for wasmer-python rely on and pywasm does otherwise."""

from __future__ import annotations

import os

import pywasm
from pywasm import wasi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import Any, Union

    from typing_extensions import Buffer as Bytes

    Path = Union[str, PathLike[str]]


def wasm2wat(bytes: Bytes) -> str:
    """As pywasm.wasm2wat, without the end of the last line."""
    return pywasm.wasm2wat(bytes).rstrip("\n")


class StateBuilder(wasi.StateBuilder):
    """As pywasm.wasi.StateBuilder, but guests have a root: "/" lists the directories given to them.

    These are found below it, too. It cannot be written to.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._aliases: list[str] = []
        super().__init__(*arguments, **named)

    def map_directory(
        self, alias: Path, directory: Path, *, readonly: bool = False, quota: int | None = None
    ) -> StateBuilder:
        """Lets the guest use a directory under another name, and under that name below "/"."""
        name = os.fsdecode(alias)
        names = [name] if name.startswith("/") or not _is_below(name) else [name, "/" + name]
        for each in names:
            super().map_directory(each, directory, readonly=readonly, quota=quota)
        self._aliases.append(name)
        return self

    def finalize(self) -> wasi.Environment:
        """As the other's: opens all that was given and returns the environment."""
        if "/" in self._aliases:
            return super().finalize()
        given = self._records
        self._records = []
        try:
            names = (alias.strip("/") for alias in self._aliases)
            self.map_files("/", {f"{n}/": b"" for n in names if _is_below(n)}, readonly=True)
            self._records += given
            return super().finalize()
        finally:
            self._records = given


def _is_below(name: str) -> bool:
    return not {"", ".", ".."}.intersection(name.split("/"))
