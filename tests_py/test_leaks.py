"""Each operation of the C types many times over: nothing of it is left in Python, C or Go.

Before and after, blocks of Python's allocator, bytes and objects of Go are counted. An operation
that forgets a reference, a handle or a text leaves one each time.
"""

import ctypes
import gc
import itertools
import pickle
import sys

import pytest

import pywasm
from pywasm import (
    Function,
    FunctionType,
    Global,
    ImportObject,
    Instance,
    Memory,
    MemoryType,
    Module,
    Store,
    Table,
    TableType,
    Type,
    Value,
    _native,
)

TEXT = """(module
    (import "m" "host" (func $host (param i32) (result i32)))
    (memory (export "memory") 1 8)
    (table (export "refs") 2 4 externref)
    (table (export "functions") 2 4 funcref)
    (global (export "global") (mut f64) (f64.const 7))
    (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
    (func (export "call") (param i32) (result i32) (call $host (local.get 0)))
    (func (export "many") (result i64 f64) (i64.const 0x123456789abc) (f64.const 2.5))
    (func (export "pass") (param externref) (result externref) (local.get 0))
    (elem declare func $refer)
    (func $refer (export "refer") (param i32) (result funcref)
        (loop (drop (ref.func $refer))
            (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (ref.func $refer))
    (func (export "trap") unreachable)
    (func (export "loop") (loop (br 0))))"""
IMPORTER = """(module
    (import "m" "refs" (table 2 4 externref))
    (import "m" "functions" (table $functions 2 4 funcref))
    (func $five (result i32) i32.const 5)
    (elem declare func $five)
    (func (export "give") (table.set $functions (i32.const 1) (ref.func $five))))"""
HOST = FunctionType([Type.I32], [Type.I32])


def raises(kind, call, *args):
    try:
        call(*args)
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


def fail(n):
    raise KeyError(n)


class Guest:
    """An instance, and what operations need beside."""

    def __init__(self, store):
        self.store = store
        self.sizes = itertools.count(100)
        self.module = Module(store, TEXT)
        self.importer = Module(store, IMPORTER)
        self.host = Function(store, lambda n: n + 1, HOST)
        self.instance = self.new(self.host)
        self.exports = self.instance.exports
        self.failing = self.new(Function(store, fail, HOST))
        self.limited = Instance(self.module, {"m": {"host": self.host}}, timeout=0.001)

    def new(self, host):
        return Instance(self.module, {"m": {"host": host}})


def close_an_instance(g):
    with g.new(g.host) as instance:
        view, add = memoryview(instance.exports.memory.buffer), instance.exports.add
    raises(pywasm.WasmError, add, 1, 2)
    del view


def tie_a_cycle(g):
    instance = g.new(Function(g.store, lambda n: instance.exports.add(n, 1), HOST))
    assert instance.exports.call(1) == 2


def share_a_memory(g):
    memory = Memory(g.store, MemoryType(1, 2))
    module = Module(g.store, '(module (import "m" "m" (memory 1 2)))')
    views = [Instance(module, {"m": {"m": memory}}), memory.uint8_view()]
    memory.grow(1)
    raises(pywasm.WasmError, memory.grow, 1)
    views.clear()


def read_and_write(g):
    view = g.exports.memory.int32_view(4)
    view[0] = -77777
    assert view[0:2] == [-77777, 0]
    view[0:2] = [1, 0]
    raises(IndexError, view.__getitem__, 1 << 20)
    raises(OverflowError, view.__setitem__, 0, 1 << 40)
    raises(TypeError, view.__setitem__, 0, "text")
    list(view[:100])


def use_tables(g):
    thing = [1.5]
    g.exports.refs.set(0, thing)
    assert g.exports.refs.get(0) is thing
    g.exports.refs.set(0, None)
    g.exports.functions.set(0, g.exports.add)
    assert g.exports.functions.get(0) is g.exports.add
    raises(IndexError, g.exports.refs.get, 100)
    raises(TypeError, g.exports.functions.set, 0, thing)


def compile_and_use(g):
    instance = Instance(Module(g.store, TEXT), {"m": {"host": g.host}})
    assert instance.exports.call(1) == 2


def load_and_use(g):
    module = Module.deserialize(g.store, g.module.serialize())
    assert Instance(module, {"m": {"host": g.host}}).exports.call(1) == 2


def pickle_and_use(g):
    module = pickle.loads(pickle.dumps(g.module))
    host = Function(module.store, lambda n: n + 1, HOST)
    assert Instance(module, {"m": {"host": host}}).exports.call(1) == 2


def make_what_was_never_made(g):
    """A type of memory, table and function that the store has not seen."""
    size = next(g.sizes)
    Memory(g.store, MemoryType(size % 3, size))
    Table(g.store, TableType(Type.EXTERN_REF, size % 3, size), None)


def hold_itself(g):
    instance = g.new(g.host)
    instance.exports.refs.set(0, instance)
    instance.exports.refs.set(1, [instance.exports])


def import_tables(g):
    exports = {"refs": g.exports.refs, "functions": g.exports.functions}
    Instance(g.importer, {"m": exports}).exports.give()
    assert g.exports.functions.get(1)() == 5


def register_a_callback(g):
    callback = Function(g.store, lambda n: n - 1, HOST)
    g.exports.functions.set(0, callback)
    assert g.exports.functions.get(0)(3) == 2


def refer_to_functions(g):
    assert g.exports.refer(100) is not None


OPERATIONS = {
    "call": lambda g: g.exports.add(1 << 40, 2**63 - 1),
    "several results": lambda g: g.exports.many(),
    "call a host function": lambda g: g.exports.call(100_000),
    "pass an object": lambda g: g.exports["pass"]([1]),
    "too many arguments": lambda g: raises(TypeError, g.exports.add, 1, 2, 3),
    "wrong arguments": lambda g: raises(TypeError, g.exports.add, 1, "text"),
    "large arguments": lambda g: raises(OverflowError, g.exports.add, 1, 1 << 70),
    "trap": lambda g: raises(pywasm.Trap, g.exports.trap),
    "a host function raises": lambda g: raises(KeyError, g.failing.exports.call, 5),
    "time out": lambda g: raises(pywasm.Timeout, g.limited.exports.loop),
    "look up": lambda g: (g.new(g.host).exports.add, list(g.exports), repr(g.exports)),
    "look up in vain": lambda g: raises(pywasm.ExportNotFoundError, getattr, g.exports, "none"),
    "types": lambda g: (g.exports.add.type, g.exports.memory.type, g.exports.refs.type),
    "repr": lambda g: [repr(extern) for _, extern in g.exports],
    "view": lambda g: (memoryview(g.exports.memory.buffer)[:5], bytes(g.exports.memory.buffer)[:5]),
    "typed views": lambda g: [g.exports.memory.uint8_view(), g.exports.memory.float64_view(3)],
    "read and write": read_and_write,
    "global": lambda g: (setattr(g.exports["global"], "value", 2.5), g.exports["global"].value),
    "tables": use_tables,
    "make an instance": lambda g: g.new(g.host),
    "close an instance": close_an_instance,
    "tie a cycle": tie_a_cycle,
    "fail to link": lambda g: raises(pywasm.LinkError, Instance, g.module, {"m": {}}),
    "host function": lambda g: Function(g.store, lambda: None, FunctionType([], [])),
    "no host function": lambda g: raises(ValueError, Function, g.store, 5),
    "memory": lambda g: Memory(g.store, MemoryType(1, 2)),
    "share a memory": share_a_memory,
    "make a global": lambda g: Global(g.store, Value.i64(1 << 50), mutable=True).value,
    "make a table": lambda g: Table(g.store, TableType(Type.EXTERN_REF, 1), None),
    "import object": lambda g: ImportObject().register("m", {"host": g.host}),
    "compile": lambda g: Module(g.store, TEXT).close(),
    "compile in vain": lambda g: raises(pywasm.CompileError, Module, g.store, b"\0asm\1\0\0\0\7"),
    "text": lambda g: raises(pywasm.CompileError, pywasm.wat2wasm, "(module (func $f"),
    "serialize": lambda g: Module.deserialize(g.store, g.module.serialize()).close(),
    "compile and use": compile_and_use,
    "load and use": load_and_use,
    "pickle and use": pickle_and_use,
    "make what was never made": make_what_was_never_made,
    "hold itself": hold_itself,
    "import tables": import_tables,
    "register a callback": register_a_callback,
    "refer to functions": refer_to_functions,
    "a store": lambda g: Module(Store(g.store._config["engine"]), "(module)"),
    "interrupt": lambda g: g.instance.interrupt(),
}
TIMES, ROUNDS = 60, 12
LEAK = 0.4  # of what was counted, for one time


class Mallinfo(ctypes.Structure):
    """struct mallinfo2 of glibc."""

    _fields_ = [("before", ctypes.c_size_t * 7), ("used", ctypes.c_size_t)]
    _fields_ += [("after", ctypes.c_size_t * 2)]


def allocated():
    """Bytes that were allocated with malloc and not freed; 0 where nobody knows."""
    mallinfo = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if mallinfo is None:
        return 0
    mallinfo.restype = Mallinfo
    return mallinfo().used


def count():
    gc.collect()
    gc.collect()
    go = _native.census()
    heap = go.pop("heap")
    return {
        "blocks": sys.getallocatedblocks(),
        "bytes of Go, by 100": heap / 100,
        "bytes of C, by 30": allocated() / 30,
        **go,
    }


def repeat(operation, guest):
    """What there is more after many times, each by how much for one time."""
    before = count()
    for _ in range(TIMES):
        operation(guest)
    after = count()
    return {name: (after[name] - n) / TIMES for name, n in before.items()}


@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_is_left(store, name):
    guest, least = Guest(store), {}
    for _ in range(ROUNDS):  # in some, tables double their size, and Python fills its caches
        left = repeat(OPERATIONS[name], guest)
        least = {what: min(n, least.get(what, n)) for what, n in left.items()}
        if max(least.values()) < LEAK:
            return
    raise AssertionError({what: n for what, n in least.items() if n >= LEAK})
