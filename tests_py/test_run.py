"""pywasm.run: what subprocess.run gives, for a WASI program and without a process."""

import asyncio
import concurrent.futures
import contextlib
import io
import os
import pathlib
import pickle
import subprocess
import sys
import threading

import pytest

import pywasm

WORDCOUNT = pathlib.Path(__file__).resolve().parent.parent / "examples/wordcount/wordcount.wasm"
CONFORMANCE = WORDCOUNT.parents[2] / "core/wasi/testdata/conformance.wasm"
WASI = "wasi_snapshot_preview1"

# Writes $out to stdout and $err to stderr, copies stdin to stdout, and ends as it is told.
PROGRAM = """(module
    (import "NAMESPACE" "proc_exit" (func $exit (param i32)))
    (import "NAMESPACE" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "NAMESPACE" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (data (i32.const 100) "out\\0d\\0a")
    (data (i32.const 200) "err\\n")
    (func $say (param $fd i32) (param $at i32) (param $size i32)
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (local.get $size))
        (drop (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 16))))
    (func $copy (local $n i32)
        (loop $again
            (i32.store (i32.const 0) (i32.const 4096))
            (i32.store (i32.const 4) (i32.const 4096))
            (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
            (if (local.tee $n (i32.load (i32.const 16))) (then
                (call $say (i32.const 1) (i32.const 4096) (local.get $n))
                (br $again)))))
    (func $main (export "_start")
        (call $say (i32.const 1) (i32.const 100) (i32.const 5))
        (call $say (i32.const 2) (i32.const 200) (i32.const 4))
        (call $copy)
        ENDING))"""


@pytest.fixture
def program(wat):
    def make(ending="", namespace=WASI):
        return wat(PROGRAM.replace("ENDING", ending).replace("NAMESPACE", namespace))

    return make


def quiet(program, *args, **options):
    """`run` with no stdin of the test's, and with its output kept."""
    return pywasm.run(program, *args, **{"stdin": b"", "capture_output": True, **options})


@pytest.mark.parametrize("code", [0, 1, 3, 255, 256, 2**32 - 1])
def test_returncode(program, code):
    done = quiet(program(f"(call $exit (i32.const {code}))"))
    assert (done.returncode, done.stdout, done.stderr) == (code, b"out\r\n", b"err\n")
    assert done.files is None


def test_returning_is_success(program):
    assert quiet(program()).returncode == 0


@pytest.mark.parametrize("namespace", ["wasi_unstable", WASI])
def test_both_versions(program, namespace):
    done = quiet(program("(call $exit (i32.const 4))", namespace), stdin=b"in")
    assert (done.returncode, done.stdout) == (4, b"out\r\nin")


def test_what_a_program_may_be(program, tmp_path, store):
    binary = program("(call $exit (i32.const 7))")
    path = tmp_path / "program.wasm"
    path.write_bytes(binary)
    module = pywasm.Module(store, binary)
    for form in str(path), path, binary, bytearray(binary), memoryview(binary), module, module:
        assert quiet(form).returncode == 7
    assert quiet(path).args == [path]
    assert quiet(binary, ["a"]).args == ["program", "a"]
    module.name = "named"
    assert quiet(module, ("a", pathlib.PurePosixPath("b"))).args == ["named", "a", "b"]


def test_a_module_can_be_run_again(program, store):
    module = pywasm.Module(store, program())
    for n in range(50):
        assert quiet(module, stdin=b"%d" % n).stdout == b"out\r\n%d" % n


def test_a_program_with_arguments_and_files():
    done = quiet(
        WORDCOUNT,
        ["/a.txt", "/sub/b.txt"],
        files={"a.txt": b"one two\n", "sub/b.txt": b"three\n"},
        env={"WC_SORT": "words"},
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "/a.txt" in done.stdout
    assert "/sub/b.txt" in done.stdout
    assert done.files == {"a.txt": b"one two\n", "sub/b.txt": b"three\n"}


def test_conformance(store, tmp_path):
    """The programs in C of core/wasi/testdata, as a user runs them, with both compilers."""
    module = pywasm.Module(store, CONFORMANCE.read_bytes())
    names = quiet(module, text=True).stdout.split()
    assert len(names) >= 15
    for name in names:
        done = quiet(module, [name], files={})
        assert (done.returncode, done.stderr, done.files) == (0, b"", {}), name
        done = quiet(module, [name], dirs={"/": tmp_path})
        assert (done.returncode, done.stderr, list(tmp_path.iterdir())) == (0, b"", []), name


def test_directories(tmp_path):
    (tmp_path / "a.txt").write_text("one two\n")
    for dirs in {"/data": tmp_path}, {"/data": str(tmp_path)}:
        done = quiet(WORDCOUNT, ["/data/a.txt"], dirs=dirs)
        assert done.returncode == 0, done.stderr
        assert b"/data/a.txt" in done.stdout
    done = quiet(WORDCOUNT, [tmp_path / "a.txt"], dirs=[tmp_path])
    assert done.returncode == 0, done.stderr
    assert quiet(WORDCOUNT, [tmp_path / "a.txt"]).returncode != 0, "nothing is given unasked"


def test_directories_and_files(tmp_path):
    (tmp_path / "a.txt").write_text("one two\n")
    done = quiet(
        WORDCOUNT, ["/host/a.txt", "/b.txt"], dirs={"/host": tmp_path}, files={"b.txt": b"b\n"}
    )
    assert done.returncode == 0, done.stderr


def test_two_mounts_of_one_name(tmp_path):
    for dirs in {"/": tmp_path}, ["/"]:
        with pytest.raises(ValueError, match="files are mounted"):
            quiet(WORDCOUNT, dirs=dirs, files={})


def test_files_that_are_none():
    for path in "../a", "a/../../b", "/..":
        with pytest.raises(pywasm.WasmError, match="ENOTCAPABLE"):
            quiet(WORDCOUNT, files={path: b""})
    with pytest.raises(TypeError, match="the file a must be bytes, not str"):
        quiet(WORDCOUNT, files={"a": "text"})


# Writes its name, which is its first argument, with the NUL after it.
NAME = f"""(module
    (import "{WASI}" "args_get" (func $args (param i32 i32) (result i32)))
    (import "{WASI}" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 0) "\\00\\01")
    (func (export "_start")
        (drop (call $sizes (i32.const 8) (i32.const 4)))
        (drop (call $args (i32.const 16) (i32.const 256)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"""


def test_the_program_does_not_learn_where_it_lies(tmp_path, wat):
    path = tmp_path / "name.wasm"
    path.write_bytes(wat(NAME))
    done = quiet(path)
    assert done.stdout == b"name.wasm\0"
    assert done.args == [path]
    command = [sys.executable, "-m", "pywasm", "run", os.fspath(path)]
    assert subprocess.run(command, cwd=tmp_path, stdout=-1, check=True).stdout == b"name.wasm\0"


def test_the_environment_may_hold_what_that_of_a_process_may():
    name, value = b"WC_SORT", pathlib.PurePosixPath("words")
    assert quiet(WORDCOUNT, env={name: value}).returncode == 0
    assert quiet(WORDCOUNT, env={name: b"nonsense"}).returncode == 2
    for wrong in {"A": 1}, {1: "a"}, {"A": None}:
        with pytest.raises(TypeError, match="str, bytes or"):
            quiet(WORDCOUNT, env=wrong)


def test_the_environment_is_empty(monkeypatch):
    monkeypatch.setenv("WC_SORT", "nonsense")
    assert quiet(WORDCOUNT).returncode == 0
    assert quiet(WORDCOUNT, env={"WC_SORT": "nonsense"}).returncode == 2
    assert quiet(WORDCOUNT, env=dict(os.environ)).returncode == 2


def test_text(program):
    done = quiet(program(), stdin="zwölf\r\n€", text=True)
    assert (done.stdout, done.stderr) == ("out\nzwölf\n€", "err\n")
    with pytest.raises(UnicodeDecodeError):
        quiet(program(), stdin=b"\xff", text=True)
    with pytest.raises(TypeError, match="text"):
        quiet(program(), stdin="text")


def test_stdin(program, tmp_path):
    path = tmp_path / "in"
    path.write_bytes(b"content")
    with open(path, "rb") as binary, open(path) as text, open(path, "rb") as number:
        for source in b"content", binary, text, number.fileno(), path, io.StringIO("content"):
            assert quiet(program(), stdin=source).stdout == b"out\r\ncontent"
        os.fstat(number.fileno())
    assert quiet(program(), stdin=subprocess.DEVNULL).stdout == b"out\r\n"
    with pytest.raises(ValueError, match="PIPE"):
        quiet(program(), stdin=subprocess.PIPE)


def test_stdout_and_stderr(program, tmp_path):
    out, err = io.BytesIO(), io.StringIO()
    done = pywasm.run(program(), stdin=b"x", stdout=out, stderr=err)
    assert (out.getvalue(), err.getvalue()) == (b"out\r\nx", "err\n")
    assert (done.stdout, done.stderr) == (None, None)

    done = pywasm.run(program(), stdin=b"", stdout=tmp_path / "out", stderr=str(tmp_path / "err"))
    assert (tmp_path / "out").read_bytes() == b"out\r\n"
    assert (tmp_path / "err").read_bytes() == b"err\n"

    with open(tmp_path / "out", "wb") as file:
        pywasm.run(program(), stdin=b"", stdout=file.fileno(), stderr=subprocess.DEVNULL)
        os.fstat(file.fileno())
    assert (tmp_path / "out").read_bytes() == b"out\r\n"


def test_the_constants_of_subprocess(program):
    pipe, stdout, devnull = subprocess.PIPE, subprocess.STDOUT, subprocess.DEVNULL
    for out, err, kept in (
        (pipe, pipe, (b"out\r\n", b"err\n")),
        (pipe, stdout, (b"out\r\nerr\n", None)),
        (pipe, devnull, (b"out\r\n", None)),
        (devnull, pipe, (None, b"err\n")),
        (devnull, stdout, (None, None)),
    ):
        done = pywasm.run(program(), stdin=b"", stdout=out, stderr=err)
        assert (done.stdout, done.stderr) == kept
    file = io.BytesIO()
    pywasm.run(program(), stdin=b"", stdout=file, stderr=stdout)
    assert file.getvalue() == b"out\r\nerr\n"
    with pytest.raises(ValueError, match="STDOUT"):
        pywasm.run(program(), stdin=b"", stdout=stdout)


def test_capture_output_excludes_the_others(program):
    for name in "stdout", "stderr":
        with pytest.raises(ValueError, match="capture_output"):
            quiet(program(), **{name: subprocess.PIPE})


def test_the_streams_are_inherited(python, tmp_path, program):
    (tmp_path / "p.wasm").write_bytes(program())
    finished = python('import pywasm; pywasm.run("p.wasm")', check=False, input="in\n")
    assert (finished.stdout.replace("\r", ""), finished.stderr) == ("out\nin\n", "err\n")


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are not handed on there")
@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_streams_that_are_closed(tmp_path, program, closed):
    """Nothing that is opened later, under their numbers, becomes those of a guest."""
    (tmp_path / "p.wasm").write_bytes(program())
    for name in "secret", "unharmed":
        (tmp_path / name).write_text("secret")
    source = f"""
import sys, pywasm
files = [open(name, "r+") for name in ("secret", "unharmed")]
assert {{file.fileno() for file in files}} & set({closed}), "they have taken these numbers"
for _ in range(2):
    done = pywasm.run("p.wasm")
assert done.returncode == 0
for file in files:
    assert file.read() == "secret"
print(repr(pywasm.run("p.wasm", capture_output=True).stdout), file=open("seen", "w"))
"""
    redirections = " ".join(f"{number}>&-" for number in closed)
    finished = subprocess.run(
        f'"{sys.executable}" -c "$SOURCE" {redirections}',
        shell=True,
        cwd=tmp_path,
        env={**os.environ, "SOURCE": source},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert (tmp_path / "seen").read_text() == repr(b"out\r\n") + "\n"
    assert finished.stdout == (b"" if 1 in closed else b"out\r\n" * 2)


def test_many_at_once(program):
    """In threads, and in those of an event loop."""
    binary = program()

    def run(n):
        return quiet(binary, stdin=b"%d" % n).stdout

    async def gather():
        return await asyncio.gather(*(asyncio.to_thread(run, n) for n in range(8)))

    wanted = [b"out\r\n%d" % n for n in range(8)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(run, range(8))) == wanted
    assert asyncio.run(gather()) == wanted


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_in_a_forked_child(python, tmp_path, program):
    (tmp_path / "p.wasm").write_bytes(program())
    source = """
import os, warnings, pywasm
warnings.simplefilter("ignore", DeprecationWarning)
module = pywasm.Module(pywasm.Store(), open("p.wasm", "rb").read())
for form in "p.wasm", module:
    for process in "parent", "child":
        pid = os.fork() if process == "child" else 0
        if pid == 0:
            done = pywasm.run(form, stdin=process.encode(), capture_output=True)
            if process == "child":
                os._exit(done.stdout != b"out\\r\\nchild")
        else:
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    assert python(source) == "0\n0\n"


# Opens its directory until that fails, and ends with the number of the error.
HOARD = f"""(module
    (import "{WASI}" "path_open" (func $open
        (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "{WASI}" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (data (i32.const 0) ".")
    (func (export "_start") (local $errno i32)
        (loop $again
            (local.set $errno (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1)
                (i32.const 2) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 8)))
            (br_if $again (i32.eqz (local.get $errno))))
        (call $exit (local.get $errno))))"""


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are bounded otherwise there")
def test_when_the_process_has_no_more_descriptors(python, tmp_path, wat):
    (tmp_path / "p.wasm").write_bytes(wat(HOARD))
    source = """
import os, resource, pywasm
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
for _ in range(3):
    print(pywasm.run("p.wasm", dirs=["."], stdin=b"", capture_output=True).returncode)
    os.close(os.open(".", os.O_RDONLY))  # all are free again
"""
    assert python(source) == "33\n" * 3, "EMFILE, whether it is ours or the system's"


def test_check(program):
    binary = program("(call $exit (i32.const 3))")
    with pytest.raises(pywasm.ProcessError) as caught:
        quiet(binary, ["a"], check=True)
    error = caught.value
    assert isinstance(error, subprocess.CalledProcessError)
    assert isinstance(error, pywasm.WasmError)
    assert (error.returncode, error.cmd) == (3, ["program", "a"])
    assert (error.stdout, error.output, error.stderr) == (b"out\r\n", b"out\r\n", b"err\n")
    assert "3" in str(error)
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.returncode, copy.cmd, copy.stdout, copy.stderr) == (
        *(3, ["program", "a"]),
        *(b"out\r\n", b"err\n"),
    )
    with pytest.raises(pywasm.ProcessError):
        quiet(binary).check_returncode()
    assert quiet(program(), check=True).check_returncode() is None


def test_a_trap_is_no_exit_code(program):
    with pytest.raises(pywasm.Trap) as caught:
        quiet(program("unreachable"), stdin=b"in")
    assert caught.value.code is pywasm.TrapCode.UNREACHABLE
    assert (caught.value.stdout, caught.value.stderr) == (b"out\r\nin", b"err\n")
    with pytest.raises(pywasm.Trap) as caught:
        pywasm.run(program("unreachable"), stdin=b"", stdout=io.BytesIO(), stderr=io.BytesIO())
    assert (caught.value.stdout, caught.value.stderr) == (None, None)


ENDLESS = "(loop $ever (br $ever))"


def test_timeout(program):
    for kind in pywasm.Timeout, TimeoutError, subprocess.TimeoutExpired:
        with pytest.raises(kind) as caught:
            quiet(program(ENDLESS), ["a"], stdin=b"in", timeout=0.05)
        error = caught.value
        assert type(error) is pywasm.ProcessTimeout
        for same in error, pickle.loads(pickle.dumps(error)):
            assert (same.cmd, same.timeout) == (["program", "a"], 0.05)
            assert (same.stdout, same.output, same.stderr) == (
                *(b"out\r\nin", b"out\r\nin"),
                b"err\n",
            )
    for long in 100, 1e300, 10**400, float("inf"):
        assert quiet(program(), timeout=long).stdout == b"out\r\n"
    with pytest.raises(ValueError, match="-1"):
        quiet(program(), timeout=-1)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes cannot be waited for there")
def test_timeout_while_the_program_waits(program):
    reader, writer = os.pipe()
    try:
        with pytest.raises(pywasm.Timeout) as caught:
            pywasm.run(program(), stdin=reader, capture_output=True, text=True, timeout=0.05)
        assert caught.value.stdout == "out\n"
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs")
def test_a_fifo_as_stdin(program, tmp_path):
    """Waiting for somebody to write to it comes to an end, too."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(pywasm.ProcessTimeout):
        quiet(program(), stdin=fifo, timeout=0.05)
    writing = threading.Thread(target=fifo.write_bytes, args=(b"x" * 100_000,))
    writing.start()
    assert quiet(program(), stdin=fifo).stdout == b"out\r\n" + b"x" * 100_000
    writing.join()


@pytest.mark.skipif(sys.platform == "win32", reason="pipes cannot be waited for there")
@pytest.mark.parametrize("mode", [None, "wb", "w"])
def test_timeout_while_the_program_writes_to_a_pipe(program, mode):
    """Which nobody reads. What the program wrote before that has arrived."""
    size = 200_000
    reader, writer = os.pipe()
    with open(reader, "rb") as out, contextlib.ExitStack() as closing:
        closing.callback(os.close, writer)
        to = writer
        if mode:
            to = closing.enter_context(open(writer, mode, closefd=False))
        with pytest.raises(pywasm.ProcessTimeout):
            pywasm.run(
                program(), stdin=b"x" * size, stdout=to, stderr=subprocess.DEVNULL, timeout=0.2
            )
        closing.close()
        assert len(out.read()) < size


@pytest.mark.skipif(sys.platform == "win32", reason="pipes cannot be waited for there")
def test_pipes_with_large_numbers(python, tmp_path, program):
    """select() takes no descriptors from 1024 on."""
    (tmp_path / "p.wasm").write_bytes(program())
    source = """
import os, resource, threading, pywasm
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
if most == resource.RLIM_INFINITY or most > 1100:
    resource.setrlimit(resource.RLIMIT_NOFILE, (1200, most))
    for _ in range(1020):
        os.open(os.devnull, os.O_RDONLY)
(given, give), (take, taken) = os.pipe(), os.pipe()
threading.Timer(0.1, lambda: (os.write(give, b"late"), os.close(give))).start()
pywasm.run("p.wasm", stdin=given, stdout=taken, stderr=os.open(os.devnull, os.O_WRONLY))
print(os.read(take, 100))
"""
    assert python(source) == "b'out\\r\\nlate'\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError(), SystemExit(1)])
def test_what_a_stream_raises(program, error):
    class Raising:
        def write(self, data):
            raise error

    with pytest.raises(type(error)) as caught:
        pywasm.run(program(), stdin=b"", stdout=Raising(), stderr=subprocess.DEVNULL)
    assert caught.value is error


def test_what_is_no_program(tmp_path, wat):
    with pytest.raises(FileNotFoundError):
        pywasm.run(tmp_path / "missing.wasm")
    with pytest.raises(pywasm.CompileError):
        pywasm.run(b"nonsense")
    with pytest.raises(pywasm.LinkError, match="_start"):
        pywasm.run(wat("(module)"))
    with pytest.raises(pywasm.LinkError, match=r'"env"\."f"'):
        pywasm.run(wat('(module (import "env" "f" (func)) (func (export "_start")))'))
    with pytest.raises(pywasm.LinkError, match="no_such_function"):
        pywasm.run(
            wat(f'(module (import "{WASI}" "no_such_function" (func)) (func (export "_start")))')
        )
    for start in '(memory (export "_start") 1)', '(func (export "_start") (param i32))':
        with pytest.raises(pywasm.LinkError, match="_start is no function without parameters"):
            pywasm.run(wat(f"(module {start})"))
    for wrong in 3, None, [b"x"]:
        with pytest.raises(TypeError):
            pywasm.run(wrong)


def test_arguments_of_the_wrong_type(program):
    binary = program()
    for wrong in "abc", b"abc", [3], 3, None:
        with pytest.raises(TypeError):
            quiet(binary, wrong)
    for options in {"env": ["A"]}, {"files": [1]}, {"stdin": 2.5}, {"stdin": [b"a"]}:
        with pytest.raises(TypeError):
            quiet(binary, **options)
    for wrong in "abc", b"abc", 3, pathlib.Path("abc"):
        with pytest.raises(TypeError, match="dirs must be a list"):
            quiet(binary, dirs=wrong)
    with pytest.raises(pywasm.WasmError, match="null byte"):
        quiet(binary, ["a\0b"])
    with pytest.raises(pywasm.WasmError, match="entity not found"):
        quiet(binary, dirs={"/": "/nonexistent"})


GROW = f"""(module
    (import "{WASI}" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 2)
    (func (export "_start")
        (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
        (call $exit (memory.size))))"""


@pytest.mark.parametrize(
    ("limit", "pages"), [(2 << 16, 2), (100 << 16, 100), ((100 << 16) + 65535, 100)]
)
def test_memory_limit(compile_text, limit, pages):
    assert quiet(compile_text(GROW), memory_limit=limit).returncode == pages


def test_memory_limit_of_a_start_function(compile_text):
    text = GROW.replace(
        '(func (export "_start")', '(export "_start" (func $m)) (start $m) (func $m'
    )
    with pytest.raises(pywasm.ExitError) as caught:
        quiet(compile_text(text), memory_limit=5 << 16)
    assert caught.value.code == 5


def test_memory_limit_that_is_too_low(compile_text):
    for limit in 0, 2 << 15, (2 << 16) - 1:
        with pytest.raises(pywasm.WasmError, match="131072 bytes"):
            quiet(compile_text(GROW), memory_limit=limit)
    for wrong in -1, 2**64:
        with pytest.raises(ValueError, match="memory_limit"):
            quiet(compile_text(GROW), memory_limit=wrong)


def test_memory_limit_is_that_of_an_instance(compile_text, store):
    text = '(module (memory (export "memory") 1) (func (export "grow") (param i32) (result i32)' + (
        " (memory.grow (local.get 0))))"
    )
    module = compile_text(text)
    limited = pywasm.Instance(module, memory_limit=3 << 16)
    assert limited.exports.grow(3) == -1
    assert limited.exports.grow(2) == 1
    with pytest.raises(RuntimeError, match="could not grow"):
        limited.exports.memory.grow(1)
    assert pywasm.Instance(module).exports.grow(10) == 1


def test_more_than_can_be_kept(program, monkeypatch):
    import pywasm._streams

    monkeypatch.setattr(pywasm._streams, "CAPTURE_LIMIT", 1000)
    assert len(quiet(program(), stdin=b"x" * 995).stdout) == 1000
    with pytest.raises(pywasm.WasmError, match="stdout"):
        quiet(program(), stdin=b"x" * 996)


def test_repr(program):
    done = quiet(program())
    assert repr(done) == (
        r"CompletedProcess(args=['program'], returncode=0, stdout=b'out\r\n', stderr=b'err\n')"
    )
    done = pywasm.CompletedProcess(["a"], 1)
    assert repr(done) == "CompletedProcess(args=['a'], returncode=1)"
    assert type(done).__module__ == pywasm.run.__module__ == "pywasm"


def test_files_are_closed(program, tmp_path):
    (tmp_path / "in").write_bytes(b"x")
    binary = program()

    def descriptors():
        return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0

    def run_once():
        pywasm.run(
            *(binary, []),
            stdin=tmp_path / "in",
            stdout=tmp_path / "out",
            stderr=tmp_path / "err",
            dirs=[tmp_path],
        )

    run_once()
    before = descriptors()
    for _ in range(20):
        run_once()
    assert descriptors() <= before


def test_import_takes_no_subprocess(python):
    source = """
import sys, pywasm
pywasm.run
assert "subprocess" not in sys.modules
pywasm.ProcessError
assert "subprocess" in sys.modules
"""
    python(source)


def test_threads(program, store):
    import threading

    module = pywasm.Module(store, program())
    results = {}

    def work(number):
        results[number] = [quiet(module, stdin=b"%d" % number).stdout for _ in range(20)]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {n: [b"out\r\n%d" % n] * 20 for n in range(4)}
