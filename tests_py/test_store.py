"""Stores: which engine and compiler they hold, and how they end."""

import pytest

import pywasm
from pywasm import engine
from pywasm.compilers import interpreter, optimizing

HEADLESS = (
    "Compilation error: The UniversalEngine is operating in headless mode, "
    "so it can only execute already compiled Modules."
)


def test_the_default_is_the_optimizing_compiler():
    store = pywasm.Store()
    assert store.engine_name == "universal"
    assert store.compiler_name == "optimizing"


def test_none_is_the_default_engine():
    assert pywasm.Store(None).compiler_name == "optimizing"
    assert pywasm.Store(engine=None).compiler_name == "optimizing"


@pytest.mark.parametrize("kind", [engine.JIT, engine.Universal])
@pytest.mark.parametrize(
    ("compiler", "name"),
    [(optimizing.Compiler, "optimizing"), (interpreter.Compiler, "interpreter")],
)
def test_names_of_engine_and_compiler(kind, compiler, name):
    store = pywasm.Store(engine=kind(compiler))
    assert store.engine_name == "universal"
    assert store.compiler_name == name


def test_submodules_are_attributes_of_the_package(python):
    source = """
import pywasm
for compiler in pywasm.compilers.optimizing, pywasm.compilers.interpreter:
    print(pywasm.Store(pywasm.engine.JIT(compiler.Compiler)).compiler_name)
"""
    assert python(source).split() == ["optimizing", "interpreter"]


def test_an_engine_without_compiler_is_headless(wat):
    store = pywasm.Store(engine.JIT())
    assert store.engine_name == "universal"
    assert store.compiler_name is None
    with pytest.raises(pywasm.CompileError) as caught:
        pywasm.Module(store, wat("(module)"))
    assert HEADLESS in str(caught.value)


@pytest.mark.parametrize("wrong", [3, "jit", object(), optimizing.Compiler])
def test_unknown_engine(wrong):
    with pytest.raises(TypeError, match=r"^Unknown engine$"):
        pywasm.Store(wrong)


@pytest.mark.parametrize("wrong", [3, "optimizing", object()])
def test_unknown_compiler(wrong):
    with pytest.raises((TypeError, AttributeError)):
        engine.JIT(wrong)


def test_one_engine_serves_many_stores(compiler, wat):
    shared = engine.JIT(compiler)
    code = wat('(module (func (export "f") (result i32) i32.const 7))')
    stores = [pywasm.Store(shared) for _ in range(3)]
    instances = [pywasm.Instance(pywasm.Module(store, code)) for store in stores]
    stores[0].close()
    assert [instance.exports.f() for instance in instances[1:]] == [7, 7]


def test_with_closes(compiler):
    with pywasm.Store(engine.JIT(compiler)) as store:
        assert isinstance(store, pywasm.Store)
    with pytest.raises(pywasm.WasmError, match="closed"):
        pywasm.Module(store, "(module)")


def test_with_closes_when_the_block_raises(compiler):
    with pytest.raises(ZeroDivisionError), pywasm.Store(engine.JIT(compiler)) as store:
        1 / 0  # noqa: B018
    with pytest.raises(pywasm.WasmError, match="closed"):
        pywasm.Module(store, "(module)")


def test_close_twice(store):
    store.close()
    store.close()


def test_a_closed_store_makes_nothing(store, compile_text):
    module = compile_text("(module)")
    store.close()
    makers = {
        "module": lambda: pywasm.Module(store, "(module)"),
        "instance": lambda: pywasm.Instance(module),
        "function": lambda: pywasm.Function(store, lambda: None),
        "memory": lambda: pywasm.Memory(store, pywasm.MemoryType(1)),
        "global": lambda: pywasm.Global(store, pywasm.Value.i32(1)),
        "table": lambda: pywasm.Table(store, pywasm.TableType(pywasm.Type.FUNC_REF, 1), None),
    }
    for maker in makers.values():
        with pytest.raises(pywasm.WasmError, match="closed"):
            maker()


def test_a_closed_store_closes_what_it_made(store, instantiate):
    instance = instantiate(
        """(module
            (memory (export "memory") 1)
            (global (export "global") (mut i32) (i32.const 1))
            (table (export "table") 1 funcref)
            (func (export "f") (result i32) i32.const 7))"""
    )
    exports = instance.exports
    function, memory, table = exports.f, exports.memory, exports.table
    global_ = exports["global"]
    store.close()
    users = {
        "call": function,
        "read": lambda: memory.read(0, 1),
        "write": lambda: memory.write(0, b"x"),
        "grow memory": lambda: memory.grow(1),
        "get global": lambda: global_.value,
        "set global": lambda: setattr(global_, "value", 3),
        "get element": lambda: table.get(0),
        "set element": lambda: table.set(0, None),
        "grow table": lambda: table.grow(1),
    }
    for user in users.values():
        with pytest.raises(pywasm.WasmError, match="closed"):
            user()


def test_closing_one_store_leaves_the_others(compiler, wat):
    code = wat('(module (func (export "f") (result i32) i32.const 7))')
    first, second = (pywasm.Store(engine.JIT(compiler)) for _ in range(2))
    survivor = pywasm.Instance(pywasm.Module(second, code))
    pywasm.Instance(pywasm.Module(first, code))
    first.close()
    assert survivor.exports.f() == 7
