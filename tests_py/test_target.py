"""Targets: triples, features of processors, and what engines do with them."""

import copy
import pickle
import platform
import re
import sys

import pytest

import pywasm
from pywasm import engine
from pywasm.target import CpuFeatures, Target, Triple

FIELDS = [
    "architecture",
    "vendor",
    "operating_system",
    "environment",
    "binary_format",
    "endianness",
    "pointer_width",
    "default_calling_convention",
]


def fields(triple):
    return [getattr(triple, field) for field in FIELDS]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x86_64-apple-darwin", "x86_64 apple darwin unknown macho little 8 system_v"),
        ("x86_64-unknown-linux-gnu", "x86_64 unknown linux gnu elf little 8 system_v"),
        ("x86_64-linux-musl", "x86_64 unknown linux musl elf little 8 system_v"),
        ("arm64-apple-ios-sim", "aarch64 apple ios sim macho little 8 apple_aarch64"),
        (
            "aarch64-apple-macosx11.0.0",
            "aarch64 apple macosx11.0.0 unknown macho little 8 apple_aarch64",
        ),
        ("i686-pc-windows-msvc", "i686 pc windows msvc coff little 4 windows_fastcall"),
        ("armv7-unknown-linux-gnueabihf", "armv7 unknown linux gnueabihf elf little 4 system_v"),
        ("armebv7r-none-eabi", "armebv7r unknown none eabi elf big 4 None"),
        ("s390x-unknown-linux-gnu", "s390x unknown linux gnu elf big 8 system_v"),
        ("mips-unknown-linux-musl", "mips unknown linux musl elf big 4 system_v"),
        ("wasm32-wasi", "wasm32 unknown wasi unknown wasm little 4 wasm_basic_c_abi"),
        ("wasm64-wasi", "wasm64 unknown wasi unknown wasm little 8 None"),
        ("riscv32i-unknown-none-elf", "riscv32i unknown none unknown elf little 4 None"),
        ("avr-unknown-unknown", "avr unknown unknown unknown unknown little 2 None"),
        ("mipsel-sony-psp", "mipsel sony psp unknown elf little 4 None"),
        ("x86_64-musl-elf", "x86_64 unknown unknown musl elf little 8 None"),
        ("x86_64", "x86_64 unknown unknown unknown unknown little 8 None"),
        ("unknown", "unknown unknown unknown unknown unknown None None None"),
    ],
)
def test_fields(text, expected):
    assert " ".join(map(str, fields(Triple(text)))) == expected


def test_width_and_endianness_are_values():
    triple = Triple("x86_64-apple-darwin")
    assert triple.pointer_width == 8
    assert Triple("unknown").endianness is None


# What rustc and LLVM write, of every kind of abbreviation that there is.
WRITTEN = """
aarch64-apple-ios-macabi aarch64-fuchsia aarch64-linux-android aarch64-uwp-windows-msvc
aarch64_be-unknown-linux-gnu_ilp32 amdgcn-amd-amdhsa-amdgiz arm-linux-androideabi
armv7-wrs-vxworks-eabihf armv7a-none-eabi asmjs-unknown-emscripten bpfel-unknown-none
hexagon-unknown-linux-musl i686-apple-macosx10.7.0 mips64el-unknown-linux-muslabi64
mipsel-sony-psp mipsisa64r6el-unknown-linux-gnuabi64 msp430-none-elf nvptx64-nvidia-cuda
powerpc-wrs-vxworks-spe riscv64imac-unknown-none-elf sparcv9-sun-solaris
thumbv7neon-linux-androideabi thumbv8m.main-none-eabihf wasm32-experimental-emscripten
wasm32-unknown-unknown x86_64-fortanix-unknown-sgx x86_64-linux-kernel x86_64-rumprun-netbsd
x86_64-unknown-hermit-kernel x86_64-unknown-l4re-uclibc x86_64-unknown-none-hermitkernel
x86_64-unknown-uefi
"""


@pytest.mark.parametrize("text", WRITTEN.split())
def test_written_as_it_was(text):
    assert str(Triple(text)) == text
    assert repr(Triple(text)) == f"Triple({text!r})"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("arm64-apple-darwin", "aarch64-apple-darwin"),
        ("x86_64-linux-musl", "x86_64-unknown-linux-musl"),
        ("wasm32-unknown-wasi", "wasm32-wasi"),
        ("x86_64-unknown-linux-gnu-elf", "x86_64-unknown-linux-gnu"),
        ("x86_64-unknown-linux-gnu-macho", "x86_64-unknown-linux-gnu-macho"),
    ],
)
def test_written_in_full(text, written):
    assert str(Triple(text)) == written
    assert Triple(text) == Triple(written)
    assert hash(Triple(text)) == hash(Triple(written))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nope", "Unrecognized architecture: nope"),
        ("", "Unrecognized architecture: "),
        ("X86_64", "Unrecognized architecture: X86_64"),
        ("x86_64-", "Unrecognized vendor: "),
        ("x86_64-Acme-linux", "Unrecognized vendor: Acme"),
        ("x86_64-wasm32-linux", "Unrecognized vendor: wasm32"),
        ("x86_64-arm64-linux", "Unrecognized vendor: arm64"),
        ("x86_64-1c-linux", "Unrecognized vendor: 1c"),
        ("unknown-unknown-foo", "Unrecognized operating system: foo"),
        ("x86_64-acme-linus", "Unrecognized operating system: linus"),
        ("x86_64-apple-macosx10.7", "Unrecognized operating system: macosx10.7"),
        ("x86_64-apple-macosx10.x.0", "Unrecognized operating system: macosx10.x.0"),
        ("x86_64-apple-macosx10.7.65536", "Unrecognized operating system: macosx10.7.65536"),
        ("unknown-unknown-unknown-foo", "Unrecognized environment: foo"),
        ("x86_64-pc-gnu-foo", "Unrecognized binary format: foo"),
        ("unknown-unknown-unknown-unknown-unknown-foo", "Unrecognized field: foo"),
    ],
)
def test_unknown_words(text, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Triple(text)


@pytest.mark.parametrize("wrong", [None, 3, b"x86_64", ["x86_64"]])
def test_a_triple_is_made_of_text(wrong):
    with pytest.raises(TypeError, match="must be a str"):
        Triple(wrong)


def test_host():
    host = Triple.host()
    assert Triple(str(host)) == host
    assert host.endianness == sys.byteorder
    assert 256**host.pointer_width // 2 - 1 == sys.maxsize
    systems = {"Linux": "linux", "Darwin": "darwin", "Windows": "windows"}
    assert host.operating_system == systems.get(platform.system(), host.operating_system)


@pytest.mark.parametrize(
    ("python", "machine", "expected"),
    [
        ("linux-x86_64", "", "x86_64-unknown-linux-gnu"),
        ("linux-aarch64", "", "aarch64-unknown-linux-gnu"),
        ("linux-armv7l", "", "armv7-unknown-linux-gnueabihf"),
        ("macosx-11.0-arm64", "arm64", "aarch64-apple-darwin"),
        ("macosx-10.9-universal2", "x86_64", "x86_64-apple-darwin"),
        ("win-amd64", "", "x86_64-pc-windows-msvc"),
        ("win-arm64", "", "aarch64-pc-windows-msvc"),
        ("win32", "", "i686-pc-windows-msvc"),
        ("freebsd-14.0-release-amd64", "", "x86_64-unknown-freebsd"),
    ],
)
def test_host_elsewhere(monkeypatch, python, machine, expected):
    names = type("uname_result", (), {"machine": machine})
    monkeypatch.setattr("sysconfig.get_platform", lambda: python)
    monkeypatch.setattr("os.uname", lambda: names, raising=False)
    assert str(Triple.host()) == expected


FEATURES = """sse2 sse3 ssse3 sse4.1 sse4.2 popcnt avx bmi bmi2 avx2 avx512dq avx512vl avx512f
lzcnt"""


def some(*names):
    cpu_features = CpuFeatures()
    for name in names:
        cpu_features.add(name)
    return cpu_features


def test_features():
    assert list(some()) == []
    cpu_features = some(*FEATURES.split(), "avx")
    assert list(cpu_features) == sorted(FEATURES.split())
    assert len(cpu_features) == 14
    assert "avx" in cpu_features
    assert "neon" not in cpu_features
    assert repr(some("avx2", "avx")) == "<pywasm.target.CpuFeatures avx, avx2>"


@pytest.mark.parametrize("wrong", ["zz", "", "SSE2", "sse4"])
def test_unknown_features(wrong):
    with pytest.raises(ValueError, match=f"^CpuFeature {wrong} not recognized$"):
        some(wrong)


@pytest.mark.parametrize("wrong", [None, 3, b"avx", ["avx"]])
def test_features_are_named_by_text(wrong):
    with pytest.raises(TypeError, match="must be a str"):
        some(wrong)


def test_target():
    cpu_features = some("sse2")
    target = Target(Triple("x86_64-linux-musl"), cpu_features)
    cpu_features.add("avx")
    assert target.triple == Triple("x86_64-unknown-linux-musl")
    assert target.cpu_features == {"sse2"}
    assert target == Target(Triple("x86_64-linux-musl"), some("sse2"))
    assert target != Target(Triple("x86_64-linux-musl"))


def test_targets_can_be_copied_and_pickled():
    target = Target(Triple("x86_64-linux-musl"), some("sse2"))
    assert copy.deepcopy(target) == target
    assert pickle.loads(pickle.dumps(target)) == target


@pytest.mark.parametrize(
    "arguments", [(), ("x86_64",), (None,), (Triple("x86_64"), {"sse2"}), (Triple("x86_64"), "avx")]
)
def test_what_no_target_is_made_of(arguments):
    with pytest.raises(TypeError):
        Target(*arguments)


# --- engines ------------------------------------------------------------------------------------

UNIVERSAL = [engine.Universal, engine.JIT]
DYLIB = [engine.Dylib, engine.Native]
HERE = Triple.host()
ELSEWHERE = [
    Triple("s390x-unknown-linux-gnu"),
    Triple(f"{HERE.architecture}-unknown-fuchsia"),
    Triple("unknown"),
]


@pytest.mark.parametrize("kind", UNIVERSAL)
@pytest.mark.parametrize("environment", ["", "-gnu", "-musl"])
def test_universal_compiles_for_this_machine(kind, compiler, environment):
    triple = Triple(f"{HERE.architecture}-acme-{HERE.operating_system}{environment}")
    for target in Target(HERE), Target(triple), None:
        store = pywasm.Store(kind(compiler, target))
        module = pywasm.Module(store, '(module (func (export "f") (result i32) i32.const 7))')
        assert pywasm.Instance(module).exports.f() == 7


@pytest.mark.parametrize("kind", UNIVERSAL)
@pytest.mark.parametrize("triple", ELSEWHERE, ids=str)
def test_universal_refuses_other_machines(kind, compiler, triple):
    for arguments in [(compiler, Target(triple)), (None, Target(triple))]:
        with pytest.raises(pywasm.CompileError) as caught:
            kind(*arguments)
        for part in f"engine.{kind.__name__}", str(HERE), str(triple), "native engine":
            assert part in str(caught.value)


def test_features_of_other_processors_are_refused(compiler, monkeypatch):
    monkeypatch.setattr("sysconfig.get_platform", lambda: "linux-aarch64")
    engine.JIT(compiler, Target(Triple("aarch64-unknown-linux-gnu")))
    with pytest.raises(pywasm.CompileError, match="no features of x86: avx, sse2"):
        engine.JIT(compiler, Target(Triple("aarch64-linux-gnu"), some("sse2", "avx")))
    monkeypatch.setattr("sysconfig.get_platform", lambda: "linux-x86_64")
    engine.JIT(compiler, Target(Triple("x86_64-linux-gnu"), some("sse2", "avx")))


def test_versions_of_macos_are_one_system(compiler, monkeypatch):
    monkeypatch.setattr("sysconfig.get_platform", lambda: "macosx-11.0-arm64")
    names = type("uname_result", (), {"machine": "arm64"})
    monkeypatch.setattr("os.uname", lambda: names, raising=False)
    engine.JIT(compiler, Target(Triple("arm64-apple-macosx11.0.0")))
    with pytest.raises(pywasm.CompileError, match="not for aarch64-apple-ios"):
        engine.JIT(compiler, Target(Triple("arm64-apple-ios")))


@pytest.mark.parametrize("kind", UNIVERSAL + DYLIB)
@pytest.mark.parametrize("wrong", ["x86_64", 3, HERE])
def test_engines_take_a_target(kind, compiler, wrong):
    for arguments in [(compiler, wrong), (None, wrong)]:
        with pytest.raises(TypeError, match="target must be a Target"):
            kind(*arguments)


@pytest.mark.parametrize("kind", DYLIB)
def test_there_is_no_native_engine(kind, compiler):
    for target in None, Target(HERE), Target(ELSEWHERE[0]):
        with pytest.raises(pywasm.CompileError) as caught:
            kind(compiler, target)
        for part in f"engine.{kind.__name__}", "native engine", "engine.Universal":
            assert part in str(caught.value)


@pytest.mark.parametrize("kind", DYLIB)
def test_a_headless_native_engine(kind):
    store = pywasm.Store(kind())
    assert (store.engine_name, store.compiler_name) == ("dylib", None)
    with pytest.raises(pywasm.CompileError, match="The DylibEngine is operating in headless mode"):
        pywasm.Module(store, "(module)")


@pytest.mark.parametrize("kind", DYLIB)
def test_a_native_engine_of_no_compiler(kind):
    with pytest.raises(AttributeError, match="into_opaque_compiler"):
        kind(3)
