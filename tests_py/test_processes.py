"""Other processes: pools of all kinds, other extensions in Go, and how a process ends."""

import concurrent.futures
import multiprocessing
import os
import subprocess
import sys
import textwrap

import pytest

import pywasm

TEXT = """(module
    (memory (export "memory") 1)
    (func (export "square") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0))))"""
METHODS = multiprocessing.get_all_start_methods()
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
PATIENCE = 60  # seconds until a process that should long have ended counts as hung


def square(module, number):
    return pywasm.Instance(module).exports.square(number)


kept = None  # what fork hands on


def square_kept(number):
    return square(kept, number)


@pytest.fixture
def module(compile_text):
    module = compile_text(TEXT)
    assert square(module, 3) == 9  # Go is in use before there are processes
    return module


@pytest.mark.parametrize("method", METHODS)
def test_multiprocessing(module, method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        results = pool.starmap_async(square, [(module, number) for number in range(20)])
        assert results.get(PATIENCE) == [number**2 for number in range(20)]
    assert square(module, 4) == 16


@pytest.mark.skipif("fork" not in METHODS, reason="nothing is handed on without fork")
def test_what_a_fork_hands_on(module, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "kept", module)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map_async(square_kept, range(20)).get(PATIENCE) == [n**2 for n in range(20)]


@pytest.mark.parametrize("method", METHODS)
def test_a_pool_of_processes(module, method):
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(2, context) as pool:
        results = pool.map(square, [module] * 20, range(20), timeout=PATIENCE)
        assert list(results) == [number**2 for number in range(20)]


def test_a_pool_of_threads(module):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = pool.map(square, [module] * 100, range(100), timeout=PATIENCE)
        assert list(results) == [number**2 for number in range(100)]


DASK = """
import pywasm
from dask.distributed import Client, LocalCluster

def square(module, number):
    return pywasm.Instance(module).exports.square(number)

if __name__ == "__main__":
    module = pywasm.Module(pywasm.Store(), '''{text}''')
    with LocalCluster(n_workers=2, threads_per_worker=2, processes={processes},
                      dashboard_address=None) as cluster, Client(cluster) as client:
        futures = client.map(square, [module] * 20, range(20))
        assert client.gather(futures) == [number ** 2 for number in range(20)]
    print("done")
"""


@pytest.mark.parametrize("processes", [True, False], ids=["processes", "threads"])
def test_dask(tmp_path, processes):
    pytest.importorskip("dask.distributed", exc_type=ImportError)
    script = tmp_path / "cluster.py"
    script.write_text(DASK.format(text=TEXT, processes=processes))
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


SUBINTERPRETER = """
try:
    import _xxsubinterpreters as interpreters
except ImportError:
    import _interpreters as interpreters
import {before}

number = interpreters.create()
try:
    # RunFailedError, or what went wrong as a value
    print(interpreters.run_string(number, "import pywasm"))
except Exception as error:
    print(error)
"""


@pytest.mark.parametrize("before", ["sys", "pywasm"])
def test_a_subinterpreter_is_refused(python, before):
    # That the interpreter there is not our business, as long as the message tells why.
    assert "subinterpreter" in python(SUBINTERPRETER.format(before=before))


# --- the end of a process ---------------------------------------------------------------------

ENDING = """
import io, threading, time
from pywasm import wasi

TEXT = '''(module
    (import "m" "host" (func $host))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff"
        (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1 100)
    (data (i32.const 16) "\\\\01\\\\00\\\\00\\\\00") ;; the monotonic clock
    (data (i32.const 24) "\\\\00\\\\a0\\\\b8\\\\30\\\\46\\\\03\\\\00\\\\00") ;; an hour
    (data (i32.const 200) "\\\\00\\\\04\\\\00\\\\00\\\\01\\\\00\\\\00\\\\00")
    (func (export "loop") (loop (br 0)))
    (func (export "callbacks") (loop (call $host) (br 0)))
    (func (export "grow") (loop (drop (memory.grow (i32.const 1))) (br 0)))
    (func (export "write")
        (loop (drop (call $write (i32.const 1) (i32.const 200) (i32.const 1) (i32.const 128)))
            (br 0)))
    (func (export "sleep")
        (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))))
    (func (export "brief") (result i32) (i32.const 1)))'''

class Out(io.RawIOBase):
    def writable(self):
        return True
    def write(self, content):
        return len(content)

module = pywasm.Module(store, TEXT)
host = pywasm.Function(store, lambda: None, pywasm.FunctionType([], []))
begun = threading.Semaphore(0)
kept = []

def run(kind):
    environment = wasi.StateBuilder("guest").stdout(Out()).finalize()
    imports = environment.generate_import_object(store, wasi.Version.SNAPSHOT1)
    imports.register("m", {"host": host})
    instance = pywasm.Instance(module, imports)
    memory = instance.exports.memory
    kept.append((instance, memoryview(memory.buffer), memory.uint8_view()))
    begun.release()
    if kind == "compile":
        while True:
            pywasm.Module(store, TEXT)
    while True:
        getattr(instance.exports, kind)()

class AtTheEnd:
    '''Is let go when the interpreter ends, and lets other threads ask for the GIL then.'''
    def __init__(self):
        instance = pywasm.Instance(pywasm.Module(store,
            '(module (import "m" "host" (func $f)) (func (export "f") (call $f)))'),
            {"m": {"host": host}})
        self.call, self.sleep = instance.exports.f, time.sleep
    def __del__(self):
        for _ in range(20):
            self.call()
            self.sleep(0.005)
        print("the end")

KINDS = "loop callbacks grow write sleep brief compile".split()
for kind in KINDS:
    threading.Thread(target=run, args=(kind,), daemon=True).start()
for kind in KINDS:
    begun.acquire()
time.sleep(0.05)
sys.modules["kept until the end"] = AtTheEnd()
"""


def test_an_interpreter_ends_while_guests_run(fresh):
    assert fresh(ENDING) == "the end\n"


# --- forks ------------------------------------------------------------------------------------

FORK = """
import threading
from pywasm import Function, FunctionType, Instance, Type

module = pywasm.Module(store, '''(module
    (import "m" "host" (func $host (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "call") (param i32) (result i32) (call $host (local.get 0)))
    (func (export "loop") (loop (br 0)))
    (func (export "forever") (loop (drop (call $host (i32.const 1))) (br 0))))''')
TYPE = FunctionType([Type.I32], [Type.I32])

def new(host):
    return Instance(module, {"m": {"host": Function(store, host, TYPE)}})

def works():
    assert new(lambda n: 2 * n).exports.call(21) == 42

def wait_for(child):
    status = os.waitpid(child, 0)[1]
    assert status == 0, status
"""


@pytest.fixture
def forking(fresh):
    if not hasattr(os, "fork"):
        pytest.skip("there is no fork")
    return lambda source: fresh(FORK + textwrap.dedent(source))


def test_a_child_that_comes_back_to_the_guest(forking):
    # There is no Go to come back to: the call of the guest fails in the child.
    out = forking("""
    def host(n):
        global child
        child = os.fork()
        return n

    try:
        assert new(host).exports.call(5) == 5
    except pywasm.WasmError as error:
        print(error)
        works()
        sys.stdout.flush()
        os._exit(0)
    wait_for(child)
    """)
    assert "parent" in out


def test_a_child_that_comes_back_through_two_guests(forking):
    out = forking("""
    def host(n):
        global child
        child = os.fork()
        return n

    inner = new(host)
    def outer(n):
        try:
            return inner.exports.call(n)
        except pywasm.WasmError as error:
            print("inner", error)
            return 7

    try:
        assert new(outer).exports.call(5) == 5
    except pywasm.WasmError as error:
        print("outer", error)
        works()
        sys.stdout.flush()
        os._exit(0)
    wait_for(child)
    """)
    assert [line.split()[0] for line in out.splitlines()] == ["inner", "outer"]
    assert out.count("parent") == 2


def test_a_child_of_a_child_within_host_functions(forking):
    forking("""
    def descend(depth):
        def host(n):
            child = os.fork()
            if child == 0:
                works()
                if depth:
                    descend(depth - 1)
                os._exit(0)
            wait_for(child)
            return n
        assert new(host).exports.call(5) == 5
    descend(3)
    """)


def test_a_thread_forks_while_guests_run_in_others(forking):
    forking("""
    instances = [new(lambda n: n) for _ in range(4)]
    def run(instance, name):
        try:
            getattr(instance.exports, name)()
        except pywasm.Interrupted:
            pass
    threads = [threading.Thread(target=run, args=(instance, name))
               for instance, name in zip(instances, ["loop", "forever"] * 2)]
    for thread in threads:
        thread.start()
    failed = []
    def fork():
        for _ in range(5):
            child = os.fork()
            if child == 0:
                works()
                os._exit(0)
            if os.waitpid(child, 0)[1]:
                failed.append(1)
    forking = threading.Thread(target=fork)
    forking.start()
    forking.join()
    for instance in instances:
        while not instance.interrupt():
            pass
    for thread in threads:
        thread.join()
    assert not failed
    works()
    """)
