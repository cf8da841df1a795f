"""The root directory that guests of wasmer-python have: it lists what they were given."""

import pathlib

import pytest

import pywasm.compat

pywasm.compat.install_as_wasmer()

from wasmer import Instance, Module, wasi

WORDCOUNT = pathlib.Path(__file__).resolve().parent.parent / "examples/wordcount/wordcount.wasm"


@pytest.fixture
def count(store, tmp_path):
    """Gives the paths of the files that wordcount finds in directories of the guest."""
    module = Module(store, WORDCOUNT.read_bytes())

    def count(builder, *directories):
        written = tmp_path / "written"
        with builder.arguments(directories).stdout(written).finalize() as wasi_env:
            imports = wasi_env.generate_import_object(store, wasi.Version.LATEST)
            Instance(module, imports).exports._start()
        rows = [line.split()[-1] for line in written.read_text().splitlines()]
        return [row for row in rows if row not in ("file", "total")]

    return count


@pytest.fixture
def texts(tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a").write_text("a")
    return str(folder)


@pytest.fixture
def builder():
    return wasi.StateBuilder("wordcount")


def test_the_root_lists_what_was_given(builder, count, texts):
    builder.map_directory("one", texts).map_directory("/two", texts)
    builder.map_directory("three/four", texts)
    assert count(builder, "/") == ["/one/a", "/three/four/a", "/two/a"]


def test_a_directory_is_found_with_and_without_the_root(builder, count, texts):
    builder.map_directories({"one": texts, "/two": texts})
    assert count(builder, "one", "/one", "/two") == ["/one/a", "/two/a", "one/a"]


def test_a_root_that_was_given_is_the_root(builder, count, texts):
    assert count(builder.map_directory("/", texts), "/") == ["/a"]


def test_preopened_directories(builder, count, texts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    builder.preopen_directories([".", "texts", texts])
    assert count(builder, "texts", texts) == sorted(["texts/a", f"{texts}/a"])
    assert count(wasi.StateBuilder("wordcount").preopen_directory("."), "texts") == ["texts/a"]


@pytest.mark.parametrize("alias", [".", "..", "../texts", ""])
def test_names_that_are_not_below_the_root(builder, alias, texts):
    try:
        builder.map_directory(alias, texts).finalize().close()
    except RuntimeError as error:
        assert alias == "", error  # noqa: PT017


# What is called with a descriptor and what is in memory at 8 and 16.
SYSTEM = """(module
    (import "wasi_snapshot_preview1" "path_create_directory"
      (func $make (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_prestat_dir_name"
      (func $name (param i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 8) "new")
    (func (export "make") (param i32) (result i32)
      (call $make (local.get 0) (i32.const 8) (i32.const 3)))
    (func (export "name") (param i32) (result i32)
      (call $name (local.get 0) (i32.const 16) (i32.const 1))))"""
BADF, ROFS = 8, 69


@pytest.fixture
def system(store):
    module = Module(store, SYSTEM)

    def system(wasi_env):
        imports = wasi_env.generate_import_object(store, wasi.Version.LATEST)
        return Instance(module, imports).exports

    return system


def test_the_root_comes_first_and_cannot_be_written_to(system, builder):
    exports = system(builder.finalize())
    assert exports.name(3) == 0
    assert exports.memory.read(16, 1) == b"/"
    assert exports.make(3) == ROFS


def test_a_builder_may_be_finalized_again(system, builder):
    for _ in range(2):
        exports = system(builder.finalize())
        assert (exports.name(3), exports.name(4)) == (0, BADF)
