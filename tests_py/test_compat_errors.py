"""What wasmer-python does with what does not fit: compat_errors.txt, line by line."""

import concurrent.futures
import pathlib

import pytest

import pywasm.compat

pywasm.compat.install_as_wasmer()

import wasmer
from wasmer import Function, FunctionType, Type, wasi

LINES = pathlib.Path(__file__).with_name("compat_errors.txt")
ALL = """(module
    (func (export "sum") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "i64") (param i64) (result i64) local.get 0)
    (func (export "f32") (param f32) (result f32) local.get 0)
    (func (export "f64") (param f64) (result f64) local.get 0)
    (memory (export "memory") 2 3)
    (global (export "global") (mut i32) (i32.const 1))
    (global (export "constant") i32 (i32.const 1)))"""

BOTH = """(module (import "wasi_unstable" "sched_yield" (func (result i32)))
    (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))))"""


def expressions():
    for line in LINES.read_text().splitlines():
        for mark in " -> ", " !! ":
            expression, found, expected = line.partition(mark)
            if found and not line.startswith("#"):
                yield pytest.param(expression, mark.strip(), expected, id=expression)
                break


def assign(thing, name, value):
    setattr(thing, name, value)
    return getattr(thing, name)


def put(view, index, value):
    view[index] = value
    return view[index]


def in_a_thread(function, *arguments):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return pool.submit(function, *arguments).result()


def annotated(**annotations):
    def function(x=None):
        return x

    function.__annotations__ = annotations
    return function


def opaque(compiler):
    return type("Compiler", (), {"into_opaque_compiler": staticmethod(lambda: compiler)})


@pytest.fixture
def giving(store, instantiate):
    def giving(value):
        function = Function(store, lambda: value, FunctionType([], [Type.I32]))
        text = (
            '(module (import "e" "f" (func (result i32))) (func (export "g") (result i32) call 0))'
        )
        return instantiate(text, {"e": {"f": function}}).exports.g

    return giving


@pytest.fixture
def link(instantiate):
    def link(wanted, given):
        imports = {"env": {"x": given}} if given not in (None, {}) else given
        return instantiate(f'(module (import "env" "x" {wanted}))', imports)

    return link


@pytest.fixture
def trap(instantiate):
    return lambda code: instantiate(
        f"""(module (memory 1) (table 2 funcref) (elem (i32.const 1) $other)
            (func (export "f") {code}) (func $other (result i32) i32.const 0))"""
    ).exports.f()


@pytest.fixture
def raising(store, instantiate):
    def raising(error):
        def function():
            raise error

        imports = {"e": {"f": Function(store, function)}}
        instantiate('(module (import "e" "f" (func)) (start 0))', imports)

    return raising


def builder():
    return wasi.StateBuilder("program")


@pytest.fixture
def leave(store, instantiate):
    def leave(code):
        imports = builder().finalize().generate_import_object(store, wasi.Version.LATEST)
        text = f"""(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
            (memory (export "memory") 1) (func (export "_start") (call 0 (i32.const {code}))))"""
        instantiate(text, imports).exports._start()

    return leave


HELPERS = assign, put, in_a_thread, annotated, opaque, builder


@pytest.fixture
def names(store, instantiate, giving, link, trap, raising, leave):
    """What the expressions may use."""
    exports = instantiate(ALL).exports
    return {
        **vars(wasmer),
        "BOTH": BOTH,
        "store": store,
        "instantiate": instantiate,
        "exports": exports,
        "memory": exports.memory,
        "view": exports.memory.uint8_view(),
        **{f.__name__: f for f in HELPERS},
        "giving": giving,
        "link": link,
        "trap": trap,
        "raising": raising,
        "leave": leave,
    }


@pytest.mark.parametrize(("expression", "mark", "expected"), list(expressions()))
def test_as_wasmer(names, expression, mark, expected):
    if mark == "->":
        assert eval(expression, names) == eval(expected, names)
        return
    class_name, _, text = expected.partition(":")
    with pytest.raises(eval(class_name)) as caught:
        eval(expression, names)
    assert str(caught.value).startswith(text.strip())
