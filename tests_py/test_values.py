"""Values on their way in and out, type by type; `Value`; and the descriptions of types."""

import enum
import fractions
import math

import pytest

import pywasm
from pywasm import Type, Value

IDENTITIES = """(module
    (func (export "i32") (param i32) (result i32) (local.get 0))
    (func (export "i64") (param i64) (result i64) (local.get 0))
    (func (export "f32") (param f32) (result f32) (local.get 0))
    (func (export "f64") (param f64) (result f64) (local.get 0))
    (func (export "v128") (param v128) (result v128) (local.get 0)))"""


@pytest.fixture
def exports(instantiate):
    return instantiate(IDENTITIES).exports


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value


class Float:
    def __init__(self, value):
        self.value = value

    def __float__(self):
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value


class Colour(enum.IntEnum):
    RED = 5


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("i32", 0, 0),
        ("i32", -(2**31), -(2**31)),
        ("i32", 2**31 - 1, 2**31 - 1),
        ("i32", 2**31, -(2**31)),
        ("i32", 2**32 - 1, -1),
        ("i64", -(2**63), -(2**63)),
        ("i64", 2**63 - 1, 2**63 - 1),
        ("i64", 2**63, -(2**63)),
        ("i64", 2**64 - 1, -1),
        ("v128", 0, 0),
        ("v128", 2**64, 2**64),
        ("v128", 2**127, 2**127),
        ("v128", 2**128 - 1, 2**128 - 1),
        ("v128", -1, 2**128 - 1),
        ("v128", -(2**127), 2**127),
    ],
)
def test_integers_to_their_limits(exports, kind, value, expected):
    result = exports[kind](value)
    assert (type(result), result) == (int, expected)
    assert exports[kind](Index(value)) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("i32", -(2**31) - 1),
        ("i32", 2**32),
        ("i32", 2**64),
        ("i32", -(2**64)),
        ("i32", 10**1000),
        ("i64", -(2**63) - 1),
        ("i64", 2**64),
        ("i64", 2**128),
        ("i64", -(10**1000)),
        ("v128", -(2**127) - 1),
        ("v128", 2**128),
        ("v128", 10**1000),
    ],
)
def test_integers_beyond_their_limits(exports, kind, value):
    for argument in value, Index(value):
        with pytest.raises(OverflowError) as caught:
            exports[kind](argument)
        assert kind in str(caught.value).lower()


@pytest.mark.parametrize("kind", ["i32", "i64", "v128"])
def test_what_else_is_an_integer(exports, kind):
    assert exports[kind](True) == 1
    assert exports[kind](Colour.RED) == 5
    assert type(exports[kind](Colour.RED)) is int


@pytest.mark.parametrize("kind", ["i32", "i64", "v128"])
@pytest.mark.parametrize(
    "wrong", [1.0, 1.5, math.nan, "1", b"1", None, 1j, [1], (1,), object(), Float(1.0), int]
)
def test_what_is_no_integer(exports, kind, wrong):
    with pytest.raises(TypeError) as caught:
        exports[kind](wrong)
    assert kind in str(caught.value).lower()


@pytest.mark.parametrize("kind", ["f32", "f64"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.5, 1.5),
        (1, 1.0),
        (-(2**20), -1048576.0),
        (True, 1.0),
        (Float(2.5), 2.5),
        (Index(3), 3.0),
        (fractions.Fraction(1, 4), 0.25),
        (math.inf, math.inf),
    ],
)
def test_floats(exports, kind, value, expected):
    result = exports[kind](value)
    assert (type(result), result) == (float, expected)


@pytest.mark.parametrize("kind", ["f32", "f64"])
@pytest.mark.parametrize("wrong", ["1", "nan", b"1", None, 1j, [1.0], object()])
def test_what_is_no_float(exports, kind, wrong):
    with pytest.raises(TypeError) as caught:
        exports[kind](wrong)
    assert kind in str(caught.value).lower()


@pytest.mark.parametrize("kind", ["f32", "f64"])
def test_integers_too_large_for_a_float(exports, kind):
    with pytest.raises(OverflowError):
        exports[kind](10**400)


@pytest.mark.parametrize("kind", ["i32", "i64", "f32", "f64", "v128"])
def test_what_a_conversion_raises_comes_through(exports, kind):
    raised = KeyError("mine")
    argument = Float(raised) if kind[0] == "f" else Index(raised)
    with pytest.raises(KeyError) as caught:
        exports[kind](argument)
    assert caught.value is raised


@pytest.mark.parametrize("kind", ["i32", "i64", "f32", "f64", "v128"])
def test_conversions_that_give_the_wrong_type(exports, kind):
    with pytest.raises(TypeError):
        exports[kind](Float("1.0") if kind[0] == "f" else Index("1"))


def test_type_is_an_int_enum():
    assert issubclass(Type, enum.IntEnum)
    assert [(member.name, int(member)) for member in Type] == [
        ("I32", 1),
        ("I64", 2),
        ("F32", 3),
        ("F64", 4),
        ("V128", 5),
        ("EXTERN_REF", 6),
        ("FUNC_REF", 7),
        ("EXN_REF", 8),
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Value.i32(42), "I32(42)"),
        (Value.i32(-1), "I32(-1)"),
        (Value.i64(-(2**63)), f"I64({-(2**63)})"),
        (Value.f32(42.0), "F32(42.0)"),
        (Value.f64(1.5), "F64(1.5)"),
    ],
)
def test_repr_of_values(value, shown):
    assert isinstance(value, Value)
    assert repr(value) == shown


def test_repr_of_a_vector():
    assert repr(Value.v128(7)).startswith("V128(")


def test_values_have_no_constructor():
    with pytest.raises(TypeError):
        Value()


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [("i32", "a"), ("i32", 1.5), ("i64", None), ("f32", "1"), ("f64", None), ("v128", "a")],
)
def test_values_of_the_wrong_type(kind, wrong):
    with pytest.raises(TypeError):
        getattr(Value, kind)(wrong)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [("i32", 2**32), ("i32", -(2**31) - 1), ("i64", 2**64), ("v128", 2**128), ("f64", 10**400)],
)
def test_values_out_of_range(kind, wrong):
    with pytest.raises(OverflowError):
        getattr(Value, kind)(wrong)


def test_function_type():
    type_ = pywasm.FunctionType([Type.I32], [])
    assert (type_.params, type_.results) == ([Type.I32], [])
    assert str(type_) == "FunctionType(params: [I32], results: [])"
    both = pywasm.FunctionType([Type.I32, Type.F64], [Type.I64])
    assert str(both) == "FunctionType(params: [I32, F64], results: [I64])"


def test_function_type_takes_numbers_for_types():
    type_ = pywasm.FunctionType([1], [2])
    assert (type_.params, type_.results) == ([1], [2])


@pytest.mark.parametrize("wrong", [0, 9, -1])
def test_function_type_of_what_is_no_type(wrong):
    with pytest.raises(ValueError, match=r"^Failed to extract `Type` from `PyAny`$"):
        pywasm.FunctionType([wrong], [])


def test_memory_type():
    type_ = pywasm.MemoryType(1)
    assert (type_.minimum, type_.maximum, type_.shared) == (1, None, False)
    bounded = pywasm.MemoryType(minimum=1, maximum=2, shared=True)
    assert (bounded.minimum, bounded.maximum, bounded.shared) == (1, 2, True)
    assert str(bounded) == "MemoryType(minimum: 1, maximum: Some(2), shared: true)"
    assert str(type_) == "MemoryType(minimum: 1, maximum: None, shared: false)"


def test_global_type():
    type_ = pywasm.GlobalType(Type.F64, False)
    assert (type_.type, type_.mutable) == (Type.F64, False)
    assert str(type_) == "GlobalType(type: F64, mutable: false)"


def test_table_type():
    type_ = pywasm.TableType(Type.FUNC_REF, 1, 2)
    assert (type_.type, type_.minimum, type_.maximum) == (Type.FUNC_REF, 1, 2)
    assert str(type_) == "TableType(type: FuncRef, minimum: 1, maximum: Some(2))"
    assert pywasm.TableType(type=Type.EXTERN_REF, minimum=0).maximum is None


def test_export_and_import_type():
    export = pywasm.ExportType("a", pywasm.FunctionType([], []))
    assert export.name == "a"
    assert isinstance(export.type, pywasm.FunctionType)
    import_ = pywasm.ImportType("m", "n", pywasm.GlobalType(Type.I32, True))
    assert (import_.module, import_.name) == ("m", "n")
    assert import_.type.mutable is True
