"""Threads: calls that run at once, calls that take turns, and objects that change hands.

A test that would hang where the code is wrong runs in a process of its own, which is then ended.
"""

import itertools
import threading

import pytest

import pywasm
from pywasm import Function, Memory, MemoryType

PATIENCE = 60  # seconds until a thread that should long have ended counts as hung

SPIN = """(module
    (memory (export "memory") 1 1 shared)
    (func (export "spin")
        (i32.atomic.store (i32.const 4) (i32.const 1))
        (loop $wait (br_if $wait (i32.eqz (i32.atomic.load (i32.const 0)))))))"""

# Waits for its own number, writes the other's: two of these move on only by turns.
PING_PONG = """(module
    (import "m" "memory" (memory 1 1 shared))
    (func (export "play") (param $own i32) (param $other i32) (param $rounds i32)
        (loop $again
            (loop $wait
                (br_if $wait (i32.ne (i32.atomic.load (i32.const 0)) (local.get $own))))
            (i32.atomic.store (i32.const 0) (local.get $other))
            (br_if $again
                (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))))"""

# Reads, waits a little, writes: two of these at once would lose additions.
COUNTER = """(module
    (memory (export "memory") 1)
    (func (export "count") (param $n i32) (local $old i32) (local $i i32)
        (loop $again
            (local.set $old (i32.load (i32.const 0)))
            (local.set $i (i32.const 20))
            (loop $pause
                (br_if $pause (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
            (i32.store (i32.const 0) (i32.add (local.get $old) (i32.const 1)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"""


def together(*actions):
    """Run each action in a thread of its own, all started at once; return their results."""
    results = [None] * len(actions)
    gate = threading.Barrier(len(actions))

    def run(number, action):
        gate.wait(PATIENCE)
        try:
            results[number] = action()
        except BaseException as error:
            results[number] = error

    threads = [
        threading.Thread(target=run, args=(number, action), daemon=True)
        for number, action in enumerate(actions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "hung"
    return results


def test_other_threads_run_during_a_long_call(fresh):
    source = f"""
import threading
exports = instantiate('''{SPIN}''').exports
flags = memoryview(exports.memory.buffer)
guest = threading.Thread(target=exports.spin)
guest.start()
while not flags[4]:
    pass
flags[0] = 1
guest.join()
print("done")
"""
    assert fresh(source) == "done\n"


def test_two_instances_run_in_parallel(fresh):
    source = f"""
import threading
memory = pywasm.Memory(store, pywasm.MemoryType(1, 1, shared=True))
imports = {{"m": {{"memory": memory}}}}
players = [instantiate('''{PING_PONG}''', imports).exports.play for _ in range(2)]
memoryview(memory.buffer)[0] = 1
threads = [threading.Thread(target=players[0], args=(1, 2, 200)),
           threading.Thread(target=players[1], args=(2, 1, 200))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(memoryview(memory.buffer)[0])
"""
    assert fresh(source) == "1\n"


def test_calls_of_one_instance_take_turns(instantiate):
    exports = instantiate(COUNTER).exports
    together(*[lambda: exports.count(50_000)] * 3)
    assert exports.memory.uint32_view()[0] == 150_000


def test_a_host_function_calls_back_while_another_thread_waits(store, instantiate):
    def host(n: int) -> int:
        return instance.exports.double(n)

    instance = instantiate(
        """(module
            (import "m" "host" (func $host (param i32) (result i32)))
            (func (export "double") (param i32) (result i32)
                (i32.mul (local.get 0) (i32.const 2)))
            (func (export "outer") (param i32) (result i32) (call $host (local.get 0))))""",
        {"m": {"host": Function(store, host)}},
    )

    def many(base):
        return [instance.exports.outer(base + i) for i in range(500)]

    results = together(*[lambda base=base: many(base) for base in (0, 1000, 2000)])
    assert results == [[2 * (base + i) for i in range(500)] for base in (0, 1000, 2000)]


def test_each_thread_gets_its_own_exceptions(compiler, wat):
    code = wat(
        """(module (import "m" "host" (func $host (param i32)))
            (func (export "f") (param i32) (call $host (local.get 0))))"""
    )

    def worker():
        def host(n: int):
            error = KeyError(n)
            raised.append(error)
            raise error

        raised = []
        store = pywasm.Store(pywasm.engine.JIT(compiler))
        instance = pywasm.Instance(
            pywasm.Module(store, code), {"m": {"host": Function(store, host)}}
        )
        for i in range(300):
            with pytest.raises(KeyError) as caught:
                instance.exports.f(i)
            assert caught.value is raised[i]
        return "same"

    assert together(worker, worker, worker) == ["same"] * 3


def test_each_thread_gets_its_own_traps(instantiate):
    text = """(module (func (export "f") (param i32) (result i32)
        (i32.div_u (i32.const 100) (local.get 0))))"""
    shared = instantiate(text).exports.f

    def worker(divisor):
        for _ in range(500):
            if divisor:
                assert shared(divisor) == 100 // divisor
            else:
                with pytest.raises(pywasm.Trap):
                    shared(0)
        return divisor

    assert together(*[lambda d=d: worker(d) for d in (0, 3, 0, 7)]) == [0, 3, 0, 7]


def test_a_store_is_for_all_threads(store, wat):
    text = """(module (func (export "f") (param i32) (result i32)
        (i32.add (local.get 0) (i32.const {}))))"""

    def worker(number):
        code = wat(text.format(number))
        results = []
        for i in range(30):
            module = pywasm.Module(store, code)
            results.append(pywasm.Instance(module).exports.f(i))
        return results

    numbers = range(4)
    results = together(*[lambda n=n: worker(n) for n in numbers])
    assert results == [[n + i for i in range(30)] for n in numbers]


def test_one_module_is_for_all_threads(compile_text):
    module = compile_text(COUNTER)

    def worker():
        exports = pywasm.Instance(module).exports
        exports.count(1000)
        return exports.memory.uint32_view()[0]

    assert together(*[worker] * 4) == [1000] * 4


def test_one_host_function_in_many_threads(store, instantiate):
    local = threading.local()

    def host() -> int:
        local.calls = getattr(local, "calls", 0) + 1
        return threading.get_ident() & 0x7FFFFFFF

    text = """(module (import "m" "host" (func $host (result i32)))
        (func (export "f") (result i32) (call $host)))"""
    function = Function(store, host)

    def worker():
        call = instantiate(text, {"m": {"host": function}}).exports.f
        me = threading.get_ident() & 0x7FFFFFFF
        assert {call() for _ in range(300)} == {me}
        return local.calls

    assert together(worker, worker, worker) == [300] * 3


def test_a_memory_grown_by_many_threads(store):
    # wazero#2217: concurrent growth lost pages.
    memory = Memory(store, MemoryType(0, 1000))

    def worker():
        return [memory.grow(1) for _ in range(100)]

    results = together(*[worker] * 4)
    assert sorted(itertools.chain(*results)) == list(range(400))
    assert memory.size == 400


def test_objects_change_hands(compiler, wat):
    code = wat(COUNTER)
    (store,) = together(lambda: pywasm.Store(pywasm.engine.JIT(compiler)))
    (module,) = together(lambda: pywasm.Module(store, code))
    (instance,) = together(lambda: pywasm.Instance(module))
    (exports,) = together(lambda: instance.exports)
    assert together(lambda: exports.count(5)) == [None]
    assert exports.memory.uint32_view()[0] == 5
    assert together(store.close) == [None]
    with pytest.raises(pywasm.WasmError, match="closed"):
        exports.count(1)


def test_dropping_in_another_thread(compiler, wat):
    code = wat(COUNTER)

    def make_and_use():
        store = pywasm.Store(pywasm.engine.JIT(compiler))
        instances = [pywasm.Instance(pywasm.Module(store, code)) for _ in range(50)]
        for instance in instances:
            instance.exports.count(1)
        return instances

    pile = together(make_and_use, make_and_use)
    assert together(*[instances.clear for instances in pile]) == [None, None]


@pytest.mark.parametrize("endless", ["(loop $again (br $again))", "(call $host)"])
def test_a_process_ends_while_guests_run(fresh, endless):
    source = f"""
import threading
begun, never = threading.Event(), threading.Event()
exports = instantiate('''(module
    (import "m" "begin" (func $begin)) (import "m" "host" (func $host))
    (func (export "f") (call $begin) {endless}))''',
    {{"m": {{"begin": pywasm.Function(store, lambda: begun.set()),
        "host": pywasm.Function(store, lambda: print(never.wait()))}}}}).exports
threading.Thread(target=exports.f, daemon=True).start()
begun.wait()
print("leaving")
"""
    assert fresh(source) == "leaving\n"
