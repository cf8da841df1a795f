"""Functions of the guest: what a call takes, gives, and refuses."""

import functools
import math
import struct

import pytest

import pywasm
from pywasm import Type

CALLS = """(module
    (func (export "nop"))
    (func $add (export "add") (param $left i32) (param $right i32) (result i32)
        (i32.add (local.get 0) (local.get 1)))
    (func (export "mixed") (param i32 i64 f32 f64) (result f64)
        (f64.add
            (f64.add (f64.convert_i32_s (local.get 0)) (f64.convert_i64_s (local.get 1)))
            (f64.add (f64.promote_f32 (local.get 2)) (local.get 3))))
    (func (export "swap") (param i32 f64) (result f64 i32) (local.get 1) (local.get 0))
    (func (export "all") (result i32 i64 f32 f64 v128 funcref externref)
        i32.const -1 i64.const -2 f32.const 0.5 f64.const -0.25
        v128.const i32x4 1 0 0 0x80000000 ref.null func ref.null extern)
    (func $fact (export "fact") (param i64) (result i64)
        (if (result i64) (i64.le_s (local.get 0) (i64.const 1))
            (then (i64.const 1))
            (else (i64.mul (local.get 0) (call $fact (i64.sub (local.get 0) (i64.const 1)))))))
    (func (export "identity f64") (param f64) (result f64) (local.get 0))
    (func (export "identity f32") (param f32) (result f32) (local.get 0)))"""


@pytest.fixture
def exports(instantiate):
    return instantiate(CALLS).exports


def test_no_result_is_none(exports):
    assert exports.nop() is None


def test_one_result(exports):
    result = exports.add(1, 2)
    assert (type(result), result) == (int, 3)


def test_all_kinds_of_parameter(exports):
    result = exports.mixed(1, 2, 0.5, 0.25)
    assert (type(result), result) == (float, 3.75)


def test_several_results_are_a_tuple(exports):
    result = exports.swap(1, 2.5)
    assert (type(result), result) == (tuple, (2.5, 1))


def test_all_kinds_of_result(exports):
    assert exports.all() == (-1, -2, 0.5, -0.25, 0x80000000_00000000_00000000_00000001, None, None)


def test_recursion(exports):
    assert exports.fact(20) == math.factorial(20)


def test_every_way_to_call(exports):
    add = exports.add
    assert add(*[1, 2]) == 3
    assert add(*(1, 2)) == 3
    assert add.__call__(1, 2) == 3
    assert list(map(add, range(3), range(3))) == [0, 2, 4]
    assert functools.partial(add, 1)(2) == 3
    assert functools.reduce(add, range(10)) == 45
    assert callable(add)


def test_type(exports):
    type_ = exports.mixed.type
    assert isinstance(type_, pywasm.FunctionType)
    assert type_.params == [Type.I32, Type.I64, Type.F32, Type.F64]
    assert type_.results == [Type.F64]
    assert (exports.nop.type.params, exports.nop.type.results) == ([], [])


@pytest.mark.parametrize("arguments", [(), (1,), (1, 2, 3), (1,) * 100])
def test_wrong_number_of_arguments(exports, arguments):
    with pytest.raises(TypeError) as caught:
        exports.add(*arguments)
    message = str(caught.value)
    assert "add" in message
    assert "2" in message
    assert str(len(arguments)) in message or (not arguments and "no " in message)


def test_arguments_to_a_function_without_parameters(exports):
    with pytest.raises(TypeError, match="nop"):
        exports.nop(1)


def test_wrong_type_of_argument_names_all(exports):
    for wrong in ["1", None, 1.5, b"1", [1], object()]:
        messages = []
        for arguments in (wrong, 1), (1, wrong):
            with pytest.raises(TypeError) as caught:
                exports.add(*arguments)
            messages.append(str(caught.value))
            assert "add" in messages[-1]
            assert "i32" in messages[-1].lower()
        assert messages[0] != messages[1], "the parameter is named"


def test_out_of_range_names_all(exports):
    messages = []
    for arguments in (2**32, 1), (1, 2**32):
        with pytest.raises(OverflowError) as caught:
            exports.add(*arguments)
        messages.append(str(caught.value))
        assert "add" in messages[-1]
        assert "i32" in messages[-1].lower()
    assert messages[0] != messages[1], "the parameter is named"


def test_keyword_arguments_are_refused(exports):
    for keywords in {"x": 1, "y": 2}, {"left": 1, "right": 2}:
        with pytest.raises(TypeError):
            exports.add(**keywords)
    with pytest.raises(TypeError):
        exports.add(1, right=2)
    with pytest.raises(TypeError):
        exports.nop(x=1)


def test_a_refused_call_has_no_effect(instantiate):
    exports = instantiate(
        """(module (global (export "g") (mut i32) (i32.const 0))
            (func (export "set") (param i32 i32) (global.set 0 (local.get 0))))"""
    ).exports
    for arguments in (1,), (1, 2, 3), (1, "2"), (1, 2**32):
        with pytest.raises((TypeError, OverflowError)):
            exports.set(*arguments)
    assert exports.g.value == 0


def test_f64_keeps_every_bit(exports):
    patterns = [
        0x0000000000000000,
        0x8000000000000000,
        0x0000000000000001,
        0x000FFFFFFFFFFFFF,
        0x7FEFFFFFFFFFFFFF,
        0x7FF0000000000000,
        0xFFF0000000000000,
        0x7FF8000000000000,
        0x7FF8000000000001,
        0xFFFC0DEDBEEF1234,
    ]
    for pattern in patterns:
        (value,) = struct.unpack("<d", struct.pack("<Q", pattern))
        result = exports["identity f64"](value)
        assert struct.unpack("<Q", struct.pack("<d", result))[0] == pattern


def test_f32_rounds_as_ieee_does(exports):
    identity = exports["identity f32"]
    for value in 0.1, 1 / 3, 1e-45, 1.1754942e-38, 3.4028234e38, 16777217.0, -0.1:
        assert identity(value) == struct.unpack("<f", struct.pack("<f", value))[0]
    assert math.copysign(1, identity(-0.0)) == -1
    assert identity(math.inf) == math.inf
    assert identity(-math.inf) == -math.inf
    assert math.isnan(identity(math.nan))
    assert identity(1e300) == math.inf, "as f32.demote_f64 rounds"


def test_many_parameters_and_results(instantiate):
    # More than fit in registers, and more than the 128 of CVE-2024-28123.
    count = 300
    kinds = [("i32", "i64", "f32", "f64")[i % 4] for i in range(count)]
    gets = " ".join(f"(local.get {i})" for i in reversed(range(count)))
    instance = instantiate(
        f"""(module (func (export "reverse") (param {" ".join(kinds)})
                (result {" ".join(reversed(kinds))}) {gets}))"""
    )
    arguments = [float(i) if kind[0] == "f" else i for i, kind in enumerate(kinds)]
    results = instance.exports.reverse(*arguments)
    assert results == tuple(reversed(arguments))
    assert [type(result) for result in results] == [type(x) for x in reversed(arguments)]


def test_many_v128(instantiate):
    # Two slots each: the positions of all that follows move.
    count = 40
    kinds = ["v128" if i % 2 else "i32" for i in range(count)]
    gets = " ".join(f"(local.get {i})" for i in reversed(range(count)))
    instance = instantiate(
        f"""(module (func (export "reverse") (param {" ".join(kinds)})
                (result {" ".join(reversed(kinds))}) {gets}))"""
    )
    arguments = [2**127 + i if i % 2 else i for i in range(count)]
    assert instance.exports.reverse(*arguments) == tuple(reversed(arguments))


def test_an_imported_function_exported_again(store, instantiate):
    host = pywasm.Function(store, lambda x: x + 1, pywasm.FunctionType([Type.I32], [Type.I32]))
    instance = instantiate(
        '(module (import "m" "f" (func (param i32) (result i32))) (export "f" (func 0)))',
        {"m": {"f": host}},
    )
    assert instance.exports.f(41) == 42


def test_functions_are_values(exports, instantiate):
    other = instantiate(CALLS).exports
    assert exports.add == exports.add
    assert exports.add != exports.nop
    assert exports.add != other.add
    assert len({exports.add, exports.add, exports.nop, other.add}) == 3


def test_a_long_loop(instantiate):
    exports = instantiate(
        """(module (func (export "sum") (param $n i32) (result i64) (local $s i64)
            (loop $again
                (local.set $s (i64.add (local.get $s) (i64.extend_i32_u (local.get $n))))
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $s)))"""
    ).exports
    assert exports.sum(100_000) == sum(range(100_001))


def test_tail_calls_need_no_stack(instantiate):
    exports = instantiate(
        """(module (func $down (export "down") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (return_call $down (i32.sub (local.get 0) (i32.const 1))))
                (else (i32.const 7)))))"""
    ).exports
    assert exports.down(1_000_000) == 7
