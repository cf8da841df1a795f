"""Targets: the machines that modules are compiled for.

>>> target = Target(Triple("x86_64-linux-musl"))
>>> target.triple.operating_system, target.triple.pointer_width
('linux', 8)
"""

from __future__ import annotations

from ._types import _Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["CpuFeatures", "Target", "Triple"]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# The words of a triple, as LLVM and rustc have them. Architectures are by endianness and width of
# a pointer in bytes.
_ARCHITECTURES = {
    name: properties
    for properties, names in {
        (None, None): "unknown",
        ("little", 2): "avr msp430",
        ("little", 4): """arm armv4 armv4t armv5t armv5te armv5tej armv6 armv6j armv6k armv6z
            armv6kz armv6t2 armv6m armv7 armv7a armv7ve armv7m armv7r armv7s armv8 armv8a armv8.1a
            armv8.2a armv8.3a armv8.4a armv8.5a armv8m.base armv8m.main armv8r thumbv4t thumbv6m
            thumbv7a thumbv7em thumbv7m thumbv7neon thumbv8m.base thumbv8m.main asmjs hexagon i386
            i586 i686 mipsel mipsisa32r6el riscv32 riscv32gc riscv32i riscv32imac riscv32imc
            wasm32""",
        ("big", 4): "armeb armebv7r thumbeb mips mipsisa32r6 powerpc sparc",
        ("little", 8): """aarch64 amdgcn bpfel mips64el mipsisa64r6el nvptx64 powerpc64le riscv64
            riscv64gc riscv64imac wasm64 x86_64""",
        ("big", 8): "aarch64_be bpfeb mips64 mipsisa64r6 powerpc64 s390x sparc64 sparcv9",
    }.items()
    for name in names.split()
}
_VENDORS = _set("unknown amd apple experimental fortanix nvidia pc rumprun sun uwp wrs")
_SYSTEMS = _set(
    """unknown amdhsa bitrig cloudabi cuda darwin dragonfly emscripten freebsd fuchsia haiku hermit
    illumos ios l4re linux nebulet netbsd none openbsd psp redox solaris tvos uefi vxworks wasi
    windows"""
)
_ENVIRONMENTS = _set(
    """unknown amdgiz android androideabi eabi eabihf gnu gnuabi64 gnueabi gnueabihf gnuspe gnux32
    gnu_ilp32 hermitkernel linuxkernel macabi musl musleabi musleabihf muslabi64 msvc kernel uclibc
    uclibceabi sgx sim softfloat spe"""
)
_FORMATS = _set("unknown elf coff macho wasm")

_APPLE = {"darwin", "ios", "tvos"}
_WASM_HOSTS = {"emscripten", "nebulet", "unknown", "wasi"}
_SYSTEM_V = _set(
    """bitrig cloudabi dragonfly freebsd fuchsia haiku hermit l4re linux netbsd openbsd redox
    solaris"""
)
# Where a triple is written without its vendor if that is unknown.
_SHORT_LINUX = {"android", "androideabi", "kernel"}
_SHORT_NONE = _set(
    """armebv7r armv7a armv7r msp430 thumbv4t thumbv6m thumbv7em thumbv7m thumbv8m.base
    thumbv8m.main x86_64"""
)

_KERNELS = {"hermitkernel", "linuxkernel"}  # where it is not, all the same

_FEATURES = _set(
    """sse2 sse3 ssse3 sse4.1 sse4.2 popcnt avx bmi bmi2 avx2 avx512dq avx512vl avx512f
    lzcnt"""
)
# What Python calls some architectures.
_MACHINES = {"amd64": "x86_64", "armv7l": "armv7", "win32": "i686"}


def _is_vendor(word: str) -> bool:
    if word in _VENDORS:
        return True
    known = word in _ARCHITECTURES or word == "arm64" or word in _ENVIRONMENTS or word in _FORMATS
    return (
        not known
        and not _is_system(word)
        and "a" <= word[:1] <= "z"
        and all(c in "._" or "a" <= c <= "z" or "0" <= c <= "9" for c in word)
    )


def _is_system(word: str) -> bool:
    if not word.startswith("macosx"):
        return word in _SYSTEMS
    numbers = word[len("macosx") :].split(".")
    return len(numbers) == 3 and all(
        n.isascii() and n.isdigit() and int(n) < 2**16 for n in numbers
    )


# What follows the architecture, each of it optional.
_FIELDS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("vendor", _is_vendor),
    ("operating system", _is_system),
    ("environment", _ENVIRONMENTS.__contains__),
    ("binary format", _FORMATS.__contains__),
    ("field", lambda word: False),
)


def _parse(triple: str) -> list[str | None]:
    architecture, *words = triple.split("-")
    if architecture == "arm64":
        architecture = "aarch64"
    if architecture not in _ARCHITECTURES:
        raise ValueError(f"Unrecognized architecture: {architecture}")
    found: list[str | None] = [architecture]
    expected = ""
    for (name, is_known), (following, _) in zip(_FIELDS, _FIELDS[1:]):
        expected = expected or name
        if words and is_known(words[0]):
            found.append(words.pop(0))
            expected = following
        else:
            found.append(None)
    if words:
        raise ValueError(f"Unrecognized {expected}: {words[0]}")
    return found


class Triple(_Record):
    """The name of a kind of machine: architecture, vendor, operating system, environment, format.

    All but the architecture may be left out, and is "unknown" then; the binary format follows from
    the others. Raises ValueError that names the word that is not known.

    >>> triple = Triple("x86_64-apple-darwin")
    >>> triple.vendor, triple.binary_format, triple.default_calling_convention
    ('apple', 'macho', 'system_v')
    """

    __slots__ = (  # noqa: RUF023  # in the order in which they are written
        "architecture",
        "vendor",
        "operating_system",
        "environment",
        "binary_format",
    )

    def __init__(self, triple: str) -> None:
        if not isinstance(triple, str):
            raise TypeError(f"a triple must be a str, not {type(triple).__name__}")
        architecture, vendor, system, environment, binary_format = _parse(triple)
        self.architecture = architecture or "unknown"
        self.vendor = vendor or "unknown"
        self.operating_system = system or "unknown"
        self.environment = environment or "unknown"
        self.binary_format = binary_format or self._implied_format()

    @staticmethod
    def host() -> Triple:
        """Returns the triple of the machine that this Python is made for.

        >>> str(Triple.host())
        'x86_64-unknown-linux-gnu'
        """
        return Triple(_host())

    def _implied_format(self) -> str:
        system = self.operating_system
        if system == "none":
            return "elf" if self.environment in ("eabi", "eabihf") else "unknown"
        if self._is_apple():
            return "macho"
        if system == "windows":
            return "coff"
        if system in _WASM_HOSTS or system == "vxworks":
            return "wasm" if self.architecture in ("wasm32", "wasm64") else "unknown"
        return "elf"

    def _is_apple(self) -> bool:
        return self.operating_system in _APPLE or self.operating_system.startswith("macosx")

    @property
    def endianness(self) -> str | None:
        """ "little" or "big"; None for an unknown architecture."""
        return _ARCHITECTURES[self.architecture][0]

    @property
    def pointer_width(self) -> int | None:
        """The width of a pointer in bytes: 2, 4 or 8; None for an unknown architecture."""
        return _ARCHITECTURES[self.architecture][1]

    @property
    def default_calling_convention(self) -> str | None:
        """How functions are called there, or None where that is not known.

        "system_v" on most systems, "windows_fastcall", "apple_aarch64" or "wasm_basic_c_abi".
        """
        system = self.operating_system
        if self._is_apple():
            return "apple_aarch64" if self.architecture.startswith("aarch64") else "system_v"
        if system in _WASM_HOSTS and self.architecture == "wasm32":
            return "wasm_basic_c_abi"
        if system == "windows":
            return "windows_fastcall"
        return "system_v" if system in _SYSTEM_V else None

    def _is_short(self) -> bool:
        system, environment = self.operating_system, self.environment
        if self.vendor != "unknown" or environment in _KERNELS:
            return False
        return (
            system in ("fuchsia", "wasi")
            or (system == "linux" and environment in _SHORT_LINUX)
            or (system == "none" and self.architecture in _SHORT_NONE)
        )

    def __str__(self) -> str:
        words = [self.architecture]
        if not self._is_short():
            words.append(self.vendor)
        words.append(self.operating_system)
        if self.environment != "unknown":
            words.append(self.environment)
        if self.binary_format != self._implied_format():
            words.append(self.binary_format)
        return "-".join(words)

    def __repr__(self) -> str:
        return f"Triple({str(self)!r})"


def _host() -> str:
    import sysconfig

    system, _, machine = sysconfig.get_platform().rpartition("-")
    if system.startswith("macosx"):
        import os

        return f"{os.uname().machine}-apple-darwin"  # the platform may say "universal2"
    machine = _MACHINES.get(machine, machine)
    if system.startswith("linux"):
        return f"{machine}-unknown-linux-{'gnueabihf' if machine.startswith('armv') else 'gnu'}"
    if system in ("win", ""):
        return f"{machine}-pc-windows-msvc"
    return f"{machine}-unknown-{system.partition('-')[0]}"


class CpuFeatures:
    """A set of features that a processor has beyond what its architecture asks for; empty at first.

    >>> cpu_features = CpuFeatures()
    >>> cpu_features.add("sse2")
    >>> list(cpu_features)
    ['sse2']
    """

    def __init__(self) -> None:
        self._names: set[str] = set()

    def add(self, feature: str) -> None:
        """Adds a feature by the name that GCC has for it. Raises ValueError for an unknown one.

        sse2, sse3, ssse3, sse4.1, sse4.2, popcnt, avx, bmi, bmi2, avx2, avx512dq, avx512vl, avx512f
        or lzcnt.
        """
        if not isinstance(feature, str):
            raise TypeError(f"a feature must be a str, not {type(feature).__name__}")
        if feature not in _FEATURES:
            raise ValueError(f"CpuFeature {feature} not recognized")
        self._names.add(feature)

    def __contains__(self, feature: object) -> bool:
        return feature in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<pywasm.target.CpuFeatures {', '.join(self)}>"


class Target(_Record):
    """What an engine is to compile for: a triple, and which features the processor has.

    cpu_features are those that were there when the target was made, as a frozenset; without them,
    none is taken for granted.

    >>> Target(Triple("aarch64-apple-darwin")).triple
    Triple('aarch64-apple-darwin')
    """

    __slots__ = ("cpu_features", "triple")

    def __init__(self, triple: Triple, cpu_features: CpuFeatures | None = None) -> None:
        if not isinstance(triple, Triple):
            raise TypeError(f"triple must be a Triple, not {type(triple).__name__}")
        if cpu_features is not None and not isinstance(cpu_features, CpuFeatures):
            kind = type(cpu_features).__name__
            raise TypeError(f"cpu_features must be CpuFeatures, not {kind}")
        self.triple = triple
        self.cpu_features: frozenset[str] = frozenset(cpu_features or ())
