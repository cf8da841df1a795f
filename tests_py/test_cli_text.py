"""The command line: wat2wasm, wasm2wat, validate and inspect."""

import json
import os
import subprocess
import sys

import pytest

import pywasm

ADD = """(module $adder
    (func (export "add") (param i32 i32) (result i32)
        (i32.add (local.get 0) (local.get 1))))"""
BAD_TEXT = "(module\n  (func i32.ad))"
INVALID = "(module (func (result i32)))"
TRANSLATE = ("wat2wasm", "wasm2wat")
COMMANDS = ("inspect", "validate", *TRANSLATE)


@pytest.fixture
def cli(tmp_path):
    def run(*arguments, **options):
        return subprocess.run(
            [sys.executable, "-m", "pywasm", *arguments],
            capture_output=True,
            cwd=tmp_path,
            timeout=100,
            check=False,
            **{"input": b"", **options},
        )

    return run


@pytest.fixture
def files(tmp_path, wat):
    contents = {
        "add.wat": ADD.encode(),
        "comment.wat": f";; adds\n{ADD}".encode(),
        "add.wasm": wat(ADD),
        "bad.wat": BAD_TEXT.encode(),
        "invalid.wat": INVALID.encode(),
        "invalid.wasm": wat(INVALID),
        "cut.wasm": wat(ADD)[:-1],
        "empty": b"",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def line_of(finished, code):
    """The one line that a command which failed has to say."""
    lines = finished.stderr.decode().splitlines()
    assert (finished.returncode, finished.stdout, len(lines)) == (code, b"", 1), finished
    return lines[0]


# --- wat2wasm and wasm2wat ----------------------------------------------------------------------


def test_there_and_back(cli, files, wat):
    assert cli("wat2wasm", "add.wat", "-o", "out.wasm").returncode == 0
    assert (files / "out.wasm").read_bytes() == wat(ADD)
    assert cli("wasm2wat", "out.wasm", "-o", "out.wat").returncode == 0
    assert (files / "out.wat").read_text() == pywasm.wasm2wat(wat(ADD))


@pytest.mark.parametrize("arguments", [[], ["-"], ["-o", "-"], ["-", "--output", "-"]])
def test_from_stdin_to_stdout(cli, wat, arguments):
    finished = cli("wat2wasm", *arguments, input=ADD.encode())
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, wat(ADD), b"")
    finished = cli("wasm2wat", *arguments, input=wat(ADD))
    assert finished.stdout.decode() == pywasm.wasm2wat(wat(ADD))
    assert (finished.returncode, finished.stderr) == (0, b"")


def test_text_is_utf8_whatever_the_locale(cli):
    text = '(module (func (export "zwölf €")))'.encode()
    for encoding in "ascii", "latin-1", "utf-8":
        environment = {**os.environ, "PYTHONIOENCODING": encoding}
        binary = cli("wat2wasm", input=text, env=environment).stdout
        assert "zwölf €".encode() in cli("wasm2wat", input=binary, env=environment).stdout


def test_text_that_is_malformed(cli, files):
    assert line_of(cli("wat2wasm", "bad.wat"), 2).startswith(
        "pywasm: bad.wat:2:9: unknown operator i32.ad, expected "
    )
    line = line_of(cli("wat2wasm", input=BAD_TEXT.encode()), 2)
    assert line.startswith("pywasm: <stdin>:2:9: ")


@pytest.mark.parametrize("name", ["cut.wasm", "empty", "add.wat"])
def test_a_binary_that_is_malformed(cli, files, name):
    assert line_of(cli("wasm2wat", name), 2).startswith(f"pywasm: {name}: ")


def test_a_failure_leaves_the_output_alone(cli, files):
    (files / "out").write_bytes(b"before")
    for arguments in ["wat2wasm", "bad.wat"], ["wasm2wat", "cut.wasm"]:
        assert cli(*arguments, "-o", "out").returncode == 2
    assert (files / "out").read_bytes() == b"before"


@pytest.mark.parametrize("command", ["inspect", *TRANSLATE])
def test_files_that_cannot_be_read(cli, files, command):
    assert "missing" in line_of(cli(command, "missing"), 2)
    line_of(cli(command, "."), 2)


@pytest.mark.parametrize("out", [".", "missing/out"])
def test_files_that_cannot_be_written(cli, files, out):
    assert out in line_of(cli("wat2wasm", "add.wat", "-o", out), 2)


@pytest.mark.parametrize("command", ["inspect", *TRANSLATE])
def test_what_a_module_says_cannot_steer_a_terminal(cli, command):
    hostile = '(module (@custom "\x1b]0;x\x07\x9b2J") (func (export "\x1b[2J\u202e\x85")) \x1b[2J)'
    for text in hostile, hostile.replace(" \x1b[2J)", ")"):
        content = text.encode()
        content = cli("wat2wasm", input=content).stdout if command == "wasm2wat" else content
        finished = cli(command, *["-"] * (command == "inspect"), input=content)
        shown = finished.stderr.decode()
        if command != "wat2wasm":
            shown += finished.stdout.decode()
        assert all(line.isprintable() for line in shown.split(os.linesep)), shown


if sys.platform != "win32":
    import pty
    import tty

    def terminal(*arguments, content, cwd):
        """Runs a command with a terminal for stdout: its exit code, what it wrote, its errors."""
        ours, theirs = pty.openpty()
        tty.setraw(theirs)  # what is written arrives as it is
        with open(ours, "rb", buffering=0) as screen:
            finished = subprocess.run(
                [sys.executable, "-m", "pywasm", *arguments],
                input=content,
                cwd=cwd,
                stdout=theirs,
                stderr=subprocess.PIPE,
                timeout=100,
                check=False,
            )
            os.write(theirs, b"|")
            written = screen.read(10_000)
            while not written.endswith(b"|"):
                written += screen.read(10_000)
            os.close(theirs)
            return finished.returncode, written[:-1], finished.stderr.decode()

    def test_no_binary_to_a_terminal(tmp_path, wat):
        code, written, error = terminal("wat2wasm", content=b"(module)", cwd=tmp_path)
        assert (code, written) == (2, b"")
        assert error.count("\n") == 1
        assert "-o" in error
        code, written, error = terminal("wat2wasm", "-o", "-", content=b"(module)", cwd=tmp_path)
        assert (code, written, error) == (0, wat("(module)"), "")
        code, written, error = terminal("wasm2wat", content=wat("(module)"), cwd=tmp_path)
        assert (code, written.split(), error) == (0, [b"(module)"], "")

    def test_a_reader_that_goes_away(tmp_path, wat):
        many = "".join(f'(func (export "{number}"))' for number in range(20_000))
        (tmp_path / "many.wasm").write_bytes(wat(f"(module {many})"))
        for command in ["wasm2wat"], ["inspect", "--json"]:
            with subprocess.Popen(
                [sys.executable, "-m", "pywasm", *command, "many.wasm"],
                cwd=tmp_path,
                bufsize=0,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            ) as running:
                assert len(running.stdout.read(5)) == 5
                running.stdout.close()
                assert running.stderr.read() == b""
            assert running.returncode == 1


# --- validate -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [["add.wat"], ["add.wasm"], ["comment.wat"], ["add.wat", "add.wasm", "add.wat"]]
)
def test_modules_that_are_valid(cli, files, arguments):
    finished = cli("validate", *arguments)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, b"", b"")


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_a_module_from_stdin(cli, wat, arguments):
    assert cli("validate", *arguments, input=ADD.encode()).returncode == 0
    assert cli("validate", *arguments, input=wat(ADD)).returncode == 0
    line = line_of(cli("validate", *arguments, input=wat(INVALID)), 1)
    assert line.startswith("<stdin>: Validation error: type mismatch")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bad.wat", ":2:9: unknown operator i32.ad"),
        ("invalid.wat", ": Validation error: type mismatch"),
        ("invalid.wasm", ": Validation error: type mismatch"),
        ("cut.wasm", ": "),
        ("empty", ": unexpected end"),
        ("missing", ": No such file or directory"),
    ],
)
def test_a_file_that_is_refused(cli, files, name, reason):
    assert line_of(cli("validate", name), 1).startswith(f"{name}{reason}")


def test_one_line_for_each_file_that_is_refused(cli, files):
    names = ["bad.wat", "add.wat", "missing", "invalid.wasm", "add.wasm", "cut.wasm"]
    finished = cli("validate", *names)
    refused = [line.split(":")[0] for line in finished.stderr.decode().splitlines()]
    assert refused == ["bad.wat", "missing", "invalid.wasm", "cut.wasm"]
    assert (finished.returncode, finished.stdout) == (1, b"")


# --- inspect ------------------------------------------------------------------------------------

RICH = """(module $rich
    (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
    (import "env" "table" (table 2 10 externref))
    (import "env" "limit" (global i64))
    (memory (export "memory") 1 2)
    (table 3 funcref)
    (global (export "count") (mut i32) (i32.const 0))
    (func (export "pair") (param f32) (result i32 v128)
        (i32.const 1) (v128.const i64x2 0 0))
    (@custom "note" "abc"))"""


def inspected(cli, text):
    finished = cli(
        "inspect", "--json", "-", input=text if isinstance(text, bytes) else text.encode()
    )
    assert (finished.returncode, finished.stderr) == (0, b"")
    return json.loads(finished.stdout)


def test_inspect_as_json(cli, wat):
    found = inspected(cli, RICH)
    sections = found.pop("sections")
    assert found == {
        "name": "rich",
        "size": len(wat(RICH)),
        "features": ["mutable globals", "multi-value", "reference types", "SIMD"],
        "imports": [
            {
                "module": "wasi_snapshot_preview1",
                "name": "proc_exit",
                "kind": "func",
                "type": "(param i32)",
            },
            {"module": "env", "name": "table", "kind": "table", "type": "2 10 externref"},
            {"module": "env", "name": "limit", "kind": "global", "type": "i64"},
        ],
        "exports": [
            {"name": "memory", "kind": "memory", "type": "1 2"},
            {"name": "count", "kind": "global", "type": "(mut i32)"},
            {"name": "pair", "kind": "func", "type": "(param f32) (result i32 v128)"},
        ],
        "memories": [{"minimum": 1, "maximum": 2, "shared": False, "imported": False}],
        "tables": [
            {
                "element": "externref",
                "minimum": 2,
                "maximum": 10,
                "shared": False,
                "imported": True,
            },
            {
                "element": "funcref",
                "minimum": 3,
                "maximum": None,
                "shared": False,
                "imported": False,
            },
        ],
        "wasi": "SNAPSHOT1",
        "compiler": pywasm.Store().compiler_name,
        "note": None,
    }
    assert inspected(cli, wat(RICH))["imports"] == found["imports"]
    kinds = {"type", "import", "function", "table", "memory", "global", "export", "code", "custom"}
    assert {section["kind"] for section in sections} == kinds
    assert [s["name"] for s in sections if s["kind"] == "custom"] == ["name", "note"]
    assert sections[-1]["offset"] + sections[-1]["size"] == len(wat(RICH))


def test_inspect_for_people(cli, files, wat):
    (files / "rich.wasm").write_bytes(wat(RICH))
    finished = cli("inspect", "rich.wasm")
    lines = [line.strip() for line in finished.stdout.decode().splitlines()]
    assert (finished.returncode, finished.stderr) == (0, b"")
    assert lines[0] == f'rich.wasm: {len(wat(RICH))} bytes, module "rich"'
    for line in (
        f"compiler: {pywasm.Store().compiler_name}",
        "WASI: SNAPSHOT1",
        "features: mutable globals, multi-value, reference types, SIMD",
        "pages: 1 to 2",
        "elements: 2 to 10, externref, imported",
        "elements: 3 or more, funcref",
        '"env" "limit" (global i64)',
        '"pair" (func (param f32) (result i32 v128))',
    ):
        assert line in lines
    assert any(line.endswith('custom "note"') for line in lines)


def test_inspect_of_an_empty_module(cli, wat):
    found = inspected(cli, wat("(module)"))
    assert found == {
        **dict.fromkeys(["name", "wasi", "note"]),
        **{key: [] for key in ("features", "imports", "exports", "memories", "tables", "sections")},
        "size": 8,
        "compiler": pywasm.Store().compiler_name,
    }
    lines = cli("inspect", "-", input=wat("(module)")).stdout.decode().splitlines()
    assert lines[0] == "<stdin>: 8 bytes"
    assert lines[2:] == ["WASI: none", "features: those of the first version"]


CATCHES = "(try_table (catch_all_ref $l)) unreachable"


@pytest.mark.parametrize(
    ("text", "interpreted"),
    [
        ("(module (tag (param i32)))", False),
        ("(module (tag $t) (func (throw $t)))", True),
        (f"(module (func (block $l (result exnref) {CATCHES}) drop))", True),
    ],
)
def test_modules_that_are_interpreted_say_so(cli, text, interpreted):
    found = inspected(cli, text)
    assert "exceptions" in found["features"]
    with pywasm.Store() as store:
        assert found["compiler"] == pywasm.Module(store, text).compiler_name
        noted = interpreted and store.compiler_name != "interpreter"
    assert (found["note"] is not None) == noted
    shown = cli("inspect", "-", input=text.encode()).stdout.decode()
    assert ("exceptions, which" in shown) == noted


@pytest.mark.parametrize(
    ("namespace", "version"),
    [
        ("wasi_snapshot_preview1", "SNAPSHOT1"),
        ("wasi_unstable", "SNAPSHOT0"),
        ("wasi_other", None),
    ],
)
def test_the_version_of_wasi(cli, namespace, version):
    text = (
        f'(module (import "env" "f" (func)) (import "{namespace}" "proc_exit" (func (param i32))))'
    )
    assert inspected(cli, text)["wasi"] == version


@pytest.mark.parametrize("name", ["bad.wat", "invalid.wat", "invalid.wasm", "cut.wasm", "empty"])
def test_inspect_of_what_is_no_module(cli, files, name):
    for arguments in [name], ["--json", name]:
        assert line_of(cli("inspect", *arguments), 2).startswith(f"pywasm: {name}")


def test_inspect_needs_no_encoding(cli):
    text = '(module (func (export "zwölf €")))'
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    shown = cli("inspect", "-", input=text.encode(), env=environment).stdout
    assert b'"zw\\xf6lf \\u20ac" (func)' in shown
    assert json.loads(cli("inspect", "--json", "-", input=text.encode(), env=environment).stdout)


# --- all ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_examples(cli, command):
    finished = cli(command, "--help")
    assert (finished.returncode, finished.stderr) == (0, b"")
    usage, _, examples = finished.stdout.decode().partition(f"examples:{os.linesep}")
    assert usage.startswith(f"usage: pywasm {command} ")
    assert f"  pywasm {command} " in examples
    assert command in cli("--help").stdout.decode()


@pytest.mark.parametrize(
    "arguments",
    [["wat2wasm", "a", "b"], ["wasm2wat", "-o"], ["inspect"], ["validate", "--nonsense"]],
)
def test_wrong_usage(cli, arguments):
    line = line_of(cli(*arguments), 2)
    assert line.startswith("pywasm")
    assert line.endswith(" --help")


def test_the_version_needs_no_engine(python):
    out = python("""
import sys
from pywasm.cli import main
try:
    main(["--version"])
except SystemExit:
    pass
print(sorted({"json", "re", "pywasm._gopy.bridge"} & set(sys.modules)))
""")
    assert out.splitlines() == [f"pywasm {pywasm.__version__}", "['re']"]
