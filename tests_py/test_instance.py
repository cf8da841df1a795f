"""Instances: what happens when they are made, and how they end."""

import pytest

import pywasm
from pywasm import TrapCode

COUNTER = """(module
    (memory (export "memory") 1)
    (data (i32.const 0) "data")
    (global $g (mut i32) (i32.const 0))
    (func (export "next") (result i32)
        (global.set $g (i32.add (global.get $g) (i32.const 1)))
        (global.get $g)))"""


@pytest.mark.parametrize("imports", [[], [None], [{}]], ids=["nothing", "None", "dict"])
def test_without_imports(compile_text, imports):
    instance = pywasm.Instance(compile_text(COUNTER), *imports)
    assert instance.exports.next() == 1


def test_with_an_empty_import_object(compile_text):
    assert pywasm.Instance(compile_text(COUNTER), pywasm.ImportObject()).exports.next() == 1


@pytest.mark.parametrize("wrong", [None, 3, b"\0asm\x01\0\0\0", "(module)"])
def test_needs_a_module(wrong):
    with pytest.raises(TypeError):
        pywasm.Instance(wrong)


@pytest.mark.parametrize("wrong", [3, "imports", object()])
def test_imports_are_an_import_object_or_a_dict(compile_text, wrong):
    with pytest.raises(TypeError):
        pywasm.Instance(compile_text("(module)"), wrong)


def test_exports_are_the_same_object_each_time(instantiate):
    instance = instantiate(COUNTER)
    assert isinstance(instance.exports, pywasm.Exports)
    assert instance.exports is instance.exports


def test_instances_share_nothing(compile_text):
    module = compile_text(COUNTER)
    first, second = pywasm.Instance(module), pywasm.Instance(module)
    first.exports.memory.write(0, b"DATA")
    assert first.exports.next() == 1
    assert second.exports.next() == 1
    assert second.exports.memory.read(0, 4) == b"data"


def test_the_start_function_runs(instantiate):
    instance = instantiate(
        """(module
            (global (export "g") (mut i32) (i32.const 1))
            (func $start (global.set 0 (i32.const 42)))
            (start $start))"""
    )
    assert instance.exports.g.value == 42


def test_the_start_function_may_trap(instantiate):
    with pytest.raises(pywasm.Trap) as caught:
        instantiate("(module (func $start unreachable) (start $start))")
    assert caught.value.code is TrapCode.UNREACHABLE


def test_a_function_called_start_is_only_a_function(instantiate):
    # `_start` is WASI's name: it runs when somebody calls it, and as often.
    instance = instantiate(
        """(module
            (global (export "g") (mut i32) (i32.const 1))
            (func (export "_start") (global.set 0 (i32.const 42)))
            (func (export "_initialize") (global.set 0 (i32.const 43))))"""
    )
    assert instance.exports.g.value == 1
    instance.exports._start()
    assert instance.exports.g.value == 42


def test_a_data_segment_out_of_bounds(instantiate):
    with pytest.raises(pywasm.Trap) as caught:
        instantiate('(module (memory 1) (data (i32.const 65533) "four"))')
    assert caught.value.code is TrapCode.OUT_OF_BOUNDS_MEMORY_ACCESS


def test_an_element_segment_out_of_bounds(instantiate):
    with pytest.raises(pywasm.Trap) as caught:
        instantiate("(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))")
    assert caught.value.code is TrapCode.OUT_OF_BOUNDS_TABLE_ACCESS


def test_segments_before_the_failing_one_are_written(store, instantiate):
    # https://webassembly.github.io/spec/core/exec/modules.html#instantiation runs them in order.
    memory = pywasm.Memory(store, pywasm.MemoryType(1))
    with pytest.raises(pywasm.Trap):
        instantiate(
            """(module (import "m" "m" (memory 1))
                (data (i32.const 0) "written") (data (i32.const 65536) "x"))""",
            {"m": {"m": memory}},
        )
    assert memory.read(0, 7) == b"written"


def test_a_failed_instance_leaves_the_module_usable(store, compile_text):
    module = compile_text(
        """(module (import "m" "g" (global $g i32))
            (func $start (if (global.get $g) (then unreachable))) (start $start)
            (func (export "f") (result i32) i32.const 7))"""
    )

    def imports(value):
        return {"m": {"g": pywasm.Global(store, pywasm.Value.i32(value))}}

    with pytest.raises(pywasm.Trap):
        pywasm.Instance(module, imports(1))
    assert pywasm.Instance(module, imports(0)).exports.f() == 7


def test_with_and_close(instantiate):
    with instantiate(COUNTER) as instance:
        assert isinstance(instance, pywasm.Instance)
        following = instance.exports.next
        assert following() == 1
    instance.close()
    with pytest.raises(pywasm.WasmError, match="closed"):
        following()
    with pytest.raises(pywasm.WasmError, match="closed"):
        instance.exports.memory.read(0, 1)


def test_closing_one_instance_leaves_the_others(compile_text):
    module = compile_text(COUNTER)
    first, second = pywasm.Instance(module), pywasm.Instance(module)
    first.close()
    assert second.exports.next() == 1
    assert pywasm.Instance(module).exports.next() == 1
