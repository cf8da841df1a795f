"""The wheel, in a new environment in which there is nothing else: no compiler, no Go, no package.

It is one of $PYWASM_WHEELS, if that names a folder, else the one that this test builds.
"""

import importlib.metadata
import os
import pathlib
import re
import subprocess
import sys
import venv

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
WHEELS = os.environ.get("PYWASM_WHEELS")
README = re.findall(r"```python\n(.*?)```", (CHECKOUT / "README.md").read_text("utf-8"), re.DOTALL)
PRINTED = ["42\n", "hello\n"]

pytestmark = [] if WHEELS else pytest.mark.build


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """A folder with a wheel for this Python."""
    if WHEELS:
        return pathlib.Path(WHEELS).resolve()
    folder = tmp_path_factory.mktemp("wheels")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder]
    subprocess.run([*pip, CHECKOUT], check=True)
    return folder


@pytest.fixture(scope="module")
def scripts(wheels, tmp_path_factory):
    """Where the programs of an environment are that has the wheel."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    found = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python"]
    install = ["install", "--quiet", "--no-index", "--find-links", wheels, "pywasm-go"]
    subprocess.run([*pip, found / "python", *install], check=True)
    assert str(folder) in run(found, "python", "-c", "import pywasm; print(pywasm.__file__)")
    return found


def run(scripts, *command):
    done = subprocess.run(
        [scripts / command[0], *command[1:]],
        cwd=scripts,
        env={**os.environ, "PATH": str(scripts)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(("example", "printed"), list(zip(README, PRINTED)))
def test_an_example_of_the_readme(scripts, example, printed):
    assert run(scripts, "python", "-c", example) == printed


def test_every_example_is_run():
    assert len(README) == len(PRINTED)


def test_the_command(scripts):
    assert importlib.metadata.version("pywasm-go") in run(scripts, "pywasm", "--version")


def test_the_licences_of_what_is_in_it(scripts):
    source = """
import importlib.metadata
found = importlib.metadata.distribution("pywasm-go")
names = found.metadata.get_all("License-File")
files = {str(file): file for file in found.files}
for name in names:
    [path] = [path for path in files if path.endswith(f".dist-info/licenses/{name}")]
    assert files[path].read_text(), name
print(*names)
"""
    names = run(scripts, "python", "-c", source).split()
    for module in (
        "github.com/tetratelabs/wazero",
        "github.com/go-python/gopy",
        "golang.org/x/sys",
    ):
        assert f"{module}/LICENSE" in names
