"""The programs that are built here: SQLite from its sources, and two kinds of Go programs."""

import hashlib
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import packages

# WASI has neither threads nor processes, and its C library emulates these three only if asked.
SQLITE_FLAGS = [
    "-target",
    "wasm32-wasi",
    "-O1",
    "-s",
    "-w",
    "-DSQLITE_THREADSAFE=0",
    "-DSQLITE_OMIT_LOAD_EXTENSION",
    "-DSQLITE_NOHAVE_SYSTEM",
    "-D_WASI_EMULATED_GETPID",
    "-D_WASI_EMULATED_SIGNAL",
    "-D_WASI_EMULATED_PROCESS_CLOCKS",
    "-lwasi-emulated-getpid",
    "-lwasi-emulated-signal",
    "-lwasi-emulated-process-clocks",
]


def sqlite() -> pathlib.Path:
    """Returns where the shell of SQLite is, which takes a minute to build the first time."""
    source = packages.fetch("sqlite_source")
    flags = hashlib.sha256(" ".join(SQLITE_FLAGS).encode()).hexdigest()[:16]
    path = source.parent / f"sqlite-{flags}.wasm"
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=source.parent) as folder, tarfile.open(source) as tar:
            for member in tar:
                if member.isfile() and member.name.endswith((".c", ".h")):
                    file = pathlib.Path(folder, pathlib.PurePosixPath(member.name).name)
                    file.write_bytes(tar.extractfile(member).read())
            compiler = [sys.executable, "-m", "ziglang", "cc", *SQLITE_FLAGS]
            command = [*compiler, "-o", "part.wasm", "shell.c", "sqlite3.c"]
            subprocess.run(command, check=True, cwd=folder)
            pathlib.Path(folder, "part.wasm").replace(path)
    return path


def go_program(source: pathlib.Path, target: pathlib.Path) -> None:
    """Builds the command in a folder."""
    _go("build", "-o", str(target), ".", cwd=source)


def go_tests(package: str, target: pathlib.Path) -> None:
    """Builds the tests of a package of Go's standard library."""
    _go("test", "-c", "-o", str(target), package, cwd=go_root() / "src")


def go_root() -> pathlib.Path:
    """Returns where Go and its sources are."""
    command = ["go", "env", "GOROOT"]
    return pathlib.Path(subprocess.run(command, check=True, stdout=-1, text=True).stdout.strip())


def _go(*arguments: str, cwd: pathlib.Path) -> None:
    environment = {**os.environ, "GOOS": "wasip1", "GOARCH": "wasm"}
    subprocess.run(["go", *arguments], check=True, cwd=cwd, env=environment)
