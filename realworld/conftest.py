"""What the tests share: programs, downloaded or built, compiled once with each compiler."""

import functools
import io

import builds
import packages
import pytest
import reactor as reactors

import pywasm
from pywasm import engine
from pywasm.compilers import interpreter, optimizing

COMPILERS = {"optimizing": optimizing.Compiler, "interpreter": interpreter.Compiler}


@pytest.fixture(scope="session", params=sorted(COMPILERS))
def store(request):
    with pywasm.Store(engine.JIT(COMPILERS[request.param])) as opened:
        yield opened


@pytest.fixture(scope="session")
def module(store):
    """The module of a program: the name of a package, sqlite, or a path."""

    @functools.cache
    def load(name):
        if name == "sqlite":
            name = builds.sqlite()
        elif name in packages.PACKAGES:
            name = packages.fetch(name)
        return pywasm.Module(store, name.read_bytes())

    return load


@pytest.fixture
def run(module):
    """Runs a program and returns a CompletedProcess with what it wrote, as text."""

    def run_program(name, *args, **options):
        return pywasm.run(module(name), args, capture_output=True, text=True, **options)

    return run_program


@pytest.fixture
def reactor(module):
    """Makes a Reactor of a program, and what it writes to stdout."""

    def start(name, allocator, hosts=(), files=()):
        stdout = io.BytesIO()
        return reactors.Reactor(module(name), allocator, dict(hosts), stdout, dict(files)), stdout

    return start
