"""What an instance exports: by attribute, by subscript, in order, and in words."""

import pytest

import pywasm

MIXED = """(module
    (memory (export "memory") 1)
    (func (export "sum") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (global (export "answer") i32 (i32.const 42))
    (table (export "table") 1 funcref)
    (func (export "arity_0") (result i32) i32.const 1)
    (func (export "void")))"""
ORDER = ["memory", "sum", "answer", "table", "arity_0", "void"]


@pytest.fixture
def exports(instantiate):
    return instantiate(MIXED).exports


def test_by_attribute(exports):
    assert exports.sum(1, 2) == 3
    assert exports.answer.value == 42


def test_by_subscript(exports):
    assert exports["sum"](1, 2) == 3


@pytest.mark.parametrize("name", ORDER)
def test_the_same_object_each_time(exports, name):
    extern = getattr(exports, name)
    assert getattr(exports, name) is extern
    assert exports[name] is extern
    assert dict(exports)[name] is extern


def test_kinds(exports):
    kinds = [type(extern) for _, extern in exports]
    assert kinds == [
        pywasm.Memory,
        pywasm.Function,
        pywasm.Global,
        pywasm.Table,
        pywasm.Function,
        pywasm.Function,
    ]


def test_iteration_in_the_order_of_the_module(exports):
    assert [name for name, _ in exports] == ORDER
    assert [name for name, _ in exports] == ORDER, "each iteration begins anew"


def test_the_iterator_ends(exports):
    iterator = iter(exports)
    for name in ORDER:
        assert next(iterator)[0] == name
    for _ in range(2):
        with pytest.raises(StopIteration):
            next(iterator)


def test_iteration_of_nothing(instantiate):
    exports = instantiate("(module)").exports
    assert list(exports) == []
    assert len(exports) == 0


def test_len(exports):
    assert len(exports) == len(ORDER)


def test_in(exports):
    assert "sum" in exports
    assert "nope" not in exports
    assert "__len__" not in exports


def test_dir(exports):
    assert set(ORDER) <= set(dir(exports))
    assert "nope" not in dir(exports)


def test_hasattr_and_getattr(exports):
    assert hasattr(exports, "sum")
    assert not hasattr(exports, "nope")
    assert getattr(exports, "nope", None) is None


def test_missing(exports):
    with pytest.raises(LookupError) as caught:
        _ = exports.foo
    assert str(caught.value) == "Export `foo` does not exist."
    with pytest.raises(AttributeError) as caught:
        _ = exports.foo
    assert type(caught.value) is pywasm.ExportNotFoundError
    with pytest.raises(LookupError) as caught:
        exports["foo"]
    assert type(caught.value) is pywasm.ExportNotFoundError
    assert str(caught.value) == "Export `foo` does not exist."


@pytest.mark.parametrize("wrong", [0, -1, None, b"sum", slice(0, 1)])
def test_subscripts_are_names(exports, wrong):
    with pytest.raises((TypeError, LookupError)):
        exports[wrong]


STRANGE = [
    "",
    " ",
    "a b",
    "a.b",
    "1",
    "λ",
    "😀",
    "__len__",
    "__class__",
    "__iter__",
    "__getattr__",
    "__dict__",
    "class",
    "keys",
    "close",
    "name",
    "new\\0aline",
    "nul\\00nul",
]


@pytest.mark.parametrize("name", STRANGE)
def test_names_that_python_would_take_otherwise(instantiate, name):
    instance = instantiate(f'(module (func (export "{name}") (result i32) i32.const 7))')
    exports = instance.exports
    name = name.replace("\\0a", "\n").replace("\\00", "\0")
    assert name in exports
    assert exports[name]() == 7
    assert len(exports) == 1
    assert [key for key, _ in exports] == [name]


def test_many(instantiate):
    functions = "".join(f'(func (export "f{i}") (result i32) i32.const {i})' for i in range(1000))
    exports = instantiate(f"(module {functions})").exports
    assert len(exports) == 1000
    assert [extern() for _, extern in exports] == list(range(1000))
    assert exports.f999() == 999


def test_repr_shows_signatures(exports):
    shown = repr(exports)
    assert "sum(i32, i32) -> i32" in shown
    assert "arity_0() -> i32" in shown
    assert all(name in shown for name in ORDER)


def test_an_iterator_keeps_what_it_needs(instantiate):
    iterator = iter(instantiate(MIXED).exports)
    assert [name for name, _ in iterator] == ORDER


def test_not_constructible():
    with pytest.raises(TypeError):
        pywasm.Exports()
