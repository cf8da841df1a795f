"""Cycles that lead through a guest: collected when nothing else leads in, and never before."""

import gc
import os
import random
import weakref

import pytest

import pywasm
from pywasm import Function, FunctionType, Global, Table, TableType, Type, Value

GUEST = """(module
    (import "m" "host" (func $host))
    (table $objects (export "objects") 4 externref)
    (table $functions (export "functions") 4 funcref)
    (global $object (export "object") (mut externref) (ref.null extern))
    (func (export "keep") (param externref) (table.set $objects (i32.const 1) (local.get 0)))
    (func (export "keep in a global") (param externref) (global.set $object (local.get 0)))
    (func (export "seven") (result i32) i32.const 7)
    (func (export "call") (param i32) (result i32)
        (call_indirect $functions (result i32) (local.get 0)))
    (func (export "hold") (param externref) (result externref) (call $host) (local.get 0))
    (func (export "move") (param externref)
        (call $host)
        (table.set $objects (i32.const 2) (local.get 0))))"""
IMPORTER = """(module
    (import "m" "objects" (table $objects 4 externref))
    (import "m" "functions" (table $functions 4 funcref))
    (table $own (export "own") 4 externref)
    (func $eleven (result i32) i32.const 11)
    (elem declare func $eleven)
    (func (export "take") (param i32)
        (table.set $own (i32.const 0) (table.get $objects (local.get 0))))
    (func (export "give function") (param i32)
        (table.set $functions (local.get 0) (ref.func $eleven))))"""
NULLARY = FunctionType([], [])


class Thing:
    """Something that a weak reference can watch, and that holds what it is given."""

    def __init__(self, *held):
        self.held = held


def collect():
    gc.collect()


@pytest.fixture
def new(store, compile_text):
    """Makes an instance of GUEST, whose host function does nothing if it is not given one."""
    module = compile_text(GUEST)

    def make(host=lambda: None):
        return pywasm.Instance(module, {"m": {"host": Function(store, host, NULLARY)}})

    return make


@pytest.fixture
def importing(compile_text):
    """Makes an instance that imports the tables of another."""
    module = compile_text(IMPORTER)
    return lambda exports: pywasm.Instance(module, {"m": exports})


def in_its_table(instance):
    instance.exports.objects.set(0, instance)


def in_its_global(instance):
    instance.exports.object.value = instance


def where_the_guest_puts_it(instance):
    instance.exports.keep(instance)


def where_the_guest_puts_it_globally(instance):
    instance.exports["keep in a global"](instance)


def in_all_places(instance):
    for index in range(4):
        instance.exports.objects.set(index, instance)
    in_its_global(instance)


def through_what_its_table_holds(instance):
    instance.exports.objects.set(0, Thing(instance))


def through_its_own_table_as_an_object(instance):
    instance.exports.objects.set(0, (instance.exports.objects,))


def through_a_function(instance):
    instance.exports.object.value = [instance.exports.keep]


@pytest.mark.parametrize(
    "tie",
    [
        in_its_table,
        in_its_global,
        where_the_guest_puts_it,
        where_the_guest_puts_it_globally,
        in_all_places,
        through_what_its_table_holds,
        through_its_own_table_as_an_object,
        through_a_function,
    ],
)
def test_an_instance_that_holds_itself(new, tie):
    instance = new()
    tie(instance)
    gc.collect()  # which must not change who holds what
    tie(instance)
    watch = weakref.ref(instance.exports)
    del instance
    gc.collect()
    assert watch() is None


@pytest.mark.parametrize("where", ["objects", "object"])
def test_a_host_function_that_its_guest_holds(new, where):
    def make():
        def host():
            return instance

        instance = new(host)
        if where == "objects":
            instance.exports.objects.set(3, host)
        else:
            instance.exports.object.value = host
        return weakref.ref(host)

    watch = make()
    gc.collect()
    assert watch() is None


def test_a_table_and_a_global_of_the_host_that_hold_themselves(store):
    table = Table(store, TableType(Type.EXTERN_REF, 2), None)
    table.set(0, table)
    variable = Global(store, Value.externref(None), mutable=True)
    variable.value = variable
    watches = [weakref.ref(table), weakref.ref(variable)]
    del table, variable
    gc.collect()
    assert [watch() for watch in watches] == [None, None]


def test_instances_that_hold_each_other(new):
    instances = [new() for _ in range(3)]
    for index, instance in enumerate(instances):
        instance.exports.objects.set(0, Thing(instances[index - 1]))
    watches = [weakref.ref(instance) for instance in instances]
    kept = instances[1]
    del instances, instance
    gc.collect()
    assert None not in [watch() for watch in watches], "one leads to all"
    del kept
    gc.collect()
    assert [watch() for watch in watches] == [None] * 3


def test_an_object_that_several_hold_goes_with_the_last(new):
    first, second = new(), new()
    thing = Thing(first, second)
    watch = weakref.ref(thing)
    for exports in first.exports, second.exports:
        exports.objects.set(0, thing)
        exports.objects.set(2, thing)
        exports.keep(thing)
    exports = second.exports
    del first, second, thing
    gc.collect()
    assert exports.objects.get(2) is watch()
    gc.collect()
    exports.objects.set(2, None)
    gc.collect()
    assert exports.objects.get(0) is watch()
    del exports
    gc.collect()
    assert watch() is None


def test_an_importer_in_the_table_that_it_imports(new, importing):
    owner = new()
    importer = importing(owner.exports)
    owner.exports.objects.set(0, importer)
    importer.exports.take(0)
    watch = weakref.ref(importer)
    del importer
    gc.collect()
    assert owner.exports.objects.get(0) is watch(), "the table is there, and so is what is in it"
    assert watch().exports.own.get(0) is watch()
    del owner
    gc.collect()
    assert watch() is None


def test_what_was_moved_after_a_collection_stays(new, importing):
    owner = new()
    importer = importing(owner.exports)
    thing = Thing(owner)
    watch = weakref.ref(thing)
    owner.exports.objects.set(0, thing)
    del thing
    gc.collect()
    importer.exports.take(0)
    owner.exports.objects.set(0, None)
    exports = importer.exports
    del owner, importer
    gc.collect()
    assert exports.own.get(0) is watch()


def test_a_young_collection_between_two_full_ones(new):
    instance = new()
    thing = Thing(instance)
    watch = weakref.ref(thing)
    instance.exports.objects.set(0, thing)
    gc.collect()
    del thing
    gc.collect(0)
    gc.collect(1)
    assert instance.exports.objects.get(0) is watch()
    instance.exports.objects.set(0, None)
    gc.collect()
    assert watch() is None


def test_what_a_guest_that_runs_holds_in_a_local(new):
    instance = new(collect)
    watch = weakref.ref(instance.exports.hold(Thing(instance)))
    instance.exports.move(Thing(instance))
    gc.collect()
    assert isinstance(instance.exports.objects.get(2), Thing)
    assert watch() is None


class Raised:
    """Calls something when it is finalised."""

    def __init__(self, action, *held):
        self.action = action
        self.held = held

    def __del__(self):
        self.action(self)


def test_a_finalizer_that_has_a_guest_keep_what_is_collected(new):
    keeper = new()
    inner = new()
    inner.exports.objects.set(0, Raised(keeper.exports.keep, inner))
    inner.exports.objects.set(1, "still here")
    watch = weakref.ref(inner)
    del inner
    gc.collect()
    saved = keeper.exports.objects.get(1)
    assert saved.held[0].exports.objects.get(0) is saved
    assert saved.held[0].exports.objects.get(1) == "still here"
    keeper.exports.keep(None)
    del saved
    gc.collect()
    assert watch() is None


def test_a_finalizer_that_runs_its_own_guest(new):
    seen = []

    def action(raised):
        instance = raised.held[0]
        seen.append(instance.exports.hold(raised) is raised)
        instance.exports.keep(Thing(instance))

    instance = new(collect)
    instance.exports.objects.set(0, Raised(action, instance))
    watch = weakref.ref(instance.exports)
    del instance
    for _ in range(2):
        gc.collect()
    assert seen == [True]
    assert watch() is None


def test_a_weak_reference_whose_callback_runs_guests(new, importing):
    keeper, inner = new(), new()
    importer = importing(inner.exports)
    inner.exports.objects.set(0, Thing(inner, importer))
    calls = []

    def callback(_):
        keeper.exports.keep(Thing())
        calls.append(keeper.exports.seven())

    watches = [weakref.ref(inner, callback), weakref.ref(importer, callback)]
    del inner, importer
    gc.collect()
    assert calls == [7, 7]
    gc.collect()
    assert [watch() for watch in watches] == [None, None]
    assert isinstance(keeper.exports.objects.get(1), Thing)


def test_objects_that_go_and_come_back_meanwhile(new):
    instance = new()
    second = Thing()
    watch = weakref.ref(second)
    instance.exports.hold(Raised(lambda _: instance.exports.keep(watch())))
    instance.exports.hold(second)
    gc.collect()
    assert instance.exports.objects.get(1) is second
    for _ in range(3):
        instance.exports.hold(Thing())
        gc.collect()
    assert instance.exports.objects.get(1) is second


def test_closing_after_a_collection(compiler, wat):
    store = pywasm.Store(pywasm.engine.JIT(compiler))
    module = pywasm.Module(store, wat(GUEST))
    host = Function(store, lambda: None, NULLARY)
    watches = []
    for close in [False, True, False]:
        instance = pywasm.Instance(module, {"m": {"host": host}})
        thing = Thing(instance)
        watches.append(weakref.ref(thing))
        instance.exports.objects.set(0, thing)
        instance.exports.functions.set(0, instance.exports.seven)
        del thing
        gc.collect()
        if close:
            instance.close()
    store.close()
    del instance
    gc.collect()
    assert [watch() for watch in watches] == [None] * 3


FORK = """
import weakref

class Thing:
    pass

def new():
    host = pywasm.Function(store, lambda: None, pywasm.FunctionType([], []))
    return instantiate(sys.argv[1], {"m": {"host": host}})

instance, other, thing = new(), new(), Thing()
thing.instance = instance
instance.exports.objects.set(0, thing)
instance.exports.functions.set(0, other.exports.seven)
watch = weakref.ref(thing)
del thing, other
gc.collect()
child = os.fork()
if child == 0:
    mine = new()
    mine.exports.objects.set(0, mine)
    mine.exports.functions.set(0, new().exports.seven)
    gc.collect()
    assert mine.exports.call(0) == 7
    assert mine.exports.objects.get(0) is mine
    own = weakref.ref(mine)
    del mine, instance
    gc.collect()
    os._exit(own() is not None or watch() is not None)
assert os.waitpid(child, 0)[1] == 0
assert instance.exports.objects.get(0) is watch()
assert instance.exports.call(0) == 7
del instance
gc.collect()
assert watch() is None
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_after_a_collection(fresh):
    fresh(FORK, GUEST)


# ---- functions in tables ----


def test_functions_that_were_overwritten(store, new):
    holder, watches = new(), []
    for _ in range(20):
        thing = Thing()
        watches.append(weakref.ref(thing))
        host = Function(
            store, lambda thing=thing: 5 + (thing is None), FunctionType([], [Type.I32])
        )
        holder.exports.functions.set(0, host)
        other = new(lambda thing=thing: None)
        holder.exports.functions.set(1, other.exports.seven)
        assert [holder.exports.call(0), holder.exports.call(1)] == [5, 7]
    del thing, host, other
    gc.collect()
    assert [watch() is None for watch in watches] == [True] * 19 + [False]
    assert [holder.exports.call(0), holder.exports.call(1)] == [5, 7]
    gc.collect()
    assert holder.exports.functions.get(1)() == 7


def test_instances_that_shared_a_table_of_functions(new, importing):
    owner, watches = new(), []
    for index in range(20):
        importer = importing(owner.exports)
        watches.append(weakref.ref(importer._core))
        if index == 12:
            importer.exports["give function"](1)
    del importer
    gc.collect()
    assert [index for index, watch in enumerate(watches) if watch()] == [12]
    assert owner.exports.call(1) == 11
    for _ in range(2):
        gc.collect()
        new().exports.functions.set(0, owner.exports.seven)
    assert owner.exports.call(1) == 11
    owner.exports.functions.set(1, None)
    gc.collect()
    assert watches[12]() is None


def test_a_function_that_comes_into_a_table_after_a_collection(new, importing):
    owner = new()
    importer = importing(owner.exports)
    gc.collect()
    importer.exports["give function"](2)
    del importer
    for _ in range(3):
        gc.collect()
        assert owner.exports.call(2) == 11
    other = importing(owner.exports)
    gc.collect()
    assert other.exports.own.get(0) is None
    assert owner.exports.functions.get(2)() == 11


def test_functions_in_a_circle_of_tables(new):
    instances = [new() for _ in range(4)]
    for index, instance in enumerate(instances):
        instance.exports.functions.set(0, instances[index - 1].exports.call)
        instance.exports.functions.set(1, instance.exports.seven)
    watches = [weakref.ref(instance._core) for instance in instances]
    exports = instances[2].exports
    del instances, instance
    gc.collect()
    assert None not in [watch() for watch in watches]
    assert exports.functions.get(0)(1) == 7
    gc.collect()
    exports.functions.set(0, None)
    gc.collect()
    assert [watch() is None for watch in watches] == [True, True, False, True]
    assert exports.call(1) == 7


@pytest.mark.parametrize("rounds", [50])
def test_many_rounds_in_one_store(store, new, importing, rounds):
    owner, watches = new(), []
    for index in range(rounds):
        instance = new()
        importer = importing(owner.exports)
        in_all_places(instance)
        owner.exports.functions.set(index % 4, instance.exports.seven)
        owner.exports.objects.set(index % 4, Thing(instance, importer))
        importer.exports.take(index % 4)
        watches.append(weakref.ref(instance._core))
        if index % 7 == 0:
            gc.collect()
    del instance, importer
    gc.collect()
    assert sum(watch() is not None for watch in watches) == 4
    assert [owner.exports.call(index) for index in range(4)] == [7] * 4


# ---- at random, against a model ----


class World:
    """Instances and things, and what is known of them: `edges` has whom each holds, by number."""

    def __init__(self, random, new, importing):
        self.random, self.new, self.importing = random, new, importing
        self.roots = {}  # number: instance
        self.edges = {}  # number: {place: number}
        self.watches = {}
        self.first = self.add(new(), {})

    def add(self, node, edges):
        number = len(self.edges)
        self.edges[number] = edges
        core = node._core if isinstance(node, pywasm.Instance) else node
        self.watches[number] = weakref.ref(core)
        if core is not node:
            self.roots[number] = node
        return number

    def pick(self):
        return self.random.choice(list(self.roots))

    def make(self):
        self.add(self.new(), {})

    def make_an_importer(self):
        owner = self.pick()
        if hasattr(self.roots[owner].exports, "objects"):
            self.add(self.importing(self.roots[owner].exports), {"import": owner})

    def drop(self):
        if len(self.roots) > 4:
            self.roots.pop(self.pick())

    def put_a_thing(self):
        holder, index = self.pick(), self.random.randrange(4)
        held = [self.pick() for _ in range(self.random.randrange(3))]
        thing = Thing(*(self.roots[number] for number in held))
        thing.number = self.add(thing, dict(enumerate(held)))
        exports = self.roots[holder].exports
        table = exports.objects if hasattr(exports, "objects") else exports.own
        table.set(index, thing)
        self.edges[holder][index] = thing.number

    def put_a_function(self):
        holder, index, source = self.pick(), self.random.randrange(4), self.pick()
        exports = self.roots[source].exports
        if hasattr(self.roots[holder].exports, "functions") and hasattr(exports, "seven"):
            self.roots[holder].exports.functions.set(index, exports.seven)
            self.edges[holder]["function", index] = source

    def give_a_function(self):
        importer, index = self.pick(), self.random.randrange(4)
        if "import" in self.edges[importer]:
            self.roots[importer].exports["give function"](index)
            self.edges[self.edges[importer]["import"]]["function", index] = importer

    def move(self):
        importer, index = self.pick(), self.random.randrange(4)
        if "import" in self.edges[importer]:
            self.roots[importer].exports.take(index)
            self.edges[importer][0] = self.edges[self.edges[importer]["import"]].get(index)

    def collect(self):
        gc.collect(self.random.choice([0, 1, 2, 2]))

    def look(self):
        number = self.pick()
        exports = self.roots[number].exports
        table = exports.objects if hasattr(exports, "objects") else exports.own
        for index in range(4):
            thing = table.get(index)
            assert (thing and thing.number) == self.edges[number].get(index)
            if hasattr(exports, "functions") and ("function", index) in self.edges[number]:
                assert exports.call(index) in (7, 11)

    def check(self):
        """All that can be reached is there, and nothing else."""
        alive, found = set(), list(self.roots)
        while found:
            number = found.pop()
            if number is not None and number not in alive:
                alive.add(number)
                found += self.edges[number].values()
        gc.collect()
        assert alive == {number for number, watch in self.watches.items() if watch() is not None}


@pytest.mark.parametrize("seed", range(6))
def test_at_random(new, importing, seed):
    source = random.Random(seed)
    world = World(source, new, importing)
    actions = [
        world.make,
        world.make_an_importer,
        world.drop,
        world.put_a_thing,
        world.put_a_function,
        world.give_a_function,
        world.move,
        world.collect,
        world.look,
    ]
    for turn in range(1500):
        source.choice(actions)()
        if turn % 100 == 99:
            world.check()
