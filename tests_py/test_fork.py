"""What a child made by os.fork can use of its parent's."""

import os

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")

PRELUDE = """
import os, sys, threading
import pywasm
from pywasm import Function, FunctionType, Instance, Module, Store, Type, engine
from pywasm.compilers import {compiler_name}

store = Store(engine.JIT({compiler_name}.Compiler), timeout=5)
text = '''(module
    (import "e" "f" (func $f (param i32) (result i32)))
    (table (export "t") 2 funcref)
    (func (export "g") (param i32) (result i32) (call $f (local.get 0)))
    (func (export "loop") (loop (br 0))))'''
module = Module(store, text)
double = Function(store, lambda n: 2 * n, FunctionType([Type.I32], [Type.I32]))
imports = {{"e": {{"f": double}}}}
instance = Instance(module, imports)
instance.exports.t.set(0, double)

def child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
            code = 0
        except BaseException:
            import traceback
            traceback.print_exc()
            code = 1
        os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0

def works():
    made = Instance(module, imports)
    assert made.exports.g(21) == 42
    made.exports.t.set(0, double)
    assert made.exports.t.get(0)(4) == 8
    with made.limits(timeout=0.05):
        try:
            made.exports.loop()
        except pywasm.Timeout:
            return
    raise AssertionError("no timeout")

def refuses(work):
    try:
        work()
    except pywasm.WasmError as error:
        assert "parent" in str(error), error
    else:
        raise AssertionError("it worked")
"""


@pytest.fixture
def forking(python, compiler_name):
    return lambda source: python(PRELUDE.format(compiler_name=compiler_name) + source)


def test_stores_and_modules_work(forking):
    forking("""
works()
child(works)
child(works)
works()
""")


def test_and_in_the_childs_children(forking):
    forking("child(lambda: (works(), child(works), works()))")


def test_a_store_that_was_not_used_before(forking):
    forking("store = Store(); child(lambda: Instance(Module(store, '(module)')))")


def test_new_modules_of_an_old_store(forking):
    forking("child(lambda: Instance(Module(store, '(module)')))")


def test_instances_say_that_they_are_gone(forking):
    forking("""
def look():
    refuses(lambda: instance.exports.g(1))
    works()
    refuses(lambda: instance.exports.g(1))
    refuses(lambda: instance.exports.t.get(0))
    instance.close()
child(look)
assert instance.exports.g(3) == 6
""")


def test_what_was_closed_stays_closed(forking):
    forking("""
module.close()
store.close()
def look():
    for work in (lambda: Instance(module, imports), lambda: Module(store, text)):
        try:
            work()
        except pywasm.WasmError as error:
            assert "closed" in str(error)
        else:
            raise AssertionError("it worked")
child(look)
""")


def test_while_guests_run_in_other_threads(forking):
    forking("""
others = [Instance(module, imports) for _ in range(3)]
def run(other):
    try:
        other.exports.loop()
    except pywasm.Interrupted:
        pass
threads = [threading.Thread(target=run, args=(other,)) for other in others]
for thread in threads:
    thread.start()
for _ in range(5):
    child(works)
for other in others:
    while not other.interrupt():
        pass
for thread in threads:
    thread.join()
works()
""")


def test_within_a_host_function(forking):
    forking("""
def fork(n):
    child(works)
    return n
split = Instance(module, {"e": {"f": Function(store, fork, double.type)}})
assert split.exports.g(5) == 5
""")


@pytest.mark.parametrize("how", ["deserialize", "from_file"])
def test_modules_of_artefacts(forking, tmp_path, how):
    forking(f"""
path = {os.fspath(tmp_path / "artefact")!r}
artefact = module.serialize()
with open(path, "wb") as file:
    file.write(artefact)
source = path if {how == "from_file"} else artefact
module = Module.{how}(store, source)
del artefact
child(works)
works()
""")


def test_references_of_the_parent_are_forgotten(forking):
    forking("""
held = Module(store, '''(module (table (export "t") 1 externref))''')
table = Instance(held).exports.t
table.set(0, [1])
def look():
    fresh = Instance(held).exports.t
    fresh.set(0, "mine")
    assert fresh.get(0) == "mine"
child(look)
assert table.get(0) == [1]
""")
