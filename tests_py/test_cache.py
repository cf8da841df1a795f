"""The cache on disk: compiled once for all processes, and never worse than none."""

import contextlib
import os
import pathlib
import subprocess
import sys

import pytest

import pywasm
from pywasm import engine
from pywasm._cache import cache_folder
from pywasm.compilers import interpreter, optimizing

TEXT = '(module $m (func (export "f") (result i32) (i32.const {})))'
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


def run(folder, number, compiler=optimizing.Compiler):
    with pywasm.Store(engine.JIT(compiler), cache=folder) as store:
        return pywasm.Instance(pywasm.Module(store, TEXT.format(number))).exports.f()


def entries(folder):
    return sorted(pathlib.Path(folder).iterdir())


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "deep" / "cache"


def test_a_module_is_kept(folder):
    assert run(folder, 7) == 7
    (entry,) = entries(folder)
    kept = entry.read_bytes()
    assert run(folder, 7) == 7
    assert entries(folder) == [entry]
    assert entry.read_bytes() == kept


def test_what_is_used_goes_last(folder):
    run(folder, 7)
    (entry,) = entries(folder)
    os.utime(entry, (0, 0))
    run(folder, 7)
    assert entry.stat().st_mtime > 0


def test_a_module_from_the_cache_is_like_any_other(folder, wat):
    with pywasm.Store(cache=folder) as store:
        compiled = pywasm.Module(store, wat(TEXT.format(1)))
    with pywasm.Store(cache=folder) as store:
        module = pywasm.Module(store, wat(TEXT.format(1)))
        assert (module.name, module.compiler_name) == (compiled.name, compiled.compiler_name)
        assert [e.name for e in module.exports] == ["f"]
        assert pywasm.Module.deserialize(store, module.serialize()).name == "m"


def test_modules_are_told_apart(folder):
    assert [run(folder, n) for n in (1, 2, 1, 2)] == [1, 2, 1, 2]
    assert len(entries(folder)) == 2


def test_another_entry_under_its_name(folder):
    run(folder, 1)
    (first,) = entries(folder)
    run(folder, 2)
    (second,) = set(entries(folder)) - {first}
    first.write_bytes(second.read_bytes())
    assert run(folder, 1) == 1


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b"", lambda b: b[:-9] + b"damaged!!"]
)
def test_damaged_entries_are_compiled_again(folder, damage):
    run(folder, 7)
    (entry,) = entries(folder)
    kept = entry.read_bytes()
    entry.write_bytes(damage(kept))
    assert run(folder, 7) == 7
    assert entry.read_bytes() == kept


def test_an_entry_that_is_no_file(folder):
    run(folder, 7)
    (entry,) = entries(folder)
    entry.unlink()
    entry.mkdir()
    assert run(folder, 7) == 7


def test_interpreted_modules_are_not_kept(folder):
    assert run(folder, 7, interpreter.Compiler) == 7
    assert entries(folder) == []


def test_invalid_modules_are_not_kept(folder):
    with pywasm.Store(cache=folder) as store, pytest.raises(pywasm.CompileError):
        pywasm.Module(store, "(module (func (result i32)))")
    assert entries(folder) == []


@POSIX
def test_only_the_user_can_use_it(folder):
    run(folder, 7)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert entries(folder)[0].stat().st_mode & 0o777 == 0o600
    folder.chmod(0o777)
    with pytest.raises(pywasm.WasmError, match=r"others can write to .*cache"):
        pywasm.Store(cache=folder)


@POSIX
def test_a_folder_that_went_is_no_error(folder):
    with pywasm.Store(cache=folder) as store:
        folder.rmdir()
        assert pywasm.Instance(pywasm.Module(store, TEXT.format(3))).exports.f() == 3


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(pywasm.WasmError, match=r"cannot use the cache folder: .*file"):
        pywasm.Store(cache=tmp_path / "file" / "cache")


@pytest.mark.parametrize("wrong", [1, 1.5, b"bytes", ["folder"], object()])
def test_it_is_a_path_or_a_bool(wrong):
    with pytest.raises(TypeError, match="cache must be a bool or a path"):
        pywasm.Store(cache=wrong)


@pytest.mark.parametrize("off", [None, False])
def test_without(off, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert run(off, 7) == 7
    assert entries(tmp_path) == []


def test_the_folder_of_the_platform(tmp_path, monkeypatch):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    assert tmp_path in pathlib.Path(cache_folder(True)).parents
    assert run(True, 7) == 7
    assert len(entries(cache_folder(True))) == 1


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="of freedesktop.org")
def test_a_relative_xdg_cache_home_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder(True) == str(tmp_path / ".cache" / "pywasm")


MANY = """
import sys, pywasm
folder, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
text = '(module (func (export "f") (result i32) (i32.const {})))'
for i in range(count):
    with pywasm.Store(cache=folder) as store:
        number = i * seed % 5
        assert pywasm.Instance(pywasm.Module(store, text.format(number))).exports.f() == number
"""


def test_many_processes_at_once(folder, tmp_path):
    folder.mkdir(parents=True, mode=0o700)
    command = [sys.executable, "-c", MANY, str(folder), "40"]
    started = [
        subprocess.Popen([*command, str(seed)], cwd=tmp_path, stderr=subprocess.PIPE)
        for seed in range(1, 5)
    ]
    # Meanwhile, all that is there is damaged again and again.
    while any(process.poll() is None for process in started):
        for entry in entries(folder):
            if entry.suffix == ".artefact":
                with contextlib.suppress(OSError), open(entry, "r+b") as file:
                    file.truncate(entry.stat().st_size // 2)
        with contextlib.suppress(subprocess.TimeoutExpired):
            started[0].wait(0.005)
    for process in started:
        _, error = process.communicate()
        assert process.returncode == 0, error.decode()
    assert all(entry.suffix == ".artefact" for entry in entries(folder))
