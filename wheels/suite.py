"""Runs the tests on the wheels in dist/, under every Python of this machine that has one; `make
wheels-test` runs this. Each gets a new environment, with nothing else in its PATH: no compiler, no
Go. The tests that build are left out; that of the wheel takes it from dist/."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from wheels.python import interpreters
from wheels.toolchain import ROOT

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
DIST = ROOT / "dist"
WORK = ROOT / "build" / "suite"


def run(version: str, arguments: list[str]) -> int | None:
    """pytest's exit code; None where there is no such Python."""
    for interpreter in interpreters(version):
        folder = WORK / version
        made = subprocess.run([interpreter, "-m", "venv", "--clear", folder], capture_output=True)
        if made.returncode == 0:
            return run_in(folder, arguments)
    return None


def run_in(folder: Path, arguments: list[str]) -> int:
    scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
    python, dist = str(scripts / "python"), str(DIST)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    links = ["--no-index", "--find-links", dist]
    subprocess.run([*pip, *links, "pywasm-go"], check=True)
    subprocess.run([*pip, "pywasm-go[test]"], check=True)
    tests = folder / "tests"
    for name in ("tests_py", "examples", "core/wasi/testdata"):
        shutil.copytree(ROOT / name, tests / name)
    shutil.copy2(ROOT / "README.md", tests)  # whose programs are run
    environment = {**os.environ, "PATH": str(scripts), "PYWASM_WHEELS": str(DIST)}
    options = ["-q", "-m", "not build", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tests)]
    command = [python, "-m", "pytest", *options, *arguments, "tests_py"]
    return subprocess.run(command, cwd=tests, env=environment).returncode


def main() -> int:
    shutil.rmtree(WORK, ignore_errors=True)
    results = {version: run(version, sys.argv[1:]) for version in VERSIONS}
    for version, result in results.items():
        shown = {None: "no such Python here", 0: "passed"}
        print(f"Python {version}: {shown.get(result, 'failed')}")
    return 1 if any(results.values()) or set(results.values()) == {None} else 0


if __name__ == "__main__":
    sys.exit(main())
