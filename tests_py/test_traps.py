"""Traps: each by its code, with the frames that led to it."""

import pytest

import pywasm
from pywasm import Function, Trap, TrapCode

TRAPS = """(module
    (type $nullary (func (result i32)))
    (memory 1 1)
    (table $t 4 4 funcref)
    (data $data "abc")
    (elem $passive func $typed)
    (elem (table $t) (i32.const 1) func $typed)
    (func $typed (param i64))
    (func (export "unreachable") unreachable)
    (func (export "div_s") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
    (func (export "div_u") (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
    (func (export "rem_s") (param i32 i32) (result i32) (i32.rem_s (local.get 0) (local.get 1)))
    (func (export "rem_u") (param i64 i64) (result i64) (i64.rem_u (local.get 0) (local.get 1)))
    (func (export "div_s64") (param i64 i64) (result i64) (i64.div_s (local.get 0) (local.get 1)))
    (func (export "trunc") (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
    (func (export "trunc_u") (param f32) (result i64) (i64.trunc_f32_u (local.get 0)))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "load offset") (param i32) (result i32)
        (i32.load offset=0xffffffff (local.get 0)))
    (func (export "load v128") (param i32) (result v128) (v128.load (local.get 0)))
    (func (export "store") (param i32) (i64.store (local.get 0) (i64.const -1)))
    (func (export "fill") (param i32 i32)
        (memory.fill (local.get 0) (i32.const 1) (local.get 1)))
    (func (export "copy") (param i32 i32)
        (memory.copy (local.get 0) (i32.const 0) (local.get 1)))
    (func (export "init") (param i32 i32)
        (memory.init $data (i32.const 0) (local.get 0) (local.get 1)))
    (func (export "table get") (param i32) (drop (table.get $t (local.get 0))))
    (func (export "table set") (param i32) (table.set $t (local.get 0) (ref.null func)))
    (func (export "table fill") (param i32 i32)
        (table.fill $t (local.get 0) (ref.null func) (local.get 1)))
    (func (export "table copy") (param i32 i32)
        (table.copy $t $t (local.get 0) (i32.const 0) (local.get 1)))
    (func (export "table init") (param i32 i32)
        (table.init $t $passive (i32.const 0) (local.get 0) (local.get 1)))
    (func (export "indirect") (param i32) (result i32)
        (call_indirect $t (type $nullary) (local.get 0)))
    (func $down (export "recurse") (param i64) (result i64)
        (i64.add (i64.const 1) (call $down (i64.add (local.get 0) (i64.const 1)))))
    (func (export "fine") (result i32) i32.const 7))"""

MEMORY = TrapCode.OUT_OF_BOUNDS_MEMORY_ACCESS
TABLE = TrapCode.OUT_OF_BOUNDS_TABLE_ACCESS
CASES = [
    ("unreachable", (), TrapCode.UNREACHABLE),
    ("div_s", (1, 0), TrapCode.INTEGER_DIVIDE_BY_ZERO),
    ("div_u", (1, 0), TrapCode.INTEGER_DIVIDE_BY_ZERO),
    ("rem_s", (1, 0), TrapCode.INTEGER_DIVIDE_BY_ZERO),
    ("rem_u", (1, 0), TrapCode.INTEGER_DIVIDE_BY_ZERO),
    ("div_s64", (0, 0), TrapCode.INTEGER_DIVIDE_BY_ZERO),
    ("div_s", (-(2**31), -1), TrapCode.INTEGER_OVERFLOW),
    ("div_s64", (-(2**63), -1), TrapCode.INTEGER_OVERFLOW),
    ("trunc", (2.0**31,), TrapCode.INTEGER_OVERFLOW),
    ("trunc", (float("inf"),), TrapCode.INTEGER_OVERFLOW),
    ("trunc_u", (-1.0,), TrapCode.INTEGER_OVERFLOW),
    ("trunc", (float("nan"),), TrapCode.INVALID_CONVERSION_TO_INTEGER),
    ("trunc_u", (float("nan"),), TrapCode.INVALID_CONVERSION_TO_INTEGER),
    ("load", (65533,), MEMORY),
    ("load", (-1,), MEMORY),
    ("load offset", (-1,), MEMORY),
    ("load v128", (65521,), MEMORY),
    ("store", (65529,), MEMORY),
    ("fill", (65530, 7), MEMORY),
    ("fill", (65537, 0), MEMORY),
    ("copy", (1, 65536), MEMORY),
    ("copy", (0, -1), MEMORY),
    ("init", (0, 4), MEMORY),
    ("table get", (4,), TABLE),
    ("table get", (-1,), TABLE),
    ("table set", (4,), TABLE),
    ("table fill", (3, 2), TABLE),
    ("table copy", (1, 4), TABLE),
    ("table init", (0, 2), TABLE),
    ("indirect", (0,), TABLE),
    ("indirect", (4,), TABLE),
    ("indirect", (-1,), TABLE),
    ("indirect", (1,), TrapCode.INDIRECT_CALL_TYPE_MISMATCH),
    ("recurse", (0,), TrapCode.CALL_STACK_EXHAUSTED),
]


@pytest.mark.parametrize(("name", "arguments", "code"), CASES)
def test_codes(instantiate, name, arguments, code):
    exports = instantiate(TRAPS).exports
    for _ in range(2):
        with pytest.raises(Trap) as caught:
            exports[name](*arguments)
        assert caught.value.code is code
        assert code.value in str(caught.value)
        assert caught.value.frames
        assert exports.fine() == 7, "and the instance is as good as before"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("load", (65532,)),
        ("load v128", (65520,)),
        ("store", (65528,)),
        ("fill", (65536, 0)),
        ("fill", (65530, 6)),
        ("copy", (65536, 0)),
        ("table get", (3,)),
        ("table fill", (4, 0)),
        ("table init", (1, 0)),
        ("rem_s", (-(2**31), -1)),
        ("trunc", (2147483647.9,)),
        ("trunc_u", (-0.9,)),
    ],
)
def test_the_edge_does_not_trap(instantiate, name, arguments):
    instantiate(TRAPS).exports[name](*arguments)


NESTED = """(module $nested
    (import "m" "host" (func $host))
    (func $innermost unreachable)
    (func $middle (call $innermost))
    (func $outer (export "outer") (call $middle))
    (func (export "through the host") (call $host)))"""


def test_frames_innermost_first(store, instantiate):
    imports = {"m": {"host": Function(store, lambda: None)}}
    with pytest.raises(Trap) as caught:
        instantiate(NESTED, imports).exports.outer()
    frames = caught.value.frames
    assert isinstance(frames, list)
    assert all(isinstance(frame, pywasm.Frame) for frame in frames)
    assert frames == [
        ("nested", 1, "innermost"),
        ("nested", 2, "middle"),
        ("nested", 3, "outer"),
    ]


def test_frames_without_names(instantiate):
    with pytest.raises(Trap) as caught:
        instantiate('(module (func unreachable) (func (export "f") (call 0)))').exports.f()
    frames = caught.value.frames
    assert [frame.function_index for frame in frames] == [0, 1]
    assert frames[0].function_name is None
    assert frames[1].function_name in (None, "f")
    assert [frame.module for frame in frames] == [None, None]


def test_frames_of_two_instances(instantiate):
    lower = instantiate('(module $lower (func $trap (export "trap") unreachable))')
    upper = instantiate(
        '(module $upper (import "m" "f" (func $f)) (func $call (export "call") (call $f)))',
        {"m": {"f": lower.exports.trap}},
    )
    with pytest.raises(Trap) as caught:
        upper.exports.call()
    assert caught.value.frames == [("lower", 0, "trap"), ("upper", 1, "call")]


def test_frames_of_a_start_function(instantiate):
    with pytest.raises(Trap) as caught:
        instantiate("(module $m (func) (func $begin unreachable) (start $begin))")
    assert caught.value.frames == [("m", 1, "begin")]


def test_a_trap_goes_through_a_host_function(store, instantiate):
    # instance.outer traps; a host function called it, and lets the same object through.
    caught_inside = []

    def host():
        try:
            instance.exports.outer()
        except Trap as trap:
            caught_inside.append(trap)
            raise

    instance = instantiate(NESTED, {"m": {"host": Function(store, host)}})
    with pytest.raises(Trap) as caught:
        instance.exports["through the host"]()
    assert [caught.value] == caught_inside
    assert caught.value.frames[0].function_name == "innermost"


def test_each_trap_is_an_object_of_its_own(instantiate):
    exports = instantiate(TRAPS).exports
    traps = []
    for name, arguments in ("unreachable", ()), ("div_s", (1, 0)):
        with pytest.raises(Trap) as caught:
            exports[name](*arguments)
        traps.append(caught.value)
    assert [trap.code for trap in traps] == [
        TrapCode.UNREACHABLE,
        TrapCode.INTEGER_DIVIDE_BY_ZERO,
    ]


def test_an_exhausted_stack_again_and_again(instantiate):
    exports = instantiate(TRAPS).exports
    for _ in range(5):
        with pytest.raises(Trap) as caught:
            exports.recurse(0)
        assert caught.value.code is TrapCode.CALL_STACK_EXHAUSTED
        assert 1 <= len(caught.value.frames) <= 1000, "the frames are bounded"
    assert exports.fine() == 7


def test_a_trap_keeps_the_effects_before_it(instantiate):
    exports = instantiate(
        """(module (global (export "g") (mut i32) (i32.const 0)) (memory (export "m") 1)
            (func (export "f")
                (global.set 0 (i32.const 5)) (i32.store8 (i32.const 0) (i32.const 6))
                (unreachable)))"""
    ).exports
    with pytest.raises(Trap):
        exports.f()
    assert exports.g.value == 5
    assert exports.m.read(0, 1) == b"\x06"
