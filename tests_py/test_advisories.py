"""What advisories of other runtimes were about, tried here. Those about WASI are in core/wasi."""

import pytest

import pywasm

TABLE = """(module
    (table $t 1 externref)
    (elem $e externref (ref.null extern))
    (func (export "init") (param i32)
        (elem.drop $e)
        (table.init $t $e (i32.const 0) (i32.const 0) (local.get 0)))
    (func (export "fill") (param i32 externref i32)
        (table.fill $t (local.get 0) (local.get 1) (local.get 2)))
    (func (export "get") (param i32) (result externref) (table.get $t (local.get 0))))"""


def test_a_dropped_segment_of_references(instantiate):
    # CVE-2024-30266: initializing a table of externrefs from one ended the process.
    exports = instantiate(TABLE).exports
    assert exports.init(0) is None
    with pytest.raises(pywasm.Trap, match="out of bounds table access"):
        exports.init(1)


@pytest.mark.parametrize("start", [1, 2, 2**31 - 1, -(2**31), -1])
def test_a_fill_out_of_bounds(instantiate, start):
    # CVE-2026-34946: the index of table.fill was not as wide as the check of it.
    exports = instantiate(TABLE).exports
    with pytest.raises(pywasm.Trap):
        exports.fill(start, "object", 1)
    with pytest.raises(pywasm.Trap):
        exports.fill(0, "object", start if start != 1 else 2)
    assert exports.get(0) is None


THROWS = """(module
    (tag $e (export "e") (param i32))
    (func (export "throw") (throw $e (i32.const 7))))"""


@pytest.mark.parametrize("params", ["", "(param i64)", "(param externref)", "(param i32 i32)"])
def test_a_tag_of_another_type(store, params):
    # GHSA-cfhf-m2cr-62wj: what was thrown was read as something else.
    tag = pywasm.Instance(pywasm.Module(store, THROWS)).exports.e
    other = pywasm.Module(store, f'(module (import "m" "e" (tag {params})))')
    with pytest.raises(pywasm.LinkError):
        pywasm.Instance(other, {"m": {"e": tag}})


@pytest.mark.parametrize("type_", ["funcref", "externref"])
def test_a_table_that_is_too_large(store, type_):
    # RUSTSEC-2026-0114: a table could take all the host has.
    with pytest.raises(pywasm.WasmError, match="4294967295"):
        pywasm.Instance(pywasm.Module(store, f"(module (table 4294967295 {type_}))"))
