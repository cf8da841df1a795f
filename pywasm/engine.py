"""Engines: what a Store compiles and runs modules with."""

from __future__ import annotations

from ._errors import CompileError, WasmError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from .target import Target, Triple

    class Compiler(Protocol):
        """A class Compiler of one of the modules in pywasm.compilers."""

        @staticmethod
        def into_opaque_compiler() -> str: ...


__all__ = ["JIT", "Dylib", "Native", "Universal"]


class Engine:
    """What all engines are. One without a compiler is headless: it cannot compile modules."""

    name: str
    compiler_name: str | None = None
    interruptible = True


class Universal(Engine):
    """Compiles in memory and runs there; without a compiler, headless.

    What it compiles runs on this machine, whose processor it asks for its features: a target is
    accepted if it has this architecture and operating system. Raises CompileError for another one.

    Guests of an engine that is not interruptible are a little faster: Ctrl-C, timeouts and
    Instance.interrupt reach them only when they call a host function that waits, or Python.

    >>> engine = Universal(pywasm.compilers.interpreter.Compiler)
    >>> pywasm.Store(engine).compiler_name
    'interpreter'
    """

    name = "universal"

    def __init__(
        self,
        compiler: type[Compiler] | Compiler | None = None,
        target: Target | None = None,
        *,
        interruptible: bool = True,
    ) -> None:
        self.interruptible = interruptible
        self.compiler_name = None if compiler is None else _name(compiler)
        if target is not None:
            _check_here(target, type(self).__name__)


class Dylib(Engine):
    """The native engine, which compiles to shared objects. pywasm does not have it yet.

    With a compiler it raises CompileError. Without one it can be made, but there is nothing that it
    could load.
    """

    name = "dylib"

    def __init__(
        self, compiler: type[Compiler] | Compiler | None = None, target: Target | None = None
    ) -> None:
        if target is not None:
            _check_target(target)
        if compiler is not None:
            _name(compiler)
            raise CompileError(
                f"Compilation error: engine.{type(self).__name__} needs the native engine, which "
                "pywasm does not have yet; engine.Universal (engine.JIT) compiles for this machine"
            )


class JIT(Universal):
    """The name that Universal had in wasmer 1.0."""


class Native(Dylib):
    """The name that Dylib had in wasmer 1.0."""


def _name(compiler: type[Compiler] | Compiler) -> str:
    name = compiler.into_opaque_compiler()
    if not name or not isinstance(name, str):
        raise WasmError("Failed to transfer the opaque compiler from the compiler")
    return name


def _check_target(target: Target) -> None:
    from .target import Target

    if not isinstance(target, Target):
        raise TypeError(f"target must be a Target, not {type(target).__name__}")


def _check_here(target: Target, engine: str) -> None:
    """Raises CompileError unless machine code for the target runs in this process.

    It calls no C library, so vendor and environment do not matter.
    """
    from .target import Triple

    _check_target(target)
    here, there = Triple.host(), target.triple
    if _platform(there) != _platform(here):
        raise CompileError(
            f"Compilation error: engine.{engine} compiles for the machine that it runs on, {here}, "
            f"not for {there}; that needs the native engine, which pywasm does not have yet"
        )
    if target.cpu_features and here.architecture not in _X86:
        features = ", ".join(sorted(target.cpu_features))
        raise CompileError(f"Compilation error: {there} has no features of x86: {features}")


_X86 = ("i386", "i586", "i686", "x86_64")


def _platform(triple: Triple) -> tuple[str, str]:
    system = triple.operating_system
    return triple.architecture, "darwin" if system.startswith("macosx") else system
