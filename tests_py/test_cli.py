"""The command line: `python -m pywasm run PROGRAM.wasm [ARGS…]`."""

import os
import pathlib
import subprocess
import sys

import pytest

from pywasm.cli import main as cli_main

WORDCOUNT = pathlib.Path(__file__).resolve().parent.parent / "examples/wordcount/wordcount.wasm"

PROGRAM = """(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\08\\00\\00\\00\\04\\00\\00\\00ran\\0a")
    (func (export "_start")
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
        {ending}))"""


def exiting(code):
    """A program that prints `ran` and exits with `code`."""
    return PROGRAM.format(ending=f"(call $exit (i32.const {code}))")


@pytest.fixture
def cli(tmp_path):
    def run(*arguments, **options):
        options.setdefault("cwd", tmp_path)
        return subprocess.run(
            [sys.executable, "-m", "pywasm", *map(os.fspath, arguments)],
            capture_output=True,
            timeout=100,
            check=False,
            **{"stdin": subprocess.DEVNULL, **options} if "input" not in options else options,
        )

    return run


@pytest.fixture
def program(tmp_path, wat):
    def write(text, name="program.wasm"):
        path = tmp_path / name
        path.write_bytes(wat(text))
        return path

    return write


def one_line(finished):
    """The error of a failed run: one line, and no traceback."""
    lines = finished.stderr.decode().splitlines()
    assert finished.returncode != 0
    assert len(lines) == 1, finished.stderr
    assert lines[0].strip()
    assert "Traceback" not in lines[0]
    return lines[0]


@pytest.mark.parametrize("code", [0, 1, 3, 42, 255])
def test_the_exit_code_is_that_of_the_guest(cli, program, code):
    finished = cli("run", program(exiting(code)))
    assert (finished.returncode, finished.stdout, finished.stderr) == (code, b"ran\n", b"")


def test_returning_from_start_is_success(cli, program):
    finished = cli("run", program(PROGRAM.format(ending="")))
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, b"ran\n", b"")


def test_a_trap(cli, program):
    finished = cli("run", program(PROGRAM.format(ending="unreachable")))
    assert "unreachable" in one_line(finished)
    assert finished.stdout == b"ran\n"


def test_a_file_that_is_not_there(cli):
    assert "missing.wasm" in one_line(cli("run", "missing.wasm"))


def test_a_directory(cli, tmp_path):
    one_line(cli("run", tmp_path))


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\0asm", b"\0asm\x0d\0\x01\0"])
def test_a_file_that_is_no_module(cli, tmp_path, content):
    (tmp_path / "bad.wasm").write_bytes(content)
    assert one_line(cli("run", "bad.wasm")).startswith("pywasm: bad.wasm: ")


@pytest.mark.parametrize("command", ["run", "compile", "inspect", "validate", "wasm2wat"])
def test_a_file_without_an_end(cli, command, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("pywasm.cli._files._MOST", 1000)
    path = tmp_path / "giant.wasm"
    path.write_bytes(bytes(1001))
    assert cli_main([command, os.fspath(path)]) == (1 if command == "validate" else 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "giant.wasm: this is too large for a module" in err


def test_a_program_from_stdin(cli, wat):
    finished = cli("run", "-", input=wat(exiting(3)))
    assert (finished.returncode, finished.stdout, finished.stderr) == (3, b"ran\n", b"")


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are not handed on there")
@pytest.mark.parametrize("command", ["run", "inspect", "validate", "wasm2wat"])
def test_streams_that_are_closed(program, tmp_path, command):
    program(exiting(0))
    for closed, bad in ("0>&- 1>&- 2>&-", ""), ("1>&-", "missing"), ("2>&-", "missing"):
        finished = subprocess.run(
            f'"{sys.executable}" -m pywasm {command} {bad or "program.wasm"} {closed}',
            shell=True,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=100,
            check=False,
        )
        assert finished.returncode == (0 if not bad else 1 if command == "validate" else 2)
        assert finished.stdout == b""
        assert finished.stderr.count(b"\n") == (1 if closed == "1>&-" else 0)


def test_a_module_that_is_no_program(cli, program):
    assert "_start" in one_line(cli("run", program("(module)")))


def test_a_module_with_other_imports(cli, program):
    text = """(module (import "env" "f" (func)) (memory (export "memory") 1)
        (func (export "_start")))"""
    line = one_line(cli("run", program(text)))
    assert '"env"."f"' in line


def test_help(cli):
    finished = cli("--help")
    commands = "run", "compile", "inspect", "validate", "wat2wasm", "wasm2wat"
    assert (finished.returncode, finished.stderr) == (0, b"")
    for command in commands:
        assert f"\n    {command} " in finished.stdout.decode()
        described = cli(command, "--help")
        assert (described.returncode, described.stderr) == (0, b"")
        assert described.stdout.startswith(f"usage: pywasm {command} ".encode())
        assert f"examples:\n  pywasm {command} " in described.stdout.decode().replace("\r", "")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["run"],
        ["nonsense"],
        ["inspect"],
        ["validate", "--nonsense", "x.wasm"],
        ["run", "--timeout"],
        ["run", "--nonsense", "x.wasm"],
        ["run", "--dir", "x.wasm"],
        ["run", "--env", "NOVALUE", "x.wasm"],
    ],
)
def test_wrong_usage(cli, program, arguments):
    program(exiting(0), "x.wasm")
    finished = cli(*arguments)
    assert (finished.returncode, finished.stdout) == (2, b"")
    assert one_line(finished).startswith("pywasm")
    assert "ARGS" not in finished.stderr.decode(), "they are not required"


def test_a_mount_that_is_not_there(cli, program):
    path = program(exiting(0))
    assert "missing" in one_line(cli("run", "--dir", "missing::/data", path))


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    (root / "sub" / "deeper").mkdir(parents=True)
    files = {
        "a.txt": b"one two\nthree\n",
        "empty": b"",
        "no newline": b"word",
        "sub/b.bin": bytes(range(256)) * 1000,
        "sub/deeper/c.txt": "zwölf Boxkämpfer\n".encode() * 5000,
    }
    for name, content in files.items():
        (root / name).write_bytes(content)
    return root, files


def table(names_and_contents, total=True):
    """What wordcount prints, computed here."""
    rows = [
        (content.count(b"\n"), len(content.split()), len(content), name)
        for name, content in names_and_contents
    ]
    if total and len(rows) != 1:
        rows.append((*(sum(row[i] for row in rows) for i in range(3)), "total"))
    lines = ["{:>10} {:>10} {:>12}  {}".format("lines", "words", "bytes", "file")]
    lines += ["{:>10} {:>10} {:>12}  {}".format(*row) for row in rows]
    return "\n".join(lines) + "\n"


def under(prefix, files):
    return sorted((f"{prefix}/{name}", content) for name, content in files.items())


def test_wordcount_of_a_directory(cli, tree):
    root, files = tree
    finished = cli("run", "--dir", f"{root}::/data", WORDCOUNT, "/data")
    assert finished.stderr == b""
    assert finished.returncode == 0
    assert finished.stdout.decode() == table(under("/data", files))


def test_wordcount_of_two_directories(cli, tree):
    root, files = tree
    finished = cli(
        "run",
        *["--dir", f"{root}::/first", "--dir", f"{root / 'sub'}::/second:ro"],
        *[WORDCOUNT, "/first", "/second"],
    )
    second = {name[4:]: content for name, content in files.items() if name.startswith("sub/")}
    rows = under("/first", files) + under("/second", second)
    assert (finished.returncode, finished.stdout.decode()) == (0, table(rows))


def test_wordcount_of_standard_input(cli):
    finished = cli("run", WORDCOUNT, input=b"a b\nc\n" * 100_000)
    assert finished.stdout.decode() == table([("(standard input)", b"a b\nc\n" * 100_000)])
    assert finished.returncode == 0


def test_wordcount_sorted_by_its_environment(cli, tree):
    root, files = tree
    finished = cli("run", "--env", "WC_SORT=bytes", "--dir", f"{root}::/data", WORDCOUNT, "/data")
    rows = sorted(under("/data", files), key=lambda row: -len(row[1]))
    assert (finished.returncode, finished.stdout.decode()) == (0, table(rows))


def test_the_environment_of_the_host_is_not_given(cli, tree):
    root, files = tree
    finished = cli(
        *["run", "--dir", f"{root}::/data", WORDCOUNT, "/data"],
        env={**os.environ, "WC_SORT": "nonsense"},
    )
    assert (finished.returncode, finished.stdout.decode()) == (0, table(under("/data", files)))


def test_wordcount_fails_as_it_means_to(cli, tree):
    root, _ = tree
    finished = cli("run", "--env", "WC_SORT=colour", WORDCOUNT)
    assert finished.returncode == 2
    assert b"WC_SORT=colour" in finished.stderr
    finished = cli("run", "--dir", f"{root}::/data", WORDCOUNT, "/data/missing")
    assert finished.returncode == 1
    assert b"/data/missing" in finished.stderr


def test_nothing_is_mounted_unless_asked_for(cli, tree):
    root, _ = tree
    finished = cli("run", WORDCOUNT, root, ".")
    assert finished.returncode == 1
    assert b"a.txt" not in finished.stdout


def test_what_follows_the_program_is_for_the_program(cli):
    # `--help` after the program is the guest's: wordcount takes it for a file, and finds none.
    finished = cli("run", WORDCOUNT, "--help", "--dir")
    assert finished.returncode == 1
    assert b"--help" in finished.stderr
    assert b"usage" not in finished.stdout.lower()


CREATE = """(module
    (import "wasi_snapshot_preview1" "path_open" (func $open
        (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (data (i32.const 0) "new")
    (func (export "_start")
        (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 3)
            (i32.const 1) (i64.const 0x40) (i64.const 0) (i32.const 0) (i32.const 16)))))"""


def test_a_mount_may_be_written_to(cli, program, tree):
    root, _ = tree
    assert cli("run", "--dir", f"{root}::/data", program(CREATE)).returncode == 0
    assert (root / "new").read_bytes() == b""


def test_a_read_only_mount_may_not(cli, program, tree):
    root, _ = tree
    assert cli("run", "--dir", f"{root}::/data:ro", program(CREATE)).returncode != 0
    assert not (root / "new").exists()


@pytest.mark.parametrize("command", ["compile", "inspect", "validate", "wasm2wat", "wat2wasm"])
def test_interrupted(command, monkeypatch, capsys):
    class Terminal:
        @property
        def buffer(self):
            raise KeyboardInterrupt

        read = buffer

    monkeypatch.setattr(sys, "stdin", Terminal())
    assert cli_main([command, "-"]) == 130
    assert capsys.readouterr() == ("", "")
