"""What `import pywasm` costs and leaves alone: no Go library, no thread, no heavy module."""

import os
import sys

import pytest

HEAVY = [
    "_ctypes",
    "argparse",
    "asyncio",
    "collections",
    "concurrent.futures",
    "ctypes",
    "dataclasses",
    "email",
    "enum",
    "functools",
    "importlib",
    "importlib.metadata",
    "importlib.resources",
    "inspect",
    "json",
    "logging",
    "math",
    "multiprocessing",
    "numpy",
    "pathlib",
    "pickle",
    "platform",
    "random",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "typing",
    "unittest",
]

LOADED = """
def loaded():
    with open("/proc/self/maps") as maps:
        return "libpywasm" in maps.read()
def threads():
    return len(os.listdir("/proc/self/task"))
"""


def test_no_heavy_module(python):
    # -S would be barer still, but then the package is not found.
    source = f"""
import sys
before = set(sys.modules)
import pywasm
print(*sorted((set(sys.modules) - before) & set({HEAVY!r})))
"""
    assert python(source).split() == []


def test_a_program_runs_without_heavy_modules(python):
    source = f"""
import sys
before = set(sys.modules)
import pywasm
imports = '(import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))'
program = f'(module {{imports}} (memory (export "memory") 1) (func (export "_start")))'
pywasm.run(pywasm.Module(pywasm.Store(), program))
print(*sorted((set(sys.modules) - before) & set({HEAVY!r})))
"""
    assert python(source).split() == []


def test_all_of_the_api_without_heavy_modules(python):
    source = """
import sys
before = set(sys.modules)
import pywasm
from pywasm import *
pywasm.engine, pywasm.compilers, pywasm.wasi
print(*sorted((set(sys.modules) - before) & {"asyncio", "inspect", "ctypes", "numpy", "argparse"}))
"""
    assert python(source).split() == []


linux = pytest.mark.parametrize("platform", ["linux"] if sys.platform == "linux" else [])


@linux
def test_no_library_and_no_thread(python, platform):
    source = f"""
import os
{LOADED}
before = threads()
import pywasm
print(loaded(), threads() - before)
"""
    assert python(source).split() == ["False", "0"]


@linux
def test_the_library_comes_with_the_first_use(python, platform):
    source = f"""
import os
{LOADED}
import pywasm
pywasm.Module(pywasm.Store(), "(module)")
print(loaded(), threads() > 1)
"""
    assert python(source).split() == ["True", "True"]


@linux
def test_descriptions_need_no_library(python, platform):
    source = f"""
import os
{LOADED}
import pywasm
pywasm.FunctionType([pywasm.Type.I32], [])
pywasm.Value.i32(1)
pywasm.MemoryType(1)
pywasm.ImportObject()
print(loaded())
"""
    assert python(source).split() == ["False"]


def test_the_process_is_left_as_it_was(python):
    # gopy's loader changes the directory; Go's runtime may take over signals.
    source = """
import locale, os, signal, sys
def state():
    return (os.getcwd(), dict(os.environ), sys.getrecursionlimit(), sys.path[:],
            [signal.getsignal(number) for number in sorted(signal.valid_signals())],
            locale.setlocale(locale.LC_ALL), sys.excepthook, sys.unraisablehook)
before = state()
import pywasm
assert state() == before, "by the import"
store = pywasm.Store()
module = pywasm.Module(store, '(module (func (export "f") (result i32) i32.const 7))')
assert pywasm.Instance(module).exports.f() == 7
store.close()
assert state() == before, "by the first use"
print("same")
"""
    assert python(source) == "same\n"


def test_ctrl_c_is_still_a_keyboard_interrupt(python):
    if os.name == "nt":
        return
    source = """
import os, signal
import pywasm
pywasm.Module(pywasm.Store(), "(module)")
for _ in range(3):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            pass
    except KeyboardInterrupt:
        print("interrupted")
"""
    assert python(source).split() == ["interrupted"] * 3


def test_import_from_another_directory_and_twice(python):
    source = """
import importlib, os, sys
os.chdir(os.path.abspath(os.sep))
import pywasm
first = pywasm.Module(pywasm.Store(), "(module)")
import pywasm._native
assert importlib.import_module("pywasm") is pywasm
print(pywasm.Module(pywasm.Store(), "(module)").exports)
"""
    assert python(source) == "[]\n"


def test_nothing_is_said_at_exit(python):
    source = """
import sys, threading
import pywasm
store = pywasm.Store()
module = pywasm.Module(store, '(module (memory (export "m") 1) (func (export "f")))')
instance = pywasm.Instance(module)
view = memoryview(instance.exports.m.buffer)
cycle = [instance, view]
cycle.append(cycle)
sys.modules["keeps it to the end"] = cycle
instance.exports.f()
"""
    finished = python(source, check=False)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


def test_nothing_is_said_at_exit_where_a_handle_goes_before_its_store(python):
    source = """
import gc
import pywasm
module = pywasm.Module(pywasm.Store(), "(module)")
gc.disable()  # so that all of this is one cycle at the end, collected in another order
def function():
    return module
"""
    finished = python(source, check=False)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
