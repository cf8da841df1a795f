"""References to functions of a certain type: Python may pass no others."""

import pytest

from pywasm import Trap

TEXT = """(module
    (type $t (func (result i32)))
    (type $pair (func (param i32) (result i32 i64)))
    (func $seven (export "seven") (type $t) i32.const 7)
    (func (export "pair") (type $pair) (local.get 0) (i64.const 1))
    (func (export "call") (param v128 (ref $t)) (result i32) (call_ref $t (local.get 1)))
    (func (export "call or trap") (param (ref null $t)) (result i32)
        (call_ref $t (local.get 0)))
    (global (export "global") (mut (ref null $t)) (ref.null $t))
    (table $table (export "table") 2 9 (ref null $t))
    (func (export "call in table") (param i32) (result i32)
        (call_ref $t (table.get $table (local.get 0))))
    (func (export "call global") (result i32) (call_ref $t (global.get 0))))"""


@pytest.fixture
def exports(instantiate):
    return instantiate(TEXT).exports


def test_a_function_of_the_type(exports):
    assert exports.call(0, exports.seven) == 7
    assert exports["call or trap"](exports.seven) == 7
    exports["global"].value = exports.seven
    exports.table.set(1, exports.seven)
    assert exports["call global"]() == exports["call in table"](1) == 7


def test_one_of_another_type_is_refused(exports):
    with pytest.raises(TypeError, match="argument 2"):
        exports.call(0, exports.pair)
    with pytest.raises(TypeError, match="argument 1"):
        exports["call or trap"](exports.pair)
    with pytest.raises(TypeError, match="the value"):
        exports["global"].value = exports.pair
    with pytest.raises(TypeError, match="the element"):
        exports.table.set(0, exports.pair)
    with pytest.raises(TypeError, match="the element"):
        exports.table.grow(1, exports.pair)
    assert exports.table.size == 2
    assert exports["global"].value is None


def test_null(exports):
    with pytest.raises(TypeError, match="argument 2"):
        exports.call(0, None)
    with pytest.raises(Trap, match="null reference"):
        exports["call or trap"](None)
    exports["global"].value = None


def test_one_of_another_instance(exports, instantiate):
    other = instantiate(TEXT).exports
    assert exports.call(0, other.seven) == 7
    with pytest.raises(TypeError, match="argument 2"):
        exports.call(0, other.pair)


def test_an_import_that_is_exported(instantiate, exports):
    again = instantiate(
        """(module (type $t (func (result i32)))
            (import "m" "call" (func $call (param v128 (ref $t)) (result i32)))
            (export "call" (func $call)))""",
        {"m": {"call": exports.call}},
    ).exports
    assert again.call(0, exports.seven) == 7
    with pytest.raises(TypeError):
        again.call(0, exports.pair)
