"""The compilers, a module each: pass the class Compiler of one to an engine."""

from . import interpreter, optimizing

__all__ = ["interpreter", "optimizing"]
