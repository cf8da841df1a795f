"""Plain C: what the guest does, written by hand as METH_FASTCALL functions over a bytearray."""

import importlib.util
import pathlib
import shlex
import subprocess
import sys
import sysconfig
import tempfile

import numpy

import guest
from harness import Contender

MODULE = None


def _build():
    source = pathlib.Path(__file__).parent.parent / "cext" / "peer.c"
    target = pathlib.Path(tempfile.mkdtemp()) / f"peer{sysconfig.get_config_var('EXT_SUFFIX')}"
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")
    flags = ["-O3", "-fPIC", "-shared", f"-I{sysconfig.get_path('include')}"]
    if sys.platform == "darwin":
        flags += ["-undefined", "dynamic_lookup"]
    subprocess.run([*compiler, *flags, source, "-o", target], check=True)
    spec = importlib.util.spec_from_file_location("peer", target)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_peer = _build()
_memory = bytearray(65536)
_peer.use(_memory)


def nop():
    return Contender("nop()", nop=_peer.nop)


def add():
    return Contender("add(1, 2)", add=_peer.add)


def callback():
    return Contender(
        f"loop({guest.CALLBACKS}, host)", per=guest.CALLBACKS, loop=_peer.loop, host=guest.host
    )


def byte():
    return Contender("get(4096)", get=_peer.get)


def view_byte():
    return Contender("view[4096]", view=memoryview(_memory))


def numpy_view():
    return Contender(
        "frombuffer(memory, uint8)",
        frombuffer=numpy.frombuffer,
        uint8=numpy.uint8,
        memory=_memory,
    )


def read():
    return Contender("read(4096, 255)", read=_peer.read)


def write():
    return Contender("write(4096, data)", write=_peer.write, data=bytes(255))


def fresh(_):
    return "pass"
