"""Interprets: loads a module in the time it takes to read it, on every platform."""

from __future__ import annotations

__all__ = ["Compiler"]


class Compiler:
    """wazero's interpreter: no machine code is made, so none can be wrong.

    >>> engine = pywasm.engine.JIT(Compiler)
    """

    @staticmethod
    def into_opaque_compiler() -> str:
        """Returns the name by which the engine knows the compiler."""
        return "interpreter"
