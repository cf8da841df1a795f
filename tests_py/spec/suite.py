"""Where the scripts come from, and which of their commands are known not to pass."""

import functools
import json
import os
import pathlib
import re
import shutil
import subprocess

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent.parent
TRANSLATOR = CHECKOUT / "tests_go" / "wast2json"
EXPECTED = CHECKOUT / "tests_go" / "spec" / "expected.txt"


@functools.cache
def what_is_missing():
    """Why the scripts cannot be had here, or None."""
    if not TRANSLATOR.is_dir():
        return f"they need the source tree, and {TRANSLATOR} is not there"
    if shutil.which("go") is None:
        return "they need Go to read the scripts, and there is no `go` in PATH"
    found = run_translator([])
    return found.stderr.strip().splitlines()[-1] if found.returncode else None


def run_translator(names):
    return subprocess.run(
        ["go", "run", "./tests_go/wast2json", *names],
        cwd=CHECKOUT,
        env={**os.environ, "CGO_ENABLED": "0"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def read_scripts(names):
    """The scripts by name, as tests_go/wast2json prints them."""
    done = run_translator(names)
    assert done.returncode == 0, done.stderr
    scripts = [json.loads(line) for line in done.stdout.split("\n") if line]
    return {script["name"]: script for script in scripts}


class Span:
    """A line of expected.txt: commands of a file that do not pass."""

    def __init__(self, line):
        parts = re.fullmatch(r"(\S+) (\d+)(?:-(\d+))?(?: (\w+))?: (.+)", line)
        assert parts is not None, line
        self.file, self.compiler, self.reason = parts[1], parts[4], parts[5]
        self.lines = range(int(parts[2]), int(parts[3] or parts[2]) + 1)


def expected_failures(file, compiler):
    """Reasons by line, for the lines of a file on which commands do not pass."""
    lines = EXPECTED.read_text().splitlines()
    spans = [Span(line) for line in lines if line and not line.startswith("#")]
    return {
        line: span.reason
        for span in spans
        if span.file == file and span.compiler in (None, compiler)
        for line in span.lines
    }


class Deselection:
    """A plugin that takes the tests of a file out of the run, and says why."""

    def __init__(self, file, reason):
        self.file, self.reason, self.items = file, reason, []

    def pytest_collection_modifyitems(self, config, items):
        self.items = [item for item in items if item.path.name == self.file and is_script(item)]
        items[:] = [item for item in items if item not in self.items]
        config.hook.pytest_deselected(items=self.items)

    def pytest_terminal_summary(self, terminalreporter):
        count = len(self.items)
        terminalreporter.write_line(f"{self.file}: {count} tests deselected: {self.reason}")


def is_script(item):
    return "scripts" in item.fixturenames
