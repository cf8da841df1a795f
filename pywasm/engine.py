"""Engines: what a Store compiles and runs modules with."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Compiler(Protocol):
        """A class Compiler of one of the modules in pywasm.compilers."""

        @staticmethod
        def into_opaque_compiler() -> str: ...


__all__ = ["JIT", "Universal"]


class Universal:
    """Compiles in memory and runs there.

    Without a compiler the engine is headless: it cannot compile modules.

    >>> engine = Universal(pywasm.compilers.interpreter.Compiler)
    >>> pywasm.Store(engine).compiler_name
    'interpreter'
    """

    name = "universal"

    def __init__(self, compiler: type[Compiler] | Compiler | None = None) -> None:
        self.compiler_name = None if compiler is None else compiler.into_opaque_compiler()


class JIT(Universal):
    """The name that Universal had in wasmer 1.0."""
