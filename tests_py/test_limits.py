"""What instances and stores may have: memory, table elements, instances, active calls."""

import pytest

import pywasm
from pywasm import Instance, LimitError, Module, Trap, TrapCode, engine

GROWING = """(module
    (memory (export "memory") 1)
    (table (export "table") 2 funcref)
    (func (export "grow_memory") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "grow_table") (param i32) (result i32)
        (table.grow (ref.null func) (local.get 0)))
    (func $depth (export "depth") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (i32.const 1) (call $depth (i32.sub (local.get 0) (i32.const 1)))))
            (else (i32.const 0)))))"""

PAGE = 65536


@pytest.fixture
def limited(compiler):
    """A store with limits."""
    stores = []

    def make(**limits):
        stores.append(pywasm.Store(engine.JIT(compiler), **limits))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


class TestInstance:
    def test_memory(self, limited):
        instance = Instance(Module(limited(), GROWING), memory_limit=3 * PAGE)
        assert instance.exports.grow_memory(2) == 1
        assert instance.exports.grow_memory(1) == -1
        with pytest.raises(pywasm.WasmError):
            instance.exports.memory.grow(1)
        assert instance.exports.memory.size == 3

    def test_table(self, limited):
        instance = Instance(Module(limited(), GROWING), table_limit=5)
        assert instance.exports.grow_table(3) == 2
        assert instance.exports.grow_table(1) == -1
        with pytest.raises(pywasm.WasmError):
            instance.exports.table.grow(1)
        assert instance.exports.table.size == 5

    def test_depth(self, limited):
        instance = Instance(Module(limited(depth_limit=100), GROWING), depth_limit=10)
        assert instance.exports.depth(9) == 9
        with pytest.raises(Trap) as caught:
            instance.exports.depth(10)
        assert caught.value.code == TrapCode.CALL_STACK_EXHAUSTED
        assert instance.exports.depth(9) == 9

    def test_what_it_begins_with(self, limited):
        module = Module(limited(), GROWING)
        with pytest.raises(LimitError, match="65536"):
            Instance(module, memory_limit=PAGE - 1)
        with pytest.raises(LimitError, match="2 elements"):
            Instance(module, table_limit=1)

    def test_depths_are_counted_where_the_store_says_so(self, limited):
        with pytest.raises(ValueError, match="depth_limit="):
            Instance(Module(limited(), GROWING), depth_limit=10)


class TestStore:
    def test_memory_is_shared_and_comes_back(self, limited):
        module = Module(limited(memory_limit=4 * PAGE), GROWING)
        first, second = Instance(module), Instance(module)
        assert first.exports.grow_memory(2) == 1
        assert second.exports.grow_memory(1) == -1
        with pytest.raises(LimitError, match="memory"):
            Instance(module)
        first.close()
        assert second.exports.grow_memory(3) == 1

    def test_tables(self, limited):
        module = Module(limited(table_limit=6), GROWING)
        first, second = Instance(module), Instance(module)
        assert first.exports.grow_table(3) == -1
        assert second.exports.grow_table(2) == 2
        assert first.exports.grow_table(1) == -1

    def test_instances(self, limited):
        store = limited(instance_limit=2)
        module = Module(store, GROWING)
        first, second = Instance(module), Instance(module)
        with pytest.raises(LimitError, match="2 instances"):
            Instance(module)
        pywasm.Memory(store, pywasm.MemoryType(1))  # is none
        first.close()
        Instance(module)
        del second

    def test_depth(self, limited):
        instance = Instance(Module(limited(depth_limit=10), GROWING))
        for _ in range(3):
            with pytest.raises(Trap):
                instance.exports.depth(10)
        assert instance.exports.depth(9) == 9

    def test_raising(self, limited):
        store = limited(memory_limit=2 * PAGE, table_limit=3, raise_at_limit=True)
        instance = Instance(Module(store, GROWING))
        for name in ("grow_memory", "grow_table"):
            with pytest.raises(LimitError, match="limit"):
                getattr(instance.exports, name)(2)
            assert getattr(instance.exports, name)(1) > 0

    def test_what_is_no_limit(self, limited):
        for name in ("memory_limit", "table_limit", "instance_limit", "depth_limit"):
            with pytest.raises(ValueError, match=name):
                limited(**{name: -1})
            with pytest.raises(TypeError, match=name):
                limited(**{name: "1"})

    def test_pickled_stores_keep_their_limits(self, limited):
        import pickle

        store = pickle.loads(pickle.dumps(limited(memory_limit=PAGE)))
        with store, pytest.raises(LimitError):
            Instance(Module(store, "(module (memory 2))"))
