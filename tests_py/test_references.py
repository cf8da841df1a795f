"""References: functions as funcref, Python objects as externref, and how long these are kept."""

import gc
import sys
import weakref

import pytest

import pywasm
from pywasm import Function, FunctionType, Table, TableType, Type

KEEPER = """(module
    (type $nullary (func (result i32)))
    (global $kept (export "kept") (mut externref) (ref.null extern))
    (table $calls 1 funcref)
    (table $slots (export "slots") 8 externref)
    (func (export "identity") (param externref) (result externref) (local.get 0))
    (func (export "is_null") (param externref) (result i32) (ref.is_null (local.get 0)))
    (func (export "swap") (param externref i32 externref) (result externref externref)
        (local.get 2) (local.get 0))
    (func (export "keep") (param externref) (global.set $kept (local.get 0)))
    (func (export "kept ref") (result externref) (global.get $kept))
    (func (export "funcref") (param funcref) (result funcref) (local.get 0))
    (func (export "func is null") (param funcref) (result i32) (ref.is_null (local.get 0)))
    (func (export "call") (param funcref) (result i32)
        (table.set $calls (i32.const 0) (local.get 0))
        (call_indirect $calls (type $nullary) (i32.const 0)))
    (func $seven (export "seven") (result i32) i32.const 7)
    (elem declare func $seven)
    (func (export "own") (result funcref) (ref.func $seven)))"""


class Thing:
    """Something that a weak reference can watch."""


@pytest.fixture
def exports(instantiate):
    return instantiate(KEEPER).exports


@pytest.mark.parametrize(
    "thing",
    [0, 1, "", "text", b"", (), [], {}, object(), Thing, print, Ellipsis, False, 1.5, 10**100],
    ids=repr,
)
def test_any_object_goes_and_comes_back(exports, thing):
    assert exports.identity(thing) is thing
    assert exports.is_null(thing) == 0
    exports.keep(thing)
    assert exports["kept ref"]() is thing
    assert exports.kept.value is thing


def test_none_is_null(exports):
    assert exports.identity(None) is None
    assert exports.is_null(None) == 1
    assert exports.kept.value is None


def test_objects_of_pywasm_are_objects_too(exports, store):
    for thing in exports, exports.identity, exports.kept, store:
        assert exports.identity(thing) is thing


def test_two_in_one_call(exports):
    # CVE-2021-39216: the second argument let the first one go.
    for _ in range(100):
        result = exports.swap(Thing(), 5, Thing())
        assert [type(thing) for thing in result] == [Thing, Thing]
        assert result[0] is not result[1]
    first, second = Thing(), Thing()
    assert exports.swap(first, 5, second) == (second, first)
    assert exports.swap(first, 5, first) == (first, first)
    assert exports.swap(None, 5, first) == (first, None)


def test_through_a_host_function(store, instantiate):
    seen = []

    def host(thing):
        seen.append(thing)
        return thing

    instance = instantiate(
        """(module (import "m" "f" (func $f (param externref) (result externref)))
            (func (export "f") (param externref) (result externref) (call $f (local.get 0))))""",
        {"m": {"f": Function(store, host, FunctionType([Type.EXTERN_REF], [Type.EXTERN_REF]))}},
    )
    thing = Thing()
    assert instance.exports.f(thing) is thing
    assert seen == [thing]
    assert instance.exports.f(None) is None


def test_what_only_the_host_made_and_returned(store, instantiate):
    instance = instantiate(
        """(module (import "m" "f" (func $f (result externref)))
            (global $g (mut externref) (ref.null extern))
            (func (export "take") (global.set $g (call $f)))
            (func (export "give") (result externref) (global.get $g)))""",
        {"m": {"f": Function(store, Thing, FunctionType([], [Type.EXTERN_REF]))}},
    )
    instance.exports.take()
    gc.collect()
    assert type(instance.exports.give()) is Thing


def test_what_the_guest_holds_is_kept(exports):
    references = []
    for index in range(8):
        thing = Thing()
        references.append(weakref.ref(thing))
        exports.slots.set(index, thing)
    exports.keep(Thing())
    del thing
    for _ in range(1000):
        exports.identity(Thing())
    gc.collect()
    assert [exports.slots.get(i) is references[i]() for i in range(8)] == [True] * 8
    assert type(exports["kept ref"]()) is Thing


def test_released_when_the_store_is_closed(store, exports):
    things = [Thing() for _ in range(3)]
    references = [weakref.ref(thing) for thing in things]
    exports.slots.set(0, things[0])
    exports.keep(things[1])
    exports.identity(things[2])
    things.clear()
    store.close()
    gc.collect()
    assert [reference() for reference in references] == [None] * 3


def test_released_when_the_store_is_collected(compiler, wat):
    store = pywasm.Store(pywasm.engine.JIT(compiler))
    exports = pywasm.Instance(pywasm.Module(store, wat(KEEPER))).exports
    references = [weakref.ref(exports.identity(Thing())) for _ in range(3)]
    thing = Thing()
    references.append(weakref.ref(thing))
    exports.slots.set(0, thing)
    del store, exports, thing
    gc.collect()
    assert [reference() for reference in references] == [None] * 4


def test_a_cycle_through_the_guest_is_collected(compiler, wat):
    store = pywasm.Store(pywasm.engine.JIT(compiler))
    exports = pywasm.Instance(pywasm.Module(store, wat(KEEPER))).exports
    thing = Thing()
    thing.exports = exports
    thing.store = store
    exports.slots.set(0, thing)
    exports.keep(thing)
    reference = weakref.ref(thing)
    del store, exports, thing
    gc.collect()
    assert reference() is None


def test_released_when_overwritten(exports):
    things = [Thing() for _ in range(3)]
    references = [weakref.ref(thing) for thing in things]
    exports.slots.set(0, things[0])
    exports.kept.value = things[1]
    exports.keep(things[2])
    things.clear()
    exports.slots.set(0, None)
    exports.keep(None)
    for _ in range(5000):  # what guests hold is looked for when enough objects have come in
        exports.identity(Thing())
    gc.collect()
    assert [reference() for reference in references] == [None] * 3


def test_passing_many_keeps_few(exports):
    references = [weakref.ref(exports.identity(Thing())) for _ in range(20_000)]
    gc.collect()
    alive = sum(reference() is not None for reference in references)
    assert alive < len(references) / 4


def test_the_count_of_references_comes_back(store, exports):
    thing = Thing()
    before = sys.getrefcount(thing)
    for _ in range(1000):
        exports.identity(thing)
        exports.slots.set(0, thing)
        exports.slots.get(0)
        exports.kept.value = thing
        exports.swap(thing, 1, thing)
    store.close()
    gc.collect()
    assert sys.getrefcount(thing) == before


def test_functions(exports):
    result = exports.funcref(exports.seven)
    assert isinstance(result, Function)
    assert result() == 7
    assert result == exports.seven
    assert exports.own()() == 7
    assert exports.own() == exports.seven
    assert exports["func is null"](exports.seven) == 0
    assert exports.call(exports.seven) == 7


def test_an_export_declares_its_function(instantiate):
    # https://webassembly.github.io/spec/core/valid/modules.html: `refs` has what stands outside
    # of the bodies, exports included.
    exports = instantiate(
        """(module (func $seven (export "seven") (result i32) i32.const 7)
            (func (export "own") (result funcref) (ref.func $seven)))"""
    ).exports
    assert exports.own() == exports.seven


def test_no_function_is_null(exports):
    assert exports.funcref(None) is None
    assert exports["func is null"](None) == 1
    with pytest.raises(pywasm.Trap):
        exports.call(None)


@pytest.mark.parametrize("wrong", [3, "f", len, lambda: 7, object(), Thing])
def test_other_callables_are_no_functions(exports, wrong):
    with pytest.raises(TypeError) as caught:
        exports.funcref(wrong)
    assert "funcref" in str(caught.value).lower()


def test_functions_of_the_host(store, exports):
    host = Function(store, lambda: 11, FunctionType([], [Type.I32]))
    assert exports.call(host) == 11
    assert exports.funcref(host)() == 11


def test_functions_of_another_instance(exports, instantiate):
    other = instantiate('(module (func (export "f") (result i32) i32.const 13))').exports.f
    assert exports.call(other) == 13
    returned = exports.funcref(other)
    del other
    gc.collect()
    assert returned() == 13


def test_functions_through_the_host(store, instantiate):
    host = Function(store, lambda f: f() + 1, FunctionType([Type.FUNC_REF], [Type.I32]))
    instance = instantiate(
        """(module (import "m" "apply" (func $apply (param funcref) (result i32)))
            (func $seven (result i32) i32.const 7) (elem declare func $seven)
            (func (export "f") (result i32) (call $apply (ref.func $seven))))""",
        {"m": {"apply": host}},
    )
    assert instance.exports.f() == 8


def test_a_forgotten_instance_lives_as_long_as_its_function_is_in_a_table(store, instantiate):
    table = Table(store, TableType(Type.FUNC_REF, 1), None)
    table.set(
        0,
        instantiate(
            """(module (global $g (mut i32) (i32.const 0))
                (func (export "next") (result i32)
                    (global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g)))"""
        ).exports.next,
    )
    gc.collect()
    for expected in range(1, 100):
        assert table.get(0)() == expected


def test_a_function_of_another_store(compiler, wat, exports):
    other = pywasm.Store(pywasm.engine.JIT(compiler))
    stranger = pywasm.Instance(pywasm.Module(other, wat(KEEPER))).exports.seven
    with pytest.raises((pywasm.WasmError, TypeError, ValueError)):
        exports.call(stranger)
    with pytest.raises((pywasm.WasmError, TypeError, ValueError)):
        exports.funcref(stranger)
    assert exports.call(exports.seven) == 7
