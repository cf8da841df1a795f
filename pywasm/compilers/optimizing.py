"""Compiles to machine code while a module is loaded; amd64 and arm64. The default."""

from __future__ import annotations

__all__ = ["Compiler"]


class Compiler:
    """wazero's optimizing compiler.

    >>> engine = pywasm.engine.JIT(Compiler)
    """

    @staticmethod
    def into_opaque_compiler() -> str:
        """Returns the name by which the engine knows the compiler."""
        return "optimizing"
