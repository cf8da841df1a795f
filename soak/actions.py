"""What the threads do, each time one of these: a function of a Place that checks what it sees."""

import asyncio
import collections
import contextlib
import gc
import math
import pickle
import tempfile
import threading
from subprocess import DEVNULL

import guests

import pywasm
from pywasm import Function, FunctionType, Instance, Memory, MemoryType, Module, Store, Type, wasi

HOST = FunctionType([Type.I32], [Type.I32])


class Place:
    """What the actions of all threads share: stores, modules, and objects that are passed on."""

    def __init__(self, compiler, cache):
        self.compiler = compiler
        self.cache = cache
        self.store = self.new_store()
        self.fueled = self.new_store(fuel=math.inf)
        self.work = Module(self.store, guests.WORK)
        self.work_fueled = Module(self.fueled, guests.WORK)
        self.program = Module(self.store, guests.PROGRAM)
        self.sleeper = Module(self.store, guests.SLEEPER)
        self.shared = self.instance(lambda n: n)
        self.binary = pywasm.wat2wasm(guests.WORK)
        self.views = [None] * 8  # made by one thread, let go by another
        self.instances = collections.deque()

    def new_store(self, **options):
        return Store(pywasm.engine.JIT(self.compiler), **options)

    def instance(self, host, module=None, **options):
        module = module or self.work
        return Instance(module, {"m": {"host": Function(module.store, host, HOST)}}, **options)

    def close(self):
        self.views.clear()
        self.instances.clear()
        self.store.close()
        self.fueled.close()


class Failed(Exception):
    """Of the host functions here."""


@contextlib.contextmanager
def raises(kind):
    try:
        yield
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


def call(place, random):
    a, b = random.randrange(1 << 20), random.randrange(1 << 20)
    exports = place.shared.exports
    assert exports.add(a, b) == a + b
    assert exports.many() == (1, 2, 3.0, 4.0)
    assert exports.count(1000) == 1000
    with raises(TypeError):
        exports.add("a", b)
    with raises(OverflowError):
        exports.add(1 << 40, b)


def call_back(place, random):
    n = random.randrange(1000)
    inner = place.instance(lambda n: n + 1)
    outer = place.instance(
        inner.exports.call if random.random() < 0.5 else lambda n: inner.exports.call(n)
    )
    assert outer.exports.call(n) == n + 1


def raise_in_host(place, random):
    error = random.choice([Failed, KeyError, SystemExit, BaseException])("from the host")

    def host(n):
        raise error

    inner = place.instance(host)
    outer = place.instance(lambda n: inner.exports.call(n))
    caught = None
    try:
        outer.exports.call(1)
    except BaseException as raised:
        caught = raised
    assert caught is error, repr(caught)
    error.__traceback__ = None  # which holds this very frame


def trap(place, random):
    exports = place.instance(lambda n: n).exports
    with raises(pywasm.Trap):
        if random.random() < 0.3:
            exports.deep()
        elif random.random() < 0.5:
            exports.poke(1 << 30, 1)
        else:
            exports.divide(1, 0)
    assert exports.add(1, 2) == 3


def time_out(place, random):
    instance = place.instance(lambda n: n, timeout=random.uniform(0.001, 0.03))
    with raises(pywasm.Timeout):
        random.choice([instance.exports.loop, instance.exports.forever])()
    other = place.instance(lambda n: n)
    with other.limits(timeout=0.01), raises(pywasm.Timeout):
        other.exports.forever()
    assert other.exports.count(10) == 10


def interrupt(place, random):
    instance = place.instance(lambda n: n)
    done = threading.Event()

    def end():
        while not done.is_set():
            instance.interrupt()
            done.wait(0.002)

    thread = threading.Thread(target=end)
    thread.start()
    try:
        with raises(pywasm.Interrupted):
            random.choice([instance.exports.loop, instance.exports.forever])()
    finally:
        done.set()
        thread.join()


def cancel(place, random):
    instance = place.instance(lambda n: n)

    async def main():
        with raises(asyncio.TimeoutError):
            await asyncio.wait_for(instance.exports.loop.call_async(), 0.01)
        assert await instance.exports.count.call_async(7) == 7

    asyncio.run(main())


def use_fuel(place, random):
    instance = place.instance(lambda n: n, place.work_fueled, fuel=random.randrange(100_000))
    with raises(pywasm.FuelExhausted):
        random.choice([instance.exports.loop, instance.exports.forever])()
    instance.fuel = 10_000
    assert instance.exports.count(100) == 100
    with instance.limits(fuel=50), raises(pywasm.FuelExhausted):
        instance.exports.loop()


def grow_and_view(place, random):
    instance = place.instance(lambda n: n)
    memory = instance.exports.memory
    view = memoryview(memory.buffer)
    typed = getattr(memory, random.choice(["uint8_view", "int32_view", "float64_view"]))()
    instance.exports.poke(0, 0x41424344)
    assert bytes(view[:4]) == b"DCBA"
    assert instance.exports.grow(random.randrange(8)) == 1
    memory.grow(1)
    assert len(view) == 65536
    assert bytes(view[:4]) == b"DCBA"
    instance.exports.poke(65532, 5)
    assert view[65532] == 5
    with raises(pywasm.WasmError):
        memory.grow(64)
    if random.random() < 0.3:
        instance.close()
    place.views[random.randrange(8)] = view, typed
    mine = Memory(place.store, MemoryType(1, 4))
    place.views[random.randrange(8)] = memoryview(mine.buffer)


def pass_instances_on(place, random):
    place.instances.append(place.instance(lambda n: -n))
    if len(place.instances) < 8:
        return
    with contextlib.suppress(IndexError):  # others were quicker
        found = place.instances.popleft()
        assert found.exports.call(5) == -5
        if random.random() < 0.5:
            found.close()


def make_a_cycle(place, random):
    instance = place.instance(lambda n: instance.exports.add(n, 1))
    assert instance.exports.call(1) == 2
    instance.exports.refs.set(0, random.choice([instance, (instance.exports,)]))
    place.shared.exports.functions.set(random.randrange(4), instance.exports.call)
    if random.random() < 0.05:
        gc.collect()


def references(place, random):
    instance, thing = place.instance(lambda n: n), [random.random()]
    assert instance.exports["pass"](thing) is thing
    instance.exports.refs.set(1, thing)
    assert instance.exports.refs.get(1) is thing
    other = place.instance(lambda n: 3 * n)
    instance.exports.functions.set(0, other.exports.call)
    instance.exports.functions.set(1, Function(place.store, lambda n: 5 * n, HOST))
    assert instance.exports.indirect(0, 2) == 6
    assert instance.exports.indirect(1, 2) == 10
    instance.exports["global"].value = 9
    assert instance.exports["global"].value == 9


def stores(place, random):
    store = place.new_store(timeout=5)
    module = Module(store, place.binary)
    instance = place.instance(lambda n: n, module)
    assert instance.exports.call(3) == 3
    if random.random() < 0.5:
        store.close()
        with raises(pywasm.WasmError):
            instance.exports.call(3)


def bad_input(place, random):
    binary = bytearray(place.binary)
    binary[random.randrange(8, len(binary))] ^= 1 << random.randrange(8)
    try:
        with place.new_store() as store:
            Module(store, bytes(binary))
    except pywasm.CompileError:
        pass
    with raises(pywasm.CompileError):
        Module(place.store, "(module (func (result i32)))")
    with raises(pywasm.LinkError):
        Instance(place.work, {"m": {}})
    with raises(pywasm.ExportNotFoundError):
        place.shared.exports["missing"]


def run_a_program(place, random):
    text = b"x" * random.randrange(1, 2000)
    done = pywasm.run(place.program, stdin=text, capture_output=True, files={})
    assert (done.returncode, done.stdout[: len(text)]) == (3, text)
    assert "out.txt" in done.files, done.files


def run_in_a_folder(place, random):
    with tempfile.TemporaryDirectory() as folder:
        done = pywasm.run(place.program, stdin=b"abc", stdout=DEVNULL, dirs={"/": folder})
        assert done.returncode == 3


def sleep(place, random):
    with wasi.StateBuilder("sleeper").finalize() as environment:
        imports = environment.generate_import_object(place.store, wasi.Version.SNAPSHOT1)
        instance = Instance(place.sleeper, imports)
        with instance.limits(timeout=0.01), raises(pywasm.Timeout):
            instance.exports.sleep()


def pickles(place, random):
    module = pickle.loads(pickle.dumps(place.work))
    assert place.instance(lambda n: n, module).exports.add(1, 2) == 3
    artefact = module.serialize()
    again = Module.deserialize(place.store, artefact)
    assert place.instance(lambda n: n, again).exports.add(1, 2) == 3
    damaged = bytearray(artefact)
    damaged[random.randrange(len(damaged))] ^= 255
    with raises(pywasm.DeserializeError):
        Module.deserialize(place.store, bytes(damaged))


def cached(place, random):
    with place.new_store(cache=place.cache) as store:
        module = Module(store, place.binary)
        assert place.instance(lambda n: n, module).exports.add(1, 2) == 3


# How often each is done, in relation to the others: the dear ones are done less.
ACTIONS = {
    call: 10,
    call_back: 10,
    raise_in_host: 10,
    trap: 10,
    time_out: 3,
    interrupt: 3,
    cancel: 1,
    use_fuel: 5,
    grow_and_view: 10,
    pass_instances_on: 10,
    make_a_cycle: 5,
    references: 5,
    stores: 2,
    bad_input: 2,
    run_a_program: 3,
    run_in_a_folder: 1,
    sleep: 2,
    pickles: 1,
    cached: 2,
}
