"""pywasm beside another extension that is written in Go, with a runtime of its own."""

import os
import subprocess
import sys

import pytest

pytestmark = [
    pytest.mark.build,
    pytest.mark.skipif(sys.platform == "win32", reason="the test has signals"),
]

GO = """package main

// typedef int (*callback)(int);
// static int call(callback f, int n) { return f(n); }
import "C"

import "runtime"

func main() {}

type node struct{ next *node; data [100]byte }

var kept [64]*node

// Work has goroutines that make garbage and wait for one another, and collects it.
//
//export Work
func Work(goroutines C.int) C.int {
	results := make(chan int)
	for g := range int(goroutines) {
		go func() {
			var list *node
			for range 1000 {
				list = &node{next: list}
			}
			if g%8 == 0 {
				runtime.GC()
			}
			n := 0
			for ; list != nil; list = list.next {
				n++
			}
			results <- n
		}()
	}
	sum := 0
	for range int(goroutines) {
		sum += <-results
	}
	kept[sum%len(kept)] = &node{}
	return C.int(sum)
}

// Recover recovers from a panic, and from the signal of a nil pointer.
//
//export Recover
func Recover() (recovered C.int) {
	for _, fail := range []func(){
		func() { panic("a panic") },
		func() { (*node)(nil).data[1] = 1 },
	} {
		func() {
			defer func() {
				if recover() != nil {
					recovered++
				}
			}()
			fail()
		}()
	}
	return recovered
}

// Through calls back, with Go's frames on the stack, and collects before and after.
//
//export Through
func Through(f C.callback, n C.int) C.int {
	runtime.GC()
	defer runtime.GC()
	return C.call(f, n) + C.int(Recover())
}
"""

LOAD = """
import ctypes, os, signal, sys, threading

def load():
    other = ctypes.CDLL(sys.argv[1])
    use_other(other)
    return other

def use_other(other):
    assert other.Work(40) == 40_000
    assert other.Recover() == 2
"""

USE = """
import pywasm
from pywasm import Function, FunctionType, Instance, Module, Type, _native
from pywasm.compilers import COMPILER

CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
store = pywasm.Store(pywasm.engine.JIT(COMPILER.Compiler))  # which opens libpywasm

def new(host=lambda n: n):
    return Instance(
        Module(store, '''(module
            (import "m" "host" (func $host (param i32) (result i32)))
            (memory (export "memory") 1 16)
            (func (export "call") (param i32) (result i32) (call $host (local.get 0)))
            (func (export "loop") (drop (call $host (i32.const 0))) (loop (br 0)))
            (func (export "grow") (result i32) (memory.grow (i32.const 1)))
            (func (export "count") (param i32) (result i32) (local i32)
                (loop (local.set 1 (i32.add (local.get 1) (i32.const 1)))
                    (br_if 0 (i32.lt_u (local.get 1) (local.get 0))))
                (local.get 1))
            (func $deep (export "deep") (result i32) (i32.add (call $deep) (i32.const 1)))
            (func (export "trap") unreachable))'''),
        {"m": {"host": Function(store, host, FunctionType([Type.I32], [Type.I32]))}})

def raises(kind, call, *args):
    try:
        call(*args)
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")

def fail(n):
    raise KeyError(n)

def use_pywasm():
    exports = new().exports
    assert exports.call(5) == 5
    assert exports.count(100_000) == 100_000
    assert exports.grow() == 1
    raises(pywasm.Trap, exports.trap)
    raises(pywasm.Trap, exports.deep)
    raises(KeyError, new(fail).exports.call, 5)
    _native.census()  # collects

def use_signals():
    # What comes too early comes in the host function, so in the call.
    seen = []
    def handler(number, frame):
        seen.append(number)
        if len(seen) == 3:
            raise KeyError(number)
    def begin_alarms(n):
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        return n
    signal.signal(signal.SIGALRM, handler)
    raises(KeyError, new(begin_alarms).exports.loop)
    signal.setitimer(signal.ITIMER_REAL, 0)
    interrupting = threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT))
    def interrupt(n):
        interrupting.start()
        return n
    raises(KeyboardInterrupt, new(interrupt).exports.loop)
    interrupting.join()

def both_on_one_stack(other):
    def inner(n):
        use_other(other)
        use_pywasm()
        return n + 1
    guest = new(lambda n: other.Through(CALLBACK(inner), n)).exports
    assert other.Through(CALLBACK(lambda n: guest.call(n)), 5) == 5 + 1 + 2 + 2

def in_threads(other):
    failures = []
    def run(use, times):
        try:
            for _ in range(times):
                use()
        except BaseException as error:
            failures.append(error)
    jobs = [(use_pywasm, 2), (lambda: use_other(other), 10), (lambda: both_on_one_stack(other), 1)]
    threads = [threading.Thread(target=run, args=job) for job in jobs * 2]
    for thread in threads:
        thread.start()
    use_signals()
    for thread in threads:
        thread.join()
    assert not failures, failures

def use_both(other):
    for _ in range(2):
        use_other(other)
        use_pywasm()
    use_signals()
    both_on_one_stack(other)
    in_threads(other)
    use_signals()
    assert other.Recover() == 2
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("another go")
    (folder / "go.mod").write_text("module another\n\ngo 1.26\n")
    (folder / "main.go").write_text(GO)
    built = folder / "another.so"
    subprocess.run(["go", "build", "-buildmode=c-shared", "-o", built, "."], cwd=folder, check=True)
    return built


@pytest.mark.parametrize("order", ["another first", "pywasm first"])
def test_both_runtimes_do_all_they_do(python, compiler_name, library, order):
    use, load = USE.replace("COMPILER", compiler_name), "other = load()\n"
    parts = [load, use] if order == "another first" else [use, "use_pywasm()\n", load]
    source = LOAD + "".join(parts) + "use_both(other)\nprint('done')"
    assert python(source, library) == "done\n"


def test_a_child_uses_pywasm_where_both_were_loaded(python, compiler_name, library):
    # Go does not survive a fork: pywasm opens a runtime anew, and the other stays as it is.
    if not hasattr(os, "fork"):
        pytest.skip("there is no fork")
    source = f"""{LOAD}{USE.replace("COMPILER", compiler_name)}
other = load()
use_pywasm()
child = os.fork()
if child == 0:
    for _ in range(3):
        use_pywasm()
    use_signals()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
use_both(other)
print("done")"""
    assert python(source, library) == "done\n"
