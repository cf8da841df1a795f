"""The programs in examples/: they run, and print what they say."""

import pathlib
import subprocess
import sys

import pytest

from pywasm.target import Triple

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "examples"

EXPECTED = {
    "from_wasmer/embedding.py": """
JIT(wasmer_compiler_cranelift.Compiler), optimizing: 42
JIT(wasmer_compiler_llvm.Compiler), optimizing: 42
JIT(wasmer_compiler_singlepass.Compiler), interpreter: 42
Universal(wasmer_compiler_cranelift.Compiler), optimizing: 42
Universal(wasmer_compiler_llvm.Compiler), optimizing: 42
Universal(wasmer_compiler_singlepass.Compiler), interpreter: 42
empty [('memory', 'MemoryType(minimum: 1, maximum: None, shared: false)')]
""",
    "from_wasmer/imports.py": """
hello from the guest
42
hello from the guest
70
refused: the factor is negative
""",
    "from_wasmer/headless.py": """
bytes ['sum']
Compilation error: The UniversalEngine is operating in headless mode, \
so it can only execute already compiled Modules.
3
incompatible binary: the bytes are not an artefact of pywasm
""",
    "from_wasmer/buffer.py": """
65536 Hello, World!
Hello, World! / HELLO, World!
Salut, World!
4 16384 [254, 255, 255, 255] [-2, -1]
1 1 2 131072
Salut 131072 65536
""",
    "from_wasmer/cross_compilation.py": f"""
aarch64 darwin macho 8
here: 42
elsewhere: Compilation error: engine.JIT compiles for the machine that it runs on, \
{Triple.host()}, not for s390x-unknown-linux-musl
elsewhere: Compilation error: engine.Native needs the native engine, \
which pywasm does not have yet
""",
}


def run(*arguments):
    finished = subprocess.run(
        [sys.executable, *arguments], cwd=EXAMPLES, capture_output=True, text=True, timeout=100
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout


@pytest.mark.parametrize("name", EXPECTED)
def test_output(name):
    assert run(name) == EXPECTED[name].lstrip("\n")


def test_wasi(tmp_path):
    (tmp_path / "one").write_bytes(b"a b c\n")
    (tmp_path / "two").write_bytes(b"a\n")
    version, _, *rows, total = run("from_wasmer/wasi.py", tmp_path).splitlines()
    assert version == "SNAPSHOT1"
    assert [row.split() for row in rows] == [
        ["1", "3", "6", "/texts/one"],
        ["1", "1", "2", "/texts/two"],
    ]
    assert total.split() == ["2", "4", "8", "total"]


def test_there_is_a_test_of_each():
    programs = {str(path.relative_to(EXAMPLES).as_posix()) for path in EXAMPLES.rglob("*.py")}
    assert programs == {*EXPECTED, "from_wasmer/wasi.py"}
