"""Exceptions of WebAssembly: what a guest holds of them, and what Python sees of that."""

import gc
import weakref

import pytest

from pywasm import CompileError, Function, FunctionType, Instance, Module, Trap, WasmError, _native


def collect():
    for _ in range(3):
        _native.census()  # Go collects


@pytest.fixture
def collector(store):
    return {"m": {"collect": Function(store, collect, FunctionType([], []))}}


HELD = """(module
    (import "m" "collect" (func $collect))
    (tag $t (param i64 i32))
    (func $throw (param i64 i32) (throw $t (local.get 0) (local.get 1)))
    (func $again (param exnref) (result i64 i32)
        (block $caught (result i64 i32)
            (try_table (catch $t $caught) (throw_ref (local.get 0)))
            unreachable))
    (func (export "all") (param i64 i32) (result i64 i32)
        (block $held (result exnref)
            (try_table (catch_all_ref $held) (call $throw (local.get 0) (local.get 1)))
            unreachable)
        (call $collect)
        (call $again))
    (func (export "with tag") (param i64 i32) (result i64 i32 i64 i32) (local $x exnref)
        (block $held (result i64 i32 exnref)
            (try_table (catch_ref $t $held) (throw $t (local.get 0) (local.get 1)))
            unreachable)
        (local.set $x)
        (call $collect)
        (call $again (local.get $x)))
    (func $result (result exnref)
        (try_table (catch_all_ref 0) (call $throw (i64.const 8) (i32.const 9)))
        unreachable)
    (func (export "as the result") (result i64 i32)
        (call $result) (call $collect) (call $again))
    (func (export "in a loop") (param $n i32) (result i64 i32)
        (ref.null exn)
        (loop $next (param exnref)
            (if (param exnref) (result exnref) (i32.eqz (local.get $n))
                (then (call $collect) (call $again) return))
            drop
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (try_table (catch_all_ref $next) (call $throw (i64.const 5) (local.get $n)))
            unreachable)
        unreachable)
    (global $g (mut exnref) (ref.null exn))
    (table $table 2 exnref)
    (func (export "keep") (param i32) (local $x exnref)
        (block $held (result exnref)
            (try_table (catch_all_ref $held) (call $throw (i64.const 3) (local.get 0)))
            unreachable)
        (if (param exnref) (i32.and (local.get 0) (i32.const 1))
            (then (global.set $g))
            (else (local.set $x) (table.set $table (i32.const 1) (local.get $x)))))
    (func (export "kept") (result i64 i32 i64 i32)
        (call $again (global.get $g)) (call $again (table.get $table (i32.const 1))))
    (func (export "null") (throw_ref (ref.null exn)))
    (func (export "many") (param $n i64) (result i64) (local $sum i64)
        (loop $next
            (block $held (result exnref)
                (try_table (catch_all_ref $held) (call $throw (local.get $n) (i32.const 0)))
                unreachable)
            (call $again)
            drop
            (local.set $sum (i64.add (local.get $sum)))
            (local.set $n (i64.sub (local.get $n) (i64.const 1)))
            (br_if $next (i64.gt_s (local.get $n) (i64.const 0))))
        (local.get $sum))
    (func (export "get") (result exnref) (call $result))
    (func (export "put") (param exnref) (throw_ref (local.get 0))))"""


@pytest.fixture
def exports(instantiate, collector):
    return instantiate(HELD, collector).exports


def test_an_exception_is_there_as_long_as_the_guest_holds_it(exports):
    assert exports["all"](1 << 40, 7) == (1 << 40, 7)
    assert exports["with tag"](5, 6) == (5, 6, 5, 6)
    assert exports["as the result"]() == (8, 9)
    assert exports["in a loop"](3) == (5, 0)


def test_one_in_a_global_or_a_table_outlives_the_call(exports):
    exports.keep(41)
    exports.keep(42)
    collect()
    assert exports.kept() == (3, 41, 3, 42)
    assert exports.kept() == (3, 41, 3, 42)


def test_those_that_nobody_holds_are_let_go(exports):
    heap = []
    for _ in range(3):
        assert exports.many(20_000) == 20_000 * 20_001 // 2
        collect()
        heap.append(_native.census()["heap"])
    assert heap[2] < heap[0] + 1_000_000


def test_null(exports):
    with pytest.raises(Trap, match="null reference"):
        exports.null()
    with pytest.raises(Trap, match="null reference"):
        exports.put(None)


def test_python_has_no_exnref(exports):
    with pytest.raises(WasmError, match="cannot leave WebAssembly"):
        exports.get()
    for value in (exports.get, 5, object()):
        with pytest.raises(TypeError, match="must be exnref"):
            exports.put(value)
    assert exports["all"](1, 2) == (1, 2)


def test_one_of_another_module(store, instantiate, collector):
    thrower = instantiate(
        """(module (tag $t (export "tag") (param i32)) (tag $own (param i32))
            (func (export "throw") (param i32) (throw $t (local.get 0)))
            (func (export "throw own") (param i32) (throw $own (local.get 0))))"""
    ).exports
    catcher = Instance(
        Module(
            store,
            """(module
                (import "m" "collect" (func $collect))
                (import "other" "tag" (tag $t (param i32)))
                (import "other" "throw" (func $throw (param i32)))
                (import "other" "throw own" (func $own (param i32)))
                (func (export "f") (param i32) (result i32) (local $x exnref)
                    (block $held (result exnref)
                        (try_table (catch_all_ref $held) (call $throw (local.get 0)))
                        unreachable)
                    (local.set $x)
                    (call $collect)
                    (block $caught (result i32)
                        (try_table (catch $t $caught) (throw_ref (local.get $x)))
                        unreachable))
                (func (export "unknown") (result i32)
                    (block $held (result exnref)
                        (try_table (catch_all_ref $held) (call $own (i32.const 1)))
                        unreachable)
                    (call $collect)
                    (block $mine (param exnref) (result i32)
                        (block $any (param exnref)
                            (try_table (param exnref) (catch $t $mine) (catch_all $any)
                                throw_ref)
                            unreachable)
                        (i32.const 77))))""",
        ),
        {
            **collector,
            "other": {
                "tag": thrower.tag,
                "throw": thrower.throw,
                "throw own": thrower["throw own"],
            },
        },
    ).exports
    assert catcher.f(12345) == 12345
    assert catcher.unknown() == 77


def test_what_a_kept_exception_carries_is_kept(store, instantiate, collector):
    keeper = instantiate(
        """(module
            (import "m" "collect" (func $collect))
            (tag $object (param externref)) (tag $nested (param exnref i32))
            (global $kept (mut exnref) (ref.null exn))
            (func (export "keep") (param externref)
                (block $held (result exnref)
                    (try_table (catch_all_ref $held) (throw $object (local.get 0)))
                    unreachable)
                (block $outer (param exnref) (result exnref)
                    (try_table (param exnref) (catch_all_ref $outer)
                        (throw $nested (i32.const 5)))
                    unreachable)
                (global.set $kept))
            (func (export "get") (result externref)
                (block $inner (result exnref i32)
                    (try_table (catch $nested $inner) (throw_ref (global.get $kept)))
                    unreachable)
                drop
                (block $object (param exnref) (result externref)
                    (try_table (param exnref) (catch $object $object) throw_ref)
                    unreachable)))""",
        collector,
    ).exports

    class Thing:
        pass

    thing = Thing()
    alive = weakref.ref(thing)
    keeper.keep(thing)
    del thing
    for _ in range(3):
        gc.collect()
        collect()
    assert keeper.get() is alive() is not None
    keeper.keep(None)


def test_vectors_in_exceptions_are_refused(store):
    text = """(module (tag $t (param i32 v128))
        (func (throw $t (i32.const 1) (v128.const i64x2 1 2))))"""
    with pytest.raises(CompileError, match="tag 0 has a parameter of type v128"):
        Module(store, text)
    Module(store, "(module (tag (param v128)))")
