"""Modules that are made to take a compiler's time and memory."""

import os
import pathlib
import subprocess
import sys
import textwrap

import pytest

from pywasm import CompileError, Instance, Module, Store, engine
from pywasm.cli import main

LOCAL_GET, LOCAL_SET, I32_ADD, END = 0x20, 0x21, 0x6A, 0x0B
BLOCK, LOOP, IF, BR_IF, BR_TABLE, I32, EMPTY = 0x02, 0x03, 0x04, 0x0D, 0x0E, 0x7F, 0x40


def leb(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def section(number, *items):
    content = leb(len(items)) + b"".join(items)
    return bytes([number]) + leb(len(content)) + content


def module(*bodies, locals=0):
    """Returns a module of functions (i32) -> i32 of which the first is exported as f."""
    declared = b"\1" + leb(locals) + bytes([I32]) if locals else b"\0"
    code = [leb(len(declared + body) + 1) + declared + body + bytes([END]) for body in bodies]
    return b"".join(
        [
            b"\0asm\1\0\0\0",
            section(1, bytes([0x60, 1, I32, 1, I32])),
            section(3, *[b"\0"] * len(bodies)),
            section(7, b"\1f\0\0"),
            section(10, *code),
        ]
    )


ARGUMENT = bytes([LOCAL_GET, 0])


def table_of_branches(arms):
    """Arms i < 3 lead to block i, the others to block 3; f(x) is where the arm x leads, or 9."""
    table = bytes([BR_TABLE]) + leb(arms) + b"\0\1\2" + b"\3" * (arms - 3) + b"\4"
    ends = b"".join(bytes([END, 0x41, i, 0x0F]) for i in (0, 1, 2, 3))
    return module(bytes([BLOCK, EMPTY]) * 5 + ARGUMENT + table + ends + bytes([END, 0x41, 9]))


def many_locals(count):
    """f(x) adds x to the last of the locals, all of which it has set, one in each branch."""
    sets = b"".join(
        ARGUMENT + bytes([IF, EMPTY]) + ARGUMENT + bytes([LOCAL_SET]) + leb(i) + bytes([END])
        for i in range(1, count + 1)
    )
    return module(
        sets + ARGUMENT + bytes([LOCAL_GET]) + leb(count) + bytes([I32_ADD]), locals=count
    )


def nested(instruction, depth):
    """f(x) is x, after so many blocks in each other, which a branch leaves at once."""
    out = ARGUMENT + bytes([BR_IF]) + leb(depth - 1)
    return module(bytes([instruction, EMPTY]) * depth + out + bytes([END]) * depth + ARGUMENT)


def with_globals(globals, calls):
    """f(x) is x, after so many calls in a module of so many mutable globals."""
    binary = module(ARGUMENT + b"\x10\1" * calls, ARGUMENT)
    exports = binary.index(section(7, b"\1f\0\0"))
    content = section(6, *[bytes([I32, 1, 0x41, 0, END])] * globals)
    return binary[:exports] + content + binary[exports:]


def nested_loops(count):
    """Loops in each other, in which so many locals are set; f(x) is x + 1."""
    sets = b"".join(ARGUMENT + bytes([LOCAL_SET]) + leb(i) for i in range(1, count + 1))
    body = bytes([LOOP, EMPTY]) * count + sets + bytes([END]) * count
    return module(body + ARGUMENT + b"\x41\1" + bytes([I32_ADD]), locals=count)


BOMBS = {
    "br_table of 100,000 arms": (
        lambda: table_of_branches(100_000),
        {0: 0, 2: 2, 99_999: 3, 10**5: 9},
    ),
    "50,000 locals": (lambda: many_locals(50_000), {0: 0, 4: 8}),
    "blocks 10,000 deep": (lambda: nested(BLOCK, 10_000), {0: 0, 7: 7}),
    "blocks 100,000 deep": (lambda: nested(BLOCK, 100_000), {0: 0, 7: 7}),
    "locals that nested loops set": (lambda: nested_loops(1_000), {5: 6}),
    "20,000 calls of itself": (lambda: module(ARGUMENT, ARGUMENT + b"\x10\0" * 20_000), {3: 3}),
    "calls, and globals that they may change": (lambda: with_globals(20_000, 20_000), {3: 3}),
    "100,000 functions": (lambda: module(*[ARGUMENT] * 100_000), {3: 3}),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_compile_and_run(store, name):
    make, results = BOMBS[name]
    f = Instance(Module(store, make())).exports.f
    assert {x: f(x) for x in results} == results


class TestWhatIsInterpreted:
    def test_says_why(self):
        module = Module(Store(), table_of_branches(100_000))
        assert module.compiler_name == "interpreter"
        assert "function 0 would take the compiler too long" in module.compiler_note

    def test_nothing_else_is(self, store):
        module = Module(store, table_of_branches(5_000))
        assert module.compiler_name == store.compiler_name
        assert module.compiler_note is None

    def test_can_be_serialized(self):
        artefact = Module(Store(), nested_loops(1_000)).serialize()
        assert Instance(Module.deserialize(Store(), artefact)).exports.f(1) == 2


class TestMemoryLimit:
    def test_names_need_and_limit(self, compiler):
        store = Store(engine.JIT(compiler), compile_memory_limit=8 << 20)
        with pytest.raises(
            CompileError,
            match=r"may take \d+ MiB of memory, and the limit is 8 MiB.*compile_memory_limit",
        ):
            Module(store, module(*[ARGUMENT] * 100_000))

    def test_lets_small_modules_pass(self, compiler):
        store = Store(engine.JIT(compiler), compile_memory_limit=8 << 20)
        assert Instance(Module(store, module(ARGUMENT))).exports.f(4) == 4

    def test_locals_of_many_functions(self, store):
        """Ten bytes each declare 50,000 locals."""
        with pytest.raises(CompileError, match="of memory"):
            Module(store, module(*[ARGUMENT] * 50_000, locals=50_000))

    @pytest.mark.parametrize("wrong", [0, -1, 2**63])
    def test_out_of_range(self, wrong):
        with pytest.raises(ValueError, match="compile_memory_limit"):
            Store(compile_memory_limit=wrong)

    def test_bombs_take_less_than_a_gibibyte(self):
        run("""
            import resource
            from pywasm import Module, Store
            from test_hostile import BOMBS

            for make, _ in BOMBS.values():
                with Store() as store:
                    Module(store, make())
            assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1 << 20  # KiB
        """)


class TestCtrlC:
    def test_in_the_middle_of_one_function(self):
        """Handlers run while a function takes seconds, and what one raises ends that."""
        run("""
            import os, signal
            from pywasm import Module, Store
            from test_hostile import IF, deep_ifs

            calls = []
            error = KeyboardInterrupt("the very same")

            def handler(*_):
                calls.append(1)
                if len(calls) == 3:
                    raise error

            binary, store = deep_ifs(14_000), Store()
            signal.signal(signal.SIGALRM, handler)
            signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
            try:
                Module(store, binary)
            except KeyboardInterrupt as caught:
                signal.setitimer(signal.ITIMER_REAL, 0)
                assert caught is error
                assert Module(store, "(module)").exports == []
                os._exit(0)  # the function is still being compiled
            os._exit(1)
        """)


def deep_ifs(depth):
    return module((ARGUMENT + bytes([IF, EMPTY])) * depth + bytes([END]) * depth + ARGUMENT)


def run(code):
    """Runs code in a process of its own, where this file is a module."""
    folder = pathlib.Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=55,
    )
    assert done.returncode == 0, done.stderr


def test_inspect_says_why(tmp_path, capsys):
    path = tmp_path / "bomb.wasm"
    path.write_bytes(table_of_branches(100_000))
    assert main(["inspect", str(path)]) == 0
    assert (
        "compiler: interpreter: function 0 would take the compiler too long"
        in capsys.readouterr().out
    )
