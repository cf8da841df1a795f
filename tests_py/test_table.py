"""Tables: of functions and of Python objects."""

import pytest

import pywasm
from pywasm import Function, FunctionType, Table, TableType, TrapCode, Type

FUNCTIONS = """(module
    (type $nullary (func (result i32)))
    (table $t (export "table") 4 8 funcref)
    (func $one (export "one") (result i32) i32.const 1)
    (func $two (export "two") (result i32) i32.const 2)
    (func (export "other") (param i32))
    (elem (table $t) (i32.const 1) func $one $two)
    (func (export "call") (param i32) (result i32)
        (call_indirect $t (type $nullary) (local.get 0)))
    (func (export "grow") (param i32) (result i32)
        (table.grow $t (ref.func $one) (local.get 0)))
    (func (export "size") (result i32) (table.size $t)))"""

OBJECTS = """(module
    (table $t (export "table") 2 externref)
    (func (export "get") (param i32) (result externref) (table.get $t (local.get 0)))
    (func (export "set") (param i32 externref) (table.set $t (local.get 0) (local.get 1)))
    (func (export "is_null") (param i32) (result i32)
        (ref.is_null (table.get $t (local.get 0)))))"""


@pytest.fixture
def functions(instantiate):
    return instantiate(FUNCTIONS).exports


@pytest.fixture
def objects(instantiate):
    return instantiate(OBJECTS).exports


def test_type_and_size(functions, objects):
    type_ = functions.table.type
    assert isinstance(type_, TableType)
    assert (type_.type, type_.minimum, type_.maximum) == (Type.FUNC_REF, 4, 8)
    assert functions.table.size == 4
    assert objects.table.type.type == Type.EXTERN_REF
    assert objects.table.type.maximum is None


def test_get(functions):
    table = functions.table
    assert table.get(0) is None
    assert isinstance(table.get(1), Function)
    assert [table.get(1)(), table.get(2)()] == [1, 2]
    assert table.get(1).type.results == [Type.I32]
    assert table.get(1) == functions.one


def test_set(functions):
    table = functions.table
    table.set(0, functions.two)
    assert functions.call(0) == 2
    assert table.get(0)() == 2
    table.set(1, None)
    assert table.get(1) is None
    with pytest.raises(pywasm.Trap) as caught:
        functions.call(1)
    assert caught.value.code is TrapCode.OUT_OF_BOUNDS_TABLE_ACCESS


def test_a_function_of_another_type(functions):
    functions.table.set(0, functions.other)
    with pytest.raises(pywasm.Trap) as caught:
        functions.call(0)
    assert caught.value.code is TrapCode.INDIRECT_CALL_TYPE_MISMATCH


def test_a_function_of_another_instance(functions, instantiate):
    other = instantiate('(module (func (export "f") (result i32) i32.const 99))')
    functions.table.set(3, other.exports.f)
    del other
    assert functions.call(3) == 99


def test_a_function_of_the_host(store, functions):
    functions.table.set(3, Function(store, lambda: 77, FunctionType([], [Type.I32])))
    assert functions.call(3) == 77
    assert functions.table.get(3)() == 77


def test_a_function_from_another_table(functions):
    functions.table.set(0, functions.table.get(2))
    assert functions.call(0) == 2


@pytest.mark.parametrize("wrong", [3, "f", len, lambda: 1, object()])
def test_what_is_no_function(functions, wrong):
    with pytest.raises(TypeError):
        functions.table.set(0, wrong)
    with pytest.raises(TypeError):
        functions.table.grow(1, wrong)
    assert functions.table.size == 4
    assert functions.table.get(0) is None


@pytest.mark.parametrize("index", [4, 5, 2**31, 2**32 - 1, -1])
def test_out_of_range(functions, index):
    with pytest.raises(IndexError):
        functions.table.get(index)
    with pytest.raises(IndexError):
        functions.table.set(index, None)


@pytest.mark.parametrize("index", [2**32, 2**64, -(2**64)])
def test_far_out_of_range(functions, index):
    with pytest.raises((IndexError, OverflowError)):
        functions.table.get(index)
    with pytest.raises((IndexError, OverflowError)):
        functions.table.set(index, None)


@pytest.mark.parametrize("index", ["0", 0.0, None])
def test_indices_are_integers(functions, index):
    with pytest.raises(TypeError):
        functions.table.get(index)
    with pytest.raises(TypeError):
        functions.table.set(index, None)


def test_grow(functions):
    table = functions.table
    assert table.grow(1) == 4
    assert table.size == 5
    assert table.get(4) is None
    assert table.grow(2, functions.two) == 5
    assert [functions.call(5), functions.call(6)] == [2, 2]
    assert table.grow(0) == 7
    assert table.grow(1, init=functions.one) == 7
    assert functions.size() == 8


def test_grow_by_the_guest(functions):
    assert functions.grow(2) == 4
    assert functions.table.size == 6
    assert functions.table.get(5)() == 1


def test_grow_too_much(functions):
    for delta in 5, 2**31, 2**32 - 1:
        with pytest.raises(RuntimeError) as caught:
            functions.table.grow(delta)
        assert isinstance(caught.value, pywasm.WasmError)
    assert functions.table.size == 4
    assert functions.table.grow(4) == 4
    with pytest.raises(RuntimeError):
        functions.table.grow(1)


@pytest.mark.parametrize("wrong", [-1, 2**32, 2**64])
def test_grow_out_of_range(functions, wrong):
    with pytest.raises((OverflowError, ValueError)):
        functions.table.grow(wrong)
    assert functions.table.size == 4


def test_objects(objects):
    thing = ["any", "object"]
    objects.table.set(0, thing)
    assert objects.table.get(0) is thing
    assert objects.get(0) is thing
    assert objects.is_null(0) == 0
    assert objects.is_null(1) == 1
    objects.set(1, thing)
    assert objects.table.get(1) is thing
    objects.table.set(0, None)
    assert objects.is_null(0) == 1
    assert objects.get(1) is thing


def test_grow_by_objects(objects):
    thing = object()
    assert objects.table.grow(3, thing) == 2
    assert [objects.table.get(i) is thing for i in range(5)] == [False, False, True, True, True]
    assert objects.table.grow(1) == 5
    assert objects.table.get(5) is None


def test_made_by_the_host(store):
    table = Table(store, TableType(Type.FUNC_REF, 2, 3), None)
    assert table.size == 2
    assert (table.type.type, table.type.minimum, table.type.maximum) == (Type.FUNC_REF, 2, 3)
    assert [table.get(0), table.get(1)] == [None, None]
    assert table.grow(1) == 2
    with pytest.raises(RuntimeError):
        table.grow(1)


def test_made_by_the_host_with_an_initial_value(store, functions):
    table = Table(store, TableType(Type.FUNC_REF, 3), functions.two)
    assert [table.get(i)() for i in range(3)] == [2, 2, 2]
    thing = object()
    table = Table(store, TableType(Type.EXTERN_REF, 2), thing)
    assert table.get(0) is table.get(1) is thing


def test_made_by_the_host_of_nothing(store):
    table = Table(store, TableType(Type.EXTERN_REF, 0), None)
    assert table.size == 0
    with pytest.raises(IndexError):
        table.get(0)


def test_a_table_of_numbers_is_impossible(store):
    with pytest.raises((TypeError, ValueError, pywasm.WasmError)):
        Table(store, TableType(Type.I32, 1), None)


def test_made_by_the_host_and_imported(store, instantiate):
    table = Table(store, TableType(Type.FUNC_REF, 3), None)
    text = """(module
        (type $nullary (func (result i32)))
        (import "m" "t" (table $t 2 funcref))
        (func $three (result i32) i32.const 3)
        (elem (table $t) (i32.const 2) func $three)
        (func (export "call") (param i32) (result i32)
            (call_indirect $t (type $nullary) (local.get 0))))"""
    first, second = (instantiate(text, {"m": {"t": table}}) for _ in range(2))
    assert table.get(2)() == 3
    table.set(0, Function(store, lambda: 5, FunctionType([], [Type.I32])))
    assert [first.exports.call(0), second.exports.call(0)] == [5, 5]
    assert [first.exports.call(2), second.exports.call(2)] == [3, 3]


def test_two_tables(instantiate):
    exports = instantiate(
        """(module
            (table $a (export "a") 2 externref) (table $b (export "b") 2 externref)
            (func (export "copy")
                (table.copy $b $a (i32.const 0) (i32.const 0) (i32.const 2))))"""
    ).exports
    first, second = object(), object()
    exports.a.set(0, first)
    exports.a.set(1, second)
    exports.copy()
    assert exports.b.get(0) is first
    assert exports.b.get(1) is second
