"""`pywasm run`, beyond what test_cli.py says of programs: functions, memory, signals, pipes."""

import os
import signal
import subprocess
import sys
import time

import pytest

import pywasm

WASI = "wasi_snapshot_preview1"

MATHS = f"""(module
    (import "{WASI}" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "halve") (param f64) (result f64) (f64.div (local.get 0) (f64.const 2)))
    (func (export "swap") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
    (func (export "nothing"))
    (func (export "trap") unreachable)
    (func (export "exit") (param i32) (call $exit (local.get 0)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (global $ready (mut i32) (i32.const 0))
    (func (export "_initialize") (global.set $ready (i32.const 1)))
    (func (export "ready") (result i32) (global.get $ready)))"""

FLOOD = f"""(module
    (import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "{WASI}" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (data (i32.const 4) "\\00\\10")
    (func (export "_start")
        (loop $again
            (br_if $again (i32.eqz
                (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))
        (call $exit (i32.const 9))))"""

WAIT = f"""(module
    (import "{WASI}" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 4) "\\06\\00\\00\\00")
    (data (i32.const 8) "\\00\\01\\00\\00\\06") (data (i32.const 256) "ready\\n")
    (func (export "_start")
        (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 32)))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32)))))"""


@pytest.fixture
def path(tmp_path, wat):
    def write(text):
        (tmp_path / "program.wasm").write_bytes(wat(text))
        return tmp_path / "program.wasm"

    return write


def command(*arguments):
    return [sys.executable, "-m", "pywasm", "run", *map(os.fspath, arguments)]


@pytest.fixture
def cli(tmp_path):
    def run(*arguments):
        return subprocess.run(
            command(*arguments),
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (("add", "40", "2"), "42\n"),
        (("add", "0x10", "-17"), "-1\n"),
        (("halve", "5"), "2.5\n"),
        (("halve", "0x1p-1"), "0.25\n"),
        (("halve", "-inf"), "-inf\n"),
        (("swap", "1", "2"), "2\n1\n"),
        (("nothing",), ""),
        (("ready",), "1\n"),
    ],
)
def test_invoke(cli, path, arguments, printed):
    name, *numbers = arguments
    finished = cli("--invoke", name, path(MATHS), *numbers)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, printed, "")


def test_invoke_what_ends_the_program(cli, path):
    finished = cli("--invoke", "exit", path(MATHS), "5")
    assert (finished.returncode, finished.stdout, finished.stderr) == (5, "", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("missing",), "missing"),
        (("memory",), "memory"),
        (("add", "1"), "add(i32, i32) -> i32"),
        (("add", "1", "x"), "'x'"),
        (("add", "1", "1.5"), "1.5"),
        (("add", "1", "4294967296"), "add"),
        (("trap",), "unreachable"),
    ],
)
def test_invoke_what_cannot_be(cli, path, arguments, said):
    name, *numbers = arguments
    finished = cli("--invoke", name, path(MATHS), *numbers)
    assert finished.returncode == 2
    assert len(finished.stderr.splitlines()) == 1
    assert said in finished.stderr
    assert finished.stdout == ""


@pytest.mark.parametrize(
    ("size", "printed"), [("131072", "1\n"), ("128K", "1\n"), ("1m", "1\n"), ("131071", "-1\n")]
)
def test_memory(cli, path, size, printed):
    finished = cli("--memory", size, "--invoke", "grow", path(MATHS), "1")
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, printed, "")


@pytest.mark.parametrize("size", ["", "x", "1.5M", "-1", "M", "1KB", "1000"])
def test_memory_that_is_no_size_or_too_small(cli, path, size):
    finished = cli(f"--memory={size}", "--invoke", "grow", path(MATHS), "1")
    assert finished.returncode == 2
    assert len(finished.stderr.splitlines()) == 1


def test_memory_that_is_more_than_there_can_be(cli, path):
    finished = cli("--memory", "9" * 30 + "G", "--invoke", "grow", path(MATHS), "1")
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "1\n", "")


ENDLESS = '(module (func (export "_start") (loop $ever (br $ever))))'


@pytest.mark.parametrize(
    ("limit", "said"), [("--timeout=0.05", "in time"), ("--fuel=100000", "fuel")]
)
def test_a_program_that_does_not_end(cli, path, limit, said):
    finished = cli(limit, path(ENDLESS))
    assert finished.returncode == 2
    assert len(finished.stderr.splitlines()) == 1
    assert said in finished.stderr
    enough = cli("--timeout=100", "--fuel=100000", "--invoke", "add", path(MATHS), "1", "2")
    assert (enough.returncode, enough.stdout) == (0, "3\n")


@pytest.mark.parametrize(
    "limit", ["--timeout=", "--timeout=-1", "--timeout=nan", "--fuel=-1", "--fuel=1.5"]
)
def test_limits_that_are_no_numbers(cli, path, limit):
    finished = cli(limit, path(ENDLESS))
    assert finished.returncode == 2
    assert finished.stderr.startswith(f"pywasm: {limit.replace('=', ' ')}: expected a number")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break otherwise there")
def test_a_broken_pipe_is_told_to_the_guest(path, tmp_path):
    with subprocess.Popen(
        command(path(FLOOD)), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert len(process.stdout.read(1000)) == 1000
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 9


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to the process")
def test_interrupted_while_the_guest_waits(path, tmp_path):
    with subprocess.Popen(
        command(path(WAIT)),
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert process.stderr.read() == b""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to the process")
def test_interrupted_while_the_guest_computes(path, tmp_path):
    busy = WAIT.replace("(drop (call $read", "(loop $ever (br $ever)) (drop (call $read")
    with subprocess.Popen(
        command(path(busy)), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert process.stderr.read() == b""


@pytest.fixture
def terminal(tmp_path):
    """What a command writes to a terminal."""
    pty = pytest.importorskip("pty")

    def read(*command):
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            command, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=follower, stderr=follower
        )
        os.close(follower)
        written = b""
        try:
            while piece := os.read(leader, 4096):
                written += piece
        except OSError:  # how Linux tells the end
            pass
        os.close(leader)
        return process.wait(timeout=60), written

    return read


def test_progress_is_shown_after_half_a_second(terminal):
    source = """
import time
from pywasm.cli._progress import Progress
with Progress("compiling"):
    time.sleep(1.3)
with Progress("nothing"):
    pass
"""
    code, written = terminal(sys.executable, "-c", source)
    assert code == 0
    first, second = written.split(b"\r")[1:3]
    assert first.startswith(b"compiling (0.")
    assert second.startswith(b"compiling (1.")
    assert written.endswith(b" \r"), "the line is wiped"
    assert b"nothing" not in written


def test_progress_keeps_to_a_line(terminal):
    source = """
import time
from pywasm.cli._progress import Progress
with Progress("compiling " + "x" * 200):
    time.sleep(0.8)
"""
    code, written = terminal(sys.executable, "-c", source)
    shown = written.split(b"\r")[1]
    assert code == 0
    assert len(shown) == 77, "of 80 columns"
    assert shown.endswith(b" s)")


def test_progress_is_only_for_terminals(python):
    source = """
import time
from pywasm.cli._progress import Progress
with Progress("compiling"):
    time.sleep(0.8)
"""
    finished = python(source, check=False)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


def test_what_is_quick_shows_no_progress(terminal, path):
    code, written = terminal(*command("--invoke", "add", path(MATHS), "1", "2"))
    assert (code, written.replace(b"\r", b"")) == (0, b"3\n")


def test_an_artefact(path, tmp_path):
    artefact = tmp_path / "maths.artefact"
    compiled = subprocess.run(
        [sys.executable, "-m", "pywasm", "compile", path(MATHS), "-o", artefact],
        cwd=tmp_path,
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert (compiled.returncode, compiled.stdout, compiled.stderr) == (0, b"", b"")
    run = subprocess.run(
        command("--artefact", "--invoke", "add", artefact, "40", "2"),
        cwd=tmp_path,
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert (run.returncode, run.stdout.split(), run.stderr) == (0, [b"42"], b"")


def test_a_program_that_is_an_artefact_is_not_run_unless_asked_for(cli, path):
    program = path(MATHS)
    program.write_bytes(pywasm.Module(pywasm.Store(), program.read_bytes()).serialize())
    finished = cli("--invoke", "add", program, "40", "2")
    assert (finished.returncode, finished.stdout) == (2, "")
    assert len(finished.stderr.splitlines()) == 1
    assert "--artefact" in finished.stderr


def test_a_damaged_artefact(path, tmp_path):
    (tmp_path / "bad.artefact").write_bytes(b"\x7fpywasm\n")
    run = subprocess.run(
        command("--artefact", "bad.artefact"),
        cwd=tmp_path,
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 2
    assert run.stderr.startswith(b"pywasm: bad.artefact: the artefact is truncated")


def test_what_does_not_compile(tmp_path):
    (tmp_path / "bad.wat").write_text("(module\n (func nonsense))")
    compiled = subprocess.run(
        [sys.executable, "-m", "pywasm", "compile", tmp_path / "bad.wat", "-o", tmp_path / "out"],
        cwd=tmp_path,
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert compiled.returncode == 2
    assert b"bad.wat:2:" in compiled.stderr
    assert not (tmp_path / "out").exists()
