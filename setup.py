"""What setuptools does here, editable installations: wheels/backend.py makes the wheels."""

import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import SetupError

sys.path.insert(0, str(Path(__file__).resolve().parent))

from wheels.build import build
from wheels.python import limited
from wheels.toolchain import ROOT, BuildError


class BuildLibraries(build_ext):
    """Builds into the wheel's folder, or for an editable installation into the source tree."""

    def run(self) -> None:
        target = ROOT if self.inplace or self.editable_mode else Path(self.build_lib)
        try:
            self.outputs = build(target / "pywasm")
        except BuildError as error:
            raise SetupError(str(error)) from None

    def get_outputs(self) -> list[str]:
        return [str(path) for path in self.outputs]


setup(
    ext_modules=[Extension("pywasm._native", [], py_limited_api=limited())],
    cmdclass={"build_ext": BuildLibraries},
)
