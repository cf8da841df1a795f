"""CPython on a standard library in a mount."""

import subprocess
import sys
import zipfile

import packages
import pytest

DOCTESTS = """
import doctest, importlib, sys
for name in sys.argv[1:]:
    module = importlib.import_module(name)
    assert module.__file__.startswith("/stdlib/"), module.__file__
    result = doctest.testmod(module)
    print(name, result.failed, result.attempted > 0)
"""
MODULES = ["collections", "difflib", "fractions", "heapq", "pickletools", "statistics"]

# Prints what any Python prints, in a folder that is its first argument.
FILES = """
import csv, gzip, hashlib, io, os, pathlib, shutil, sys, tempfile, zipfile
root = pathlib.Path(sys.argv[1])
(root / "a/b").mkdir(parents=True)
for i in range(50):
    (root / f"a/{i:02}.txt").write_text("line\\n" * i)
print(sorted(os.listdir(root / "a"))[:3], sum(f.stat().st_size for f in root.rglob("*.txt")))
with open(root / "big", "w+b") as file:
    file.truncate(1 << 20)
    file.seek(-4, os.SEEK_END)
    file.write(b"tail")
    file.seek(1 << 19)
    print(file.read(8), os.fstat(file.fileno()).st_size, file.tell())
print(hashlib.sha256((root / "big").read_bytes()).hexdigest())
os.replace(root / "a/01.txt", root / "a/b/moved")
shutil.copytree(root / "a", root / "copy")
shutil.rmtree(root / "a")
os.symlink("49.txt", root / "copy/link")
print(len((root / "copy/link").read_text()), os.readlink(root / "copy/link"))
os.utime(root / "big", (10**9, 10**9 + 1))
print(os.stat(root / "big").st_mtime, (root / "a").exists())
with zipfile.ZipFile(root / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.write(root / "big", "big")
print(zipfile.ZipFile(root / "x.zip").testzip(), zipfile.ZipFile(root / "x.zip").namelist())
with gzip.open(root / "x.gz", "wt", newline="") as file:
    csv.writer(file).writerows([[1, 'a"b'], [2, "ä"]])
print(gzip.open(root / "x.gz", "rt", encoding="utf-8", newline="").read())
for call in (os.rmdir, os.unlink, os.listdir):
    try:
        call(root / "copy" if call is not os.listdir else root / "big")
    except OSError as error:
        print(call.__name__, type(error).__name__)
with tempfile.TemporaryDirectory(dir=root) as folder, tempfile.TemporaryFile(dir=folder) as file:
    file.write(b"x")
print(sorted(path.name for path in root.iterdir()))
"""


@pytest.fixture(scope="session")
def stdlib(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stdlib")
    with zipfile.ZipFile(packages.fetch("python_stdlib")) as archive:
        archive.extractall(folder)
    return folder


def test_the_doctests_of_a_mounted_standard_library(run, stdlib):
    environment = {"PYTHONPATH": "/stdlib", "PYTHONDONTWRITEBYTECODE": "1"}
    done = run("python", "-c", DOCTESTS, *MODULES, env=environment, dirs={"/stdlib": stdlib})
    expected = "".join(f"{name} 0 True\n" for name in MODULES)
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")


@pytest.mark.parametrize("mount", ["host", "memory"])
def test_a_script_prints_what_it_prints_on_the_host(run, tmp_path, mount):
    for name in ("host", "guest"):
        (tmp_path / name).mkdir()
    native = [sys.executable, "-X", "utf8", "-c", FILES, tmp_path / "host"]
    expected = subprocess.run(native, check=True, stdout=-1, text=True, encoding="utf-8").stdout
    mounts = {"host": {"dirs": {"/work": tmp_path / "guest"}}, "memory": {"files": {"work/": b""}}}
    done = run("python", "-c", FILES, "/work", env={"PYTHONUTF8": "1"}, **mounts[mount])
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")
