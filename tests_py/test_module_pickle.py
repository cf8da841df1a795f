"""Pickled modules: WebAssembly and configuration go elsewhere, machine code does not."""

import concurrent.futures
import copy
import multiprocessing
import pickle

import pytest

import pywasm
from pywasm import engine

TEXT = """(module $named
    (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"""


def test_there_and_back(store, compiler_name, wat):
    module = pickle.loads(pickle.dumps(pywasm.Module(store, wat(TEXT))))
    assert module.compiler_name == compiler_name
    assert module.store is not store
    assert module.store.compiler_name == compiler_name
    assert (module.name, [e.name for e in module.exports]) == ("named", ["f"])
    assert pywasm.Instance(module).exports.f(1) == 2


def test_it_is_webassembly(store, wat):
    pickled = pickle.dumps(pywasm.Module(store, wat(TEXT)))
    assert wat(TEXT) in pickled
    assert len(pickled) < len(wat(TEXT)) + 400


def test_a_name_that_was_set(store, wat):
    module = pywasm.Module(store, wat(TEXT))
    module.name = "other"
    assert pickle.loads(pickle.dumps(module)).name == "other"


def test_modules_of_one_store_stay_in_one(store, wat):
    exporting = pywasm.Module(store, wat('(module (memory (export "m") 1))'))
    importing = pywasm.Module(store, wat('(module (import "a" "m" (memory 1)))'))
    one, two, same = pickle.loads(pickle.dumps([exporting, importing, store]))
    assert one.store is two.store is same
    pywasm.Instance(two, {"a": {"m": pywasm.Instance(one).exports.m}})


def test_the_configuration_of_a_store(tmp_path, compiler):
    store = pywasm.Store(engine.JIT(compiler), cache=tmp_path, fuel=1000, timeout=0.05)
    again = pickle.loads(pickle.dumps(store))
    assert again._config["cache"] == tmp_path
    assert pywasm.Instance(pywasm.Module(again, TEXT)).fuel == 1000
    assert again.compiler_name == store.compiler_name
    assert pickle.loads(pickle.dumps(pywasm.Store())).compiler_name == pywasm.Store().compiler_name


def test_copies(store, wat):
    assert pywasm.Instance(copy.deepcopy(pywasm.Module(store, wat(TEXT)))).exports.f(4) == 5


def test_from_an_artefact(store, compiler_name, wat):
    module = pywasm.Module.deserialize(store, pywasm.Module(store, wat(TEXT)).serialize())
    if compiler_name == "interpreter":  # whose artefacts are WebAssembly
        assert pywasm.Instance(pickle.loads(pickle.dumps(module))).exports.f(4) == 5
    else:
        with pytest.raises(TypeError, match=r"loaded from an artefact"):
            pickle.dumps(module)


def test_from_the_cache(tmp_path, wat):
    for _ in range(2):
        with pywasm.Store(cache=tmp_path) as store:
            pickled = pickle.dumps(pywasm.Module(store, wat(TEXT)))
    assert pywasm.Instance(pickle.loads(pickled)).exports.f(4) == 5


def test_closed(store, wat):
    module = pywasm.Module(store, wat(TEXT))
    module.close()
    with pytest.raises(pywasm.WasmError, match="closed"):
        pickle.dumps(module)


def call(module, number):
    return pywasm.Instance(module).exports.f(number)


def test_in_another_process(store, wat):
    module = pywasm.Module(store, wat(TEXT))
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, context) as pool:
        assert pool.submit(call, module, 41).result(timeout=60) == 42
