"""install_as_wasmer: how the modules of wasmer-python are found and what they are."""

import pathlib
import re

import pytest

import pywasm

INSTALL = "import pywasm.compat\npywasm.compat.install_as_wasmer()\n"

NAMES = {
    "wasmer": """Buffer ExportType Exports ExportsIterator Float32Array Float64Array Function
        FunctionType Global GlobalType ImportObject ImportType Instance Int16Array Int32Array
        Int64Array Int8Array Memory MemoryType Module Store Table TableType Type Uint16Array
        Uint32Array Uint64Array Uint8Array Value __core_version__ __version__ engine target wasi
        wasm2wat wat2wasm""",
    "wasmer.engine": "Dylib JIT Native Universal",
    "wasmer.target": "CpuFeatures Target Triple",
    "wasmer.wasi": "Environment StateBuilder Version get_version",
    "wasmer_compiler_cranelift": "Compiler",
    "wasmer_compiler_llvm": "Compiler",
    "wasmer_compiler_singlepass": "Compiler",
}


@pytest.mark.parametrize("module", NAMES)
def test_names(python, module):
    source = f"""
import {module}
print(*{module}.__all__)
print(*sorted(set(dir({module})) - {{*{module}.__all__}}))
"""
    public, private = python(INSTALL + source).splitlines()
    assert public.split() == NAMES[module].split()
    assert all(name.startswith("__") for name in private.split())


@pytest.mark.parametrize("module", NAMES)
def test_all_of_a_module(python, module):
    source = f"""
from {module} import *
print(*sorted(name for name in {NAMES[module].split()} if name not in globals()))
"""
    assert python(INSTALL + source).split() == []


@pytest.mark.parametrize("module", NAMES)
def test_any_may_come_first(python, module):
    source = f"import {module}, sys; print({module} is sys.modules[{module!r}], {module})"
    expected = f"True <module '{module}' (pywasm.compat)>\n"
    assert python(INSTALL + source) == expected


def test_versions(python):
    source = "import wasmer; print(wasmer.__version__, wasmer.__core_version__)"
    assert python(INSTALL + source) == "1.1.0 1.1.0\n"


def test_what_they_are(python):
    source = """
import wasmer, wasmer.engine, wasmer.target, wasmer.wasi
import wasmer_compiler_cranelift, wasmer_compiler_llvm, wasmer_compiler_singlepass
from pywasm.compilers import interpreter, optimizing

assert wasmer.Store is pywasm.Store
assert wasmer.engine.JIT is pywasm.engine.JIT
assert wasmer.target.Triple is pywasm.target.Triple
assert wasmer.wasi.Environment is pywasm.wasi.Environment
assert issubclass(wasmer.wasi.StateBuilder, pywasm.wasi.StateBuilder)
assert wasmer_compiler_cranelift.Compiler is optimizing.Compiler
assert wasmer_compiler_llvm.Compiler is optimizing.Compiler
assert wasmer_compiler_singlepass.Compiler is interpreter.Compiler
assert issubclass(wasmer.engine.JIT, wasmer.engine.Universal)
assert issubclass(wasmer.engine.Native, wasmer.engine.Dylib)
assert not issubclass(wasmer.engine.Dylib, wasmer.engine.Universal)
"""
    python(INSTALL + source)


def test_pywasm_is_left_as_it_is(python):
    source = """
import pywasm.compat
def state():
    modules = pywasm, pywasm.engine, pywasm.target, pywasm.wasi
    return [(m.__name__, m.__spec__.name, getattr(m, "__version__", 0)) for m in modules]
before = state()
pywasm.compat.install_as_wasmer()
import wasmer
assert state() == before
import importlib
assert importlib.reload(pywasm.engine).__name__ == "pywasm.engine"
"""
    python(source)


def test_nothing_happens_before_it_is_called(python):
    source = """
import sys
before = sys.meta_path[:]
import pywasm.compat
from pywasm import *
assert sys.meta_path == before
import wasmer
"""
    finished = python(source, check=False)
    assert finished.stderr.endswith("ModuleNotFoundError: No module named 'wasmer'\n")


def test_the_import_of_pywasm_does_not_load_it(python):
    source = "import pywasm, sys; print('pywasm.compat' in sys.modules, 'wasmer' in sys.modules)"
    assert python(source) == "False False\n"
    assert python("import pywasm; pywasm.compat.install_as_wasmer(); import wasmer") == ""


def test_twice(python):
    source = """
import sys
before = len(sys.meta_path)
import wasmer
pywasm.compat.install_as_wasmer()
from wasmer import Store
assert Store is wasmer.Store
print(len(sys.meta_path) - before)
"""
    assert python(INSTALL + source) == "0\n"


def test_reload(python):
    source = """
import importlib, sys
import wasmer, wasmer_compiler_cranelift
kept = wasmer.Store
del wasmer.Store
for module in wasmer, wasmer.engine, wasmer.wasi, wasmer_compiler_cranelift:
    assert importlib.reload(module) is module
assert wasmer.Store is kept
importlib.reload(pywasm.compat)
pywasm.compat.install_as_wasmer()
importlib.reload(wasmer)
print(sum(type(finder).__module__ == "pywasm.compat" for finder in sys.meta_path))
"""
    assert python(INSTALL + source) == "1\n"


def test_imported_anew(python):
    source = """
import sys
import wasmer
old = wasmer
for name in [name for name in sys.modules if name.startswith("wasmer")]:
    del sys.modules[name]
import wasmer
assert wasmer is not old and wasmer.engine is not old.engine
assert wasmer.Store is old.Store
"""
    python(INSTALL + source)


def test_classes_are_pickled_by_where_they_are(python, tmp_path):
    source = """
import pickle, sys
import wasmer, wasmer.wasi, wasmer.target, wasmer_compiler_cranelift
things = [wasmer.Store, wasmer.Memory, wasmer.Type.I32, wasmer.engine.JIT, wasmer.wasi.Version,
          wasmer.wasi.StateBuilder, wasmer_compiler_cranelift.Compiler, wasmer.wasm2wat,
          wasmer.target.Triple("x86_64-linux-musl"), wasmer.FunctionType([wasmer.Type.I32], [])]
assert pickle.loads(pickle.dumps(things)) == things
with open("pickled", "wb") as file:
    pickle.dump(things, file)
"""
    python(INSTALL + source)
    python(f"""
import pickle, sys
with open({str(tmp_path / "pickled")!r}, "rb") as file:
    things = pickle.load(file)
assert "wasmer" not in sys.modules
import pywasm
assert things[0] is pywasm.Store
""")


def test_what_is_not_there(python):
    source = """
for name in "wasmer.nonsense", "wasmer_compiler_nonsense":
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        print(error.name)
import wasmer
assert not hasattr(wasmer, "nonsense") and not hasattr(wasmer, "run")
"""
    assert python(INSTALL + source).split() == ["wasmer.nonsense", "wasmer_compiler_nonsense"]


def test_an_installed_wasmer_is_not_looked_at(python, tmp_path):
    (tmp_path / "wasmer").mkdir()
    (tmp_path / "wasmer" / "__init__.py").write_text("raise ImportError('not available here')")
    (tmp_path / "wasmer_compiler_llvm.py").write_text("raise ImportError('not available here')")
    python(INSTALL + "import wasmer, wasmer.wasi, wasmer_compiler_llvm")
    assert python("import wasmer", check=False).returncode == 1


@pytest.mark.parametrize("name", ["wasmer", "wasmer_compiler_cranelift"])
def test_an_imported_wasmer_stays(python, tmp_path, name):
    (tmp_path / f"{name}.py").write_text("")
    source = f"""
import {name}, sys
import pywasm.compat
before = sys.meta_path[:]
try:
    pywasm.compat.install_as_wasmer()
except ImportError as error:
    print(error.name, error)
assert sys.meta_path == before
assert sys.modules[{name!r}] is {name}
"""
    said = python(source)
    assert said.startswith(f"{name} {name} has been imported already, from ")
    assert f"{name}.py" in said
    assert "call install_as_wasmer() before" in said


def test_a_stand_in_counts_as_imported(python):
    source = """
import sys, types
import pywasm.compat
for stand_in in types.SimpleNamespace(), types.ModuleType("wasmer"):
    sys.modules["wasmer"] = stand_in
    try:
        pywasm.compat.install_as_wasmer()
    except ImportError as error:
        print(error)
"""
    assert python(source).count("has been imported already, from elsewhere") == 2


def test_in_a_thread_and_twice_at_a_time(python):
    source = """
import threading
found = []
def use():
    import wasmer.wasi
    found.append(wasmer.Store)
threads = [threading.Thread(target=use) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(found), len(set(found)))
"""
    assert python(INSTALL + source) == "8 1\n"


@pytest.mark.build
def test_the_page_for_migrating_users(python):
    page = pathlib.Path(__file__).resolve().parent.parent / "docs" / "migrating.md"
    text, _, table = page.read_text(encoding="utf-8").partition("## Every name")
    [example] = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert python(example) == ""
    named = set(re.findall(r"\w+", table))
    names = {name for module in NAMES.values() for name in module.split()}
    assert names - {"engine", "target", "wasi"} <= named


def test_submodules_of_the_package():
    for name in "compat", "compilers", "engine", "target", "wasi":
        assert name in pywasm.__all__
        assert getattr(pywasm, name).__name__ == f"pywasm.{name}"
