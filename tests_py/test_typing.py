"""The types that checkers see, on the example files in `typed/`.

A checker takes part if it is installed. In `wrong.py` each line marked `# error` must be reported,
and no other.
"""

import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parent / "typed"


def mypy(path):
    """The lines of `path` that mypy --strict reports, with what it said."""
    options = ["--strict", "--no-incremental", "--cache-dir", os.devnull, "--no-error-summary"]
    finished = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--hide-error-context", path.name],
        cwd=EXAMPLES,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode in (0, 1), finished.stdout + finished.stderr
    found = re.findall(rf"^{re.escape(path.name)}:(\d+): (error: .*)$", finished.stdout, re.M)
    assert found or finished.returncode == 0, finished.stdout
    return {int(line): message for line, message in found}


def pyright(path, package="pyright"):
    """The lines of `path` that pyright reports, with what it said."""
    finished = subprocess.run(
        [sys.executable, "-m", package, "--outputjson", "--pythonpath", sys.executable, path.name],
        cwd=EXAMPLES,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode in (0, 1), finished.stdout + finished.stderr
    report = json.loads(finished.stdout)
    return {
        entry["range"]["start"]["line"] + 1: entry["message"]
        for entry in report["generalDiagnostics"]
        if entry["severity"] == "error"
    }


def basedpyright(path):
    return pyright(path, "basedpyright")


CHECKERS = [
    checker
    for checker in (mypy, pyright, basedpyright)
    if importlib.util.find_spec(checker.__name__)
]
each_checker = pytest.mark.parametrize("check", CHECKERS, ids=lambda check: check.__name__)


@each_checker
def test_right(check):
    assert check(EXAMPLES / "right.py") == {}


@each_checker
def test_wrong(check):
    path = EXAMPLES / "wrong.py"
    lines = path.read_text().splitlines()
    marked = {number for number, line in enumerate(lines, 1) if line.endswith("# error")}
    reported = check(path)
    assert set(reported) == marked, reported


def test_the_package_says_that_it_is_typed():
    spec = importlib.util.find_spec("pywasm")
    folder = pathlib.Path(spec.origin).parent
    assert (folder / "py.typed").is_file()
    assert (folder / "_native.pyi").is_file()


def test_right_runs():
    finished = subprocess.run(
        [sys.executable, EXAMPLES / "right.py"],
        cwd=EXAMPLES,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
