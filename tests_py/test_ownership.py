"""Who keeps whom alive: nothing is let go too early, and nothing is kept for ever."""

import gc
import sys
import types
import weakref

import pytest

import pywasm
from pywasm import Function, Memory, MemoryType

CLOSED_OVER = """(module
    (import "m" "host" (func $host))
    (func (export "f") (call $host))
    (func (export "seven") (result i32) i32.const 7))"""

SMALL = """(module
    (memory (export "memory") 1 4)
    (data (i32.const 0) "alive")
    (global (export "global") (mut i32) (i32.const 5))
    (table (export "table") 1 funcref)
    (func $f (export "f") (result i32) (i32.load8_u (i32.const 0)))
    (elem (i32.const 0) $f))"""


class Watched:
    """An object that a weak reference can watch, held by a host function."""


def close_over_itself(store, module):
    """An instance whose host function holds the instance; and a watch on what both hold."""
    watched = Watched()

    def host():
        watched.seen = instance.exports.seven()

    instance = pywasm.Instance(module, {"m": {"host": Function(store, host)}})
    instance.exports.f()
    assert watched.seen == 7
    return weakref.ref(watched)


def test_an_instance_in_a_cycle_with_its_host_function(store, compile_text):
    reference = close_over_itself(store, compile_text(CLOSED_OVER))
    gc.collect()
    assert reference() is None


def test_a_cycle_is_collected_without_closing_anything(compiler, wat):
    store = pywasm.Store(pywasm.engine.JIT(compiler))
    reference = close_over_itself(store, pywasm.Module(store, wat(CLOSED_OVER)))
    del store
    gc.collect()
    assert reference() is None


def test_a_cycle_through_two_instances(store, compile_text):
    def make():
        watched, pair = Watched(), []

        def host():
            return watched, pair

        for _ in range(2):
            pair.append(pywasm.Instance(module, {"m": {"host": Function(store, host)}}))
        return weakref.ref(watched)

    module = compile_text(CLOSED_OVER)
    reference = make()
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize("what", ["store", "module", "instance", "function", "memory", "global"])
def test_what_is_dropped_is_collected(compiler, wat, what):
    store = pywasm.Store(pywasm.engine.JIT(compiler))
    module = pywasm.Module(store, wat(SMALL))
    instance = pywasm.Instance(module)
    objects = {
        "store": store,
        "module": module,
        "instance": instance,
        "function": instance.exports.f,
        "memory": instance.exports.memory,
        "global": instance.exports["global"],
    }
    reference = weakref.ref(objects.pop(what))
    objects.clear()
    del store, module, instance
    gc.collect()
    assert reference() is None


def test_without_a_cycle_no_collection_is_needed(store, compile_text):
    module = compile_text("(module)")
    gc.disable()
    try:
        instance = pywasm.Instance(module)
        reference = weakref.ref(instance)
        del instance
        assert reference() is None
    finally:
        gc.enable()


FLAT = """
import weakref

class Watched:
    pass

module = pywasm.Module(store, '''{text}''')

def one():
    watched = Watched()
    def host():
        watched.seen = instance.exports.seven()
    instance = pywasm.Instance(module, {{"m": {{"host": pywasm.Function(store, host)}}}})
    instance.exports.f()
    return weakref.ref(watched)

def many(count):
    references = [one() for _ in range(count)]
    gc.collect()
    return sum(reference() is not None for reference in references)

alive = many(2000)
before = resident()
for _ in range(10):
    alive += many({count} // 10)
print(alive, resident() - before)
"""


@pytest.mark.parametrize(
    ("memory", "count"), [("", 10_000), ('(memory (export "memory") 1)', 5_000)]
)
def test_many_instances_in_cycles_leave_memory_flat(fresh, memory, count):
    text = CLOSED_OVER.replace("(func (export", f"{memory} (func (export", 1)
    alive, grown = map(int, fresh(FLAT.format(text=text, count=count)).split())
    assert alive == 0
    assert grown < count * 1000, "less than a kilobyte for each instance: none of them is left"


MANY_STORES = """
code = pywasm.wat2wasm('''{text}''')

def one(close):
    mine = pywasm.Store(pywasm.engine.JIT({compiler}.Compiler))
    instance = pywasm.Instance(pywasm.Module(mine, code))
    assert instance.exports.f() == 97
    if close:
        mine.close()

for number in range(300):
    one(number % 2)
gc.collect()
before = resident()
for number in range(1500):
    one(number % 2)
gc.collect()
print(resident() - before)
"""


def test_many_stores_leave_memory_flat(fresh, compiler_name):
    grown = int(fresh(MANY_STORES.format(text=SMALL, compiler=compiler_name)))
    assert grown < 1500 * 6000, "a store with a module is larger than that: none of them is left"


@pytest.mark.parametrize("close", [False, True], ids=["dropped", "closed"])
def test_views_outlive_everything(compiler, wat, close):
    store = pywasm.Store(pywasm.engine.JIT(compiler))
    module = pywasm.Module(store, wat(SMALL))
    instance = pywasm.Instance(module)
    memory = instance.exports.memory
    raw = memoryview(memory.buffer)
    typed = memory.uint8_view()
    if close:
        instance.close()
        module.close()
        store.close()
    del store, module, instance, memory
    gc.collect()
    churn(compiler, wat)
    assert bytes(raw[:5]) == b"alive"
    raw[0] = 0x41
    assert raw[0] == 0x41
    assert typed[0] == 0x41
    typed[1] = 0x42
    assert bytes(raw[:2]) == b"AB"
    assert len(raw) == len(typed) == 65536
    raw[65535] = 1


def churn(compiler, wat):
    """Give the freed mapping, if it was freed, to somebody else."""
    store = pywasm.Store(pywasm.engine.JIT(compiler))
    for _ in range(20):
        memory = pywasm.Instance(pywasm.Module(store, wat(SMALL))).exports.memory
        memory.write(0, b"\xee" * 65536)
    store.close()


def test_views_taken_before_growth_outlive_everything(compiler, wat):
    store = pywasm.Store(pywasm.engine.JIT(compiler))
    memory = pywasm.Instance(pywasm.Module(store, wat(SMALL))).exports.memory
    before = memoryview(memory.buffer)
    memory.grow(3)
    after = memoryview(memory.buffer)
    del store, memory
    gc.collect()
    churn(compiler, wat)
    after[0:5] = b"ALIVE"
    assert bytes(before[:5]) == b"ALIVE"
    before.release()
    after[4 * 65536 - 1] = 7
    assert after[4 * 65536 - 1] == 7


def test_views_of_a_slice_outlive_the_whole(compiler, wat):
    store = pywasm.Store(pywasm.engine.JIT(compiler))
    part = memoryview(pywasm.Instance(pywasm.Module(store, wat(SMALL))).exports.memory.buffer)[1:4]
    del store
    gc.collect()
    churn(compiler, wat)
    assert bytes(part) == b"liv"


@pytest.mark.parametrize("name", ["f", "memory", "global", "table"])
def test_an_export_outlives_all_other_names(compiler, wat, name):
    store = pywasm.Store(pywasm.engine.JIT(compiler))
    extern = pywasm.Instance(pywasm.Module(store, wat(SMALL))).exports[name]
    del store
    gc.collect()
    churn(compiler, wat)
    uses = {
        "f": lambda: extern() == 97,
        "memory": lambda: extern.read(0, 5) == b"alive" and extern.grow(1) == 1,
        "global": lambda: extern.value == 5,
        "table": lambda: extern.get(0)() == 97,
    }
    assert uses[name]()


def test_exports_outlive_the_name_of_their_instance(instantiate):
    exports = instantiate(SMALL).exports
    gc.collect()
    assert exports.f() == 97
    assert exports["global"].value == 5


def test_what_is_imported_outlives_its_exporter(store, instantiate):
    def importer():
        exporter = instantiate(SMALL)
        return instantiate(
            """(module
                (import "m" "memory" (memory 1 4))
                (import "m" "global" (global $g (mut i32)))
                (import "m" "table" (table $t 1 funcref))
                (import "m" "f" (func $f (result i32)))
                (func (export "use") (result i32)
                    (i32.add
                        (i32.add (call $f) (global.get $g))
                        (i32.add (i32.load8_u (i32.const 1))
                            (call_indirect $t (result i32) (i32.const 0))))))""",
            {"m": dict(exporter.exports)},
        )

    instance = importer()
    gc.collect()
    for _ in range(3):
        importer()
        gc.collect()
        assert instance.exports.use() == 97 + 5 + ord("l") + 97


def test_closing_an_importer_leaves_the_memory_of_its_owner(instantiate):
    # wazero#2512: closing an instance that imports a memory freed it.
    owner = instantiate(SMALL)
    view = memoryview(owner.exports.memory.buffer)
    with instantiate(
        '(module (import "m" "memory" (memory 1 4)))', {"m": {"memory": owner.exports.memory}}
    ):
        pass
    gc.collect()
    assert owner.exports.f() == 97
    assert bytes(view[:5]) == b"alive"
    assert owner.exports.memory.grow(1) == 1


def test_closing_the_owner_leaves_the_view_of_an_importer(instantiate):
    owner = instantiate(SMALL)
    importer = instantiate(
        '(module (import "m" "memory" (memory 1 4)) (export "memory" (memory 0)))',
        {"m": {"memory": owner.exports.memory}},
    )
    view = memoryview(importer.exports.memory.buffer)
    owner.close()
    gc.collect()
    assert bytes(view[:5]) == b"alive"
    view[0] = 1


def test_a_memory_made_by_the_host_outlives_its_instances(store, instantiate):
    memory = Memory(store, MemoryType(1, 4))
    view = memoryview(memory.buffer)
    for number in range(10):
        with instantiate(
            """(module (import "m" "memory" (memory 1 4))
                (func (export "f") (param i32) (i32.store8 (i32.const 0) (local.get 0))))""",
            {"m": {"memory": memory}},
        ) as instance:
            instance.exports.f(number)
        gc.collect()
        assert view[0] == number
    assert memory.grow(1) == 1


CLOSING = """
text = '''(module
    (import "m" "host" (func $host))
    (memory (export "memory") 1)
    (func (export "f") (result i32)
        (call $host)
        (i32.store (i32.const 0) (i32.const 9))
        (i32.load (i32.const 0))))'''
holder = {{}}
def host():
    {action}
    gc.collect()
module = pywasm.Module(store, text)
holder["instance"] = pywasm.Instance(module, {{"m": {{"host": pywasm.Function(store, host)}}}})
view = memoryview(holder["instance"].exports.memory.buffer)
try:
    print(holder["instance"].exports.f())
except pywasm.WasmError as error:
    print("refused" if "clos" in str(error) else error)
view[1] = 1
"""


@pytest.mark.parametrize(
    ("action", "outcomes"),
    [
        ('holder["instance"].close()', ["9", "refused"]),
        ("store.close()", ["9", "refused"]),
        ("module.close()", ["9"]),
        ("holder.clear()", ["9"]),
    ],
)
def test_closing_and_dropping_what_is_running(fresh, action, outcomes):
    # What a guest stands on stays until it returns: closing it is refused or put off.
    assert fresh(CLOSING.format(action=action)).strip() in outcomes


def give_or_raise(x: int) -> "f64":  # noqa: F821
    if not x:
        raise KeyError(x)
    return x / 3


def failing(error, action):
    def fail(given):
        try:
            action(given)
        except error:
            return
        raise AssertionError(f"no {error.__name__}")

    return fail


REPEATED = {
    "call": lambda given: given.exports.add(2**31, 12345),
    "call for a tuple": lambda given: given.exports.both(2**63, 2**127),
    "call with an object": lambda given: given.exports.same(given),
    "call with too few": failing(TypeError, lambda given: given.exports.add(1)),
    "call with the wrong type": failing(TypeError, lambda given: given.exports.add(1, "2")),
    "call out of range": failing(OverflowError, lambda given: given.exports.add(1, 2**40)),
    "trap": failing(pywasm.Trap, lambda given: given.exports.trap()),
    "host": lambda given: given.exports["call host"](1),
    "host that raises": failing(KeyError, lambda given: given.exports["call host"](0)),
    "missing export": failing(LookupError, lambda given: given.exports.nothing),
    "iteration": lambda given: list(given.exports),
    "repr": lambda given: repr(given.exports),
    "read": lambda given: given.memory.read(0, 1000),
    "read too far": failing(IndexError, lambda given: given.memory.read(65536, 1)),
    "write": lambda given: given.memory.write(0, b"x" * 1000),
    "view": lambda given: given.memory.uint16_view(5)[0:100],
    "buffer": lambda given: bytes(memoryview(given.memory.buffer)[5:50]),
    "set a slice": lambda given: given.memory.int64_view().__setitem__(slice(0, 2), [1, 2**62]),
    "global": lambda given: setattr(given.variable, "value", given.variable.value + 0.5),
    "table": lambda given: (given.table.set(0, given), given.table.get(0)),
    "types": lambda given: (given.exports.add.type.params, given.memory.type.minimum),
    "compile": lambda given: pywasm.Module(given.store, b"\0asm\x01\0\0\0").exports,
    "bad module": failing(pywasm.CompileError, lambda given: pywasm.Module(given.store, b"\0a")),
    "value": lambda given: repr(pywasm.Value.f64(1.25)),
    "make a memory": lambda given: Memory(given.store, MemoryType(0, 1)),
    "make a global": lambda given: pywasm.Global(given.store, pywasm.Value.i64(2**40)),
    "make a function": lambda given: Function(given.store, give_or_raise)(1),
}


@pytest.fixture
def given(store, instantiate):
    exports = instantiate(
        """(module
            (import "m" "host" (func $host (param i32) (result f64)))
            (memory (export "memory") 1)
            (global (export "variable") (mut f64) (f64.const 0))
            (table (export "table") 2 externref)
            (func (export "add") (param i32 i32) (result i32)
                (i32.add (local.get 0) (local.get 1)))
            (func (export "both") (param i64 v128) (result v128 i64)
                (local.get 1) (local.get 0))
            (func (export "same") (param externref) (result externref) (local.get 0))
            (func (export "trap") unreachable)
            (func (export "call host") (param i32) (result f64) (call $host (local.get 0))))""",
        {"m": {"host": Function(store, give_or_raise)}},
    ).exports
    return types.SimpleNamespace(
        store=store,
        exports=exports,
        memory=exports.memory,
        table=exports.table,
        variable=exports.variable,
    )


@pytest.mark.parametrize("action", REPEATED.values(), ids=REPEATED)
def test_doing_it_again_leaves_no_objects_behind(given, action):
    count = 300

    def blocks_after_many():
        for _ in range(count):
            action(given)
        gc.collect()
        return sys.getallocatedblocks()

    blocks_after_many()
    # A leak is a block for each time. Caches settle meanwhile, so the least growth of three counts.
    marks = [blocks_after_many() for _ in range(4)]
    grown = min(after - before for before, after in zip(marks, marks[1:]))
    assert grown < count / 2
