"""What the black-box tests share. They judge the installed package, never the source tree."""

import functools
import gc
import os
import pathlib
import subprocess
import sys

import hypothesis
import pytest

import pywasm
from pywasm import engine
from pywasm.compilers import interpreter, optimizing

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
COMPILERS = {"optimizing": optimizing.Compiler, "interpreter": interpreter.Compiler}

# Generated examples are bounded by number, never by time, and leave no files behind.
hypothesis.settings.register_profile(
    "pywasm",
    deadline=None,
    database=None,
    max_examples=150,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("pywasm")


def pytest_sessionstart(session):
    if pathlib.Path(pywasm.__file__).resolve().parent == CHECKOUT / "pywasm":
        pytest.exit(
            "these tests judge the installed package, but `import pywasm` found the source tree: "
            "run `pip install .` and start pytest without the checkout on sys.path",
            returncode=4,
        )
    gc.freeze()  # what pytest and NumPy brought need not be looked at by each gc.collect()


@functools.cache
def wat(text):
    return pywasm.wat2wasm(text)


@pytest.fixture(params=sorted(COMPILERS))
def compiler_name(request):
    """Whoever asks for it, or for what follows from it (`store`), runs once with each compiler."""
    return request.param


@pytest.fixture
def compiler(compiler_name):
    return COMPILERS[compiler_name]


@pytest.fixture
def store(compiler):
    with pywasm.Store(engine.JIT(compiler)) as opened:
        yield opened


@pytest.fixture
def compile_text(store):
    return lambda text: pywasm.Module(store, wat(text))


@pytest.fixture
def instantiate(compile_text):
    """Text, and imports if there are any, to an instance in `store`."""

    def instantiate_text(text, imports=None):
        return pywasm.Instance(compile_text(text), imports)

    return instantiate_text


@pytest.fixture(scope="session", name="wat")
def wat_fixture():
    """Text to a binary module: for the tests that handle the bytes themselves."""
    return wat


@pytest.fixture
def python(tmp_path):
    """Run source in a fresh interpreter, away from the checkout, and return what it printed.

    For what a process does only once (the first use), for what may kill a process, and for what
    would hang one: any of these fails the test with the output that there was.
    """

    def run(source, *arguments, check=True, **options):
        finished = subprocess.run(
            [sys.executable, "-c", source, *map(os.fspath, arguments)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
            **options,
        )
        if check:
            assert finished.returncode == 0, (
                f"exit code {finished.returncode}\n{finished.stdout}{finished.stderr}"
            )
            return finished.stdout
        return finished

    return run


PRELUDE = """
import gc, os, sys
import pywasm
from pywasm.compilers import {compiler_name}
store = pywasm.Store(pywasm.engine.JIT({compiler_name}.Compiler))
def instantiate(text, imports=None):
    return pywasm.Instance(pywasm.Module(store, text), imports)
def resident():
    if sys.platform == "linux":
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    if sys.platform == "win32":
        import ctypes
        counters = (ctypes.c_size_t * 9)()  # PROCESS_MEMORY_COUNTERS
        ctypes.windll.kernel32.K32GetProcessMemoryInfo(
            ctypes.c_void_p(-1), counters, ctypes.sizeof(counters))
        return counters[2]
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
"""


@pytest.fixture
def fresh(python, compiler_name):
    """As `python`, with `pywasm`, `store` and `instantiate` at hand, once with each compiler."""
    prelude = PRELUDE.format(compiler_name=compiler_name)
    return lambda source, *arguments, **options: python(prelude + source, *arguments, **options)
