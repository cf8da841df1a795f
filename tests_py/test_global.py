"""Globals: exported, made by the host, and shared."""

import math

import pytest

import pywasm
from pywasm import Global, GlobalType, Type, Value

EXPORTING = """(module
    (global $x (export "x") (mut i32) (i32.const 42))
    (global (export "y") (mut i64) (i64.const -7))
    (global (export "z") i32 (i32.const 10))
    (global (export "f32") (mut f32) (f32.const 0.1))
    (global (export "f64") (mut f64) (f64.const 0.1))
    (global (export "v128") (mut v128) (v128.const i64x2 1 2))
    (global (export "func") (mut funcref) (ref.null func))
    (global (export "extern") (mut externref) (ref.null extern))
    (func $seven (export "seven") (result i32) i32.const 7)
    (global (export "seven ref") funcref (ref.func $seven))
    (func (export "get_x") (result i32) (global.get $x))
    (func (export "increment_x") (global.set $x (i32.add (global.get $x) (i32.const 1)))))"""


@pytest.fixture
def exports(instantiate):
    return instantiate(EXPORTING).exports


def test_types(exports):
    x, z = exports.x, exports.z
    assert isinstance(x, Global)
    assert (x.mutable, z.mutable) == (True, False)
    assert isinstance(x.type, GlobalType)
    assert (x.type.type, x.type.mutable) == (Type.I32, True)
    assert (z.type.type, z.type.mutable) == (Type.I32, False)
    assert exports.v128.type.type == Type.V128
    assert exports["func"].type.type == Type.FUNC_REF
    assert exports["extern"].type.type == Type.EXTERN_REF


def test_values(exports):
    assert exports.x.value == 42
    assert exports.y.value == -7
    assert exports.z.value == 10
    assert exports.f32.value == 0.10000000149011612
    assert exports.f64.value == 0.1
    assert exports.v128.value == (2 << 64) + 1
    assert exports["func"].value is None
    assert exports["extern"].value is None
    assert exports["seven ref"].value() == 7


def test_the_host_sets_and_the_guest_sees(exports):
    assert exports.get_x() == 42
    exports.x.value = 153
    assert exports.get_x() == 153
    assert exports.x.value == 153


def test_the_guest_sets_and_the_host_sees(exports):
    exports.increment_x()
    exports.increment_x()
    assert exports.x.value == 44


def test_constants_cannot_be_set(exports):
    with pytest.raises(RuntimeError) as caught:
        exports.z.value = 153
    assert str(caught.value) == "The global variable is not mutable, cannot set a new value"
    assert exports.z.value == 10


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("x", 2**32 - 1, -1),
        ("x", -(2**31), -(2**31)),
        ("x", True, 1),
        ("y", 2**64 - 1, -1),
        ("y", -(2**63), -(2**63)),
        ("f32", 1, 1.0),
        ("f32", 1 / 3, 0.3333333432674408),
        ("f64", math.inf, math.inf),
        ("f64", 3, 3.0),
        ("v128", 2**128 - 1, 2**128 - 1),
        ("v128", -1, 2**128 - 1),
        ("extern", "anything", "anything"),
    ],
)
def test_set(exports, name, value, expected):
    exports[name].value = value
    assert exports[name].value == expected
    assert type(exports[name].value) is type(expected)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("x", 1.5, TypeError),
        ("x", "a", TypeError),
        ("x", None, TypeError),
        ("x", 2**40, OverflowError),
        ("x", Value.i32(1), TypeError),
        ("y", 2**64, OverflowError),
        ("f32", "1", TypeError),
        ("f64", 10**400, OverflowError),
        ("v128", 2**128, OverflowError),
        ("func", 3, TypeError),
        ("func", len, TypeError),
    ],
)
def test_set_to_what_does_not_fit(exports, name, value, error):
    before = exports[name].value
    with pytest.raises(error):
        exports[name].value = value
    assert exports[name].value == before


def test_value_cannot_be_deleted(exports):
    with pytest.raises((AttributeError, TypeError)):
        del exports.x.value
    assert exports.x.value == 42


def test_references(exports):
    thing = object()
    exports["extern"].value = thing
    assert exports["extern"].value is thing
    exports["extern"].value = None
    assert exports["extern"].value is None
    exports["func"].value = exports.seven
    assert exports["func"].value() == 7


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [
        (Value.i32(7), Type.I32, 7),
        (Value.i64(-(2**63)), Type.I64, -(2**63)),
        (Value.f32(0.5), Type.F32, 0.5),
        (Value.f64(0.1), Type.F64, 0.1),
        (Value.v128(2**127), Type.V128, 2**127),
    ],
)
def test_made_by_the_host(store, value, type_, expected):
    constant = Global(store, value)
    assert constant.mutable is False
    assert constant.type.type == type_
    assert constant.value == expected
    with pytest.raises(RuntimeError, match=r"^The global variable is not mutable"):
        constant.value = 1
    variable = Global(store, value, mutable=True)
    assert variable.mutable is True
    variable.value = 1
    assert variable.value == 1
    assert Global(store, value, True).mutable is True


@pytest.mark.parametrize("wrong", [7, None, "7", Type.I32, object()])
def test_a_global_needs_a_value(store, wrong):
    with pytest.raises(TypeError):
        Global(store, wrong)


def test_made_by_the_host_and_imported(store, instantiate):
    variable = Global(store, Value.i64(5), mutable=True)
    constant = Global(store, Value.v128(2**100))
    text = """(module
        (import "m" "variable" (global $g (mut i64)))
        (import "m" "constant" (global $c v128))
        (global (export "copy") v128 (global.get $c))
        (func (export "double") (global.set $g (i64.mul (global.get $g) (i64.const 2)))))"""
    imports = {"m": {"variable": variable, "constant": constant}}
    first, second = instantiate(text, imports), instantiate(text, imports)
    first.exports.double()
    second.exports.double()
    assert variable.value == 20
    assert first.exports.copy.value == 2**100


def test_two_names_for_one_global(instantiate):
    exports = instantiate(
        """(module (global $g (mut i32) (i32.const 1))
            (export "a" (global $g)) (export "b" (global $g)))"""
    ).exports
    exports.a.value = 2
    assert exports.b.value == 2


def test_float_bits_survive(instantiate):
    exports = instantiate(
        """(module (global $g (export "g") (mut f64) (f64.const 0))
            (func (export "bits") (result i64) (i64.reinterpret_f64 (global.get $g))))"""
    ).exports
    exports.g.value = -0.0
    assert exports.bits() == -(2**63)
    exports.g.value = 5e-324
    assert exports.bits() == 1


def test_a_global_is_no_container(exports):
    assert isinstance(exports.x, pywasm.Global)
    with pytest.raises(AttributeError):
        exports.x.nonsense = 1
