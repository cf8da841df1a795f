"""What the StateBuilder has beyond wasmer's.

Streams, files in memory, read-only mounts, quotas, clock, seed and sockets. The guests are text.
"""

import datetime
import gc
import io
import os
import pathlib
import socket
import struct
import sys
import tempfile
import threading
import time
import weakref

import pytest

import pywasm
from pywasm import wasi

WASI = "wasi_snapshot_preview1"

# Reads up to $chunk bytes at a time; what it has read it writes to stdout, then to stderr.
CAT = f"""(module
    (import "{WASI}" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 3)
    (global $chunk (export "chunk") (mut i32) (i32.const 4096))
    (func $reading (export "read") (param i32) (result i32)
        (i32.store (i32.const 0) (i32.const 4096))
        (i32.store (i32.const 4) (local.get 0))
        (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16))
            (then (return (i32.const -1))))
        (i32.load (i32.const 16)))
    (func (export "write") (param $fd i32) (param $size i32) (result i32)
        (i32.store (i32.const 0) (i32.const 4096))
        (i32.store (i32.const 4) (local.get $size))
        (if (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 16))
            (then (return (i32.const -1))))
        (i32.load (i32.const 16)))
    (func $copy (export "_start") (local $n i32)
        (loop $again
            (i32.store (i32.const 0) (i32.const 4096))
            (i32.store (i32.const 4) (global.get $chunk))
            (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16))
                (then unreachable))
            (i32.store (i32.const 4) (local.tee $n (i32.load (i32.const 16))))
            (if (local.get $n) (then
                (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))
                    (then unreachable))
                (if (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16))
                    (then unreachable))
                (br $again))))))"""


@pytest.fixture
def start(store, compile_text):
    """An instance of text in the environment of a builder."""

    def start_text(text, builder):
        environment = builder if isinstance(builder, wasi.Environment) else builder.finalize()
        imports = environment.generate_import_object(store, wasi.Version.SNAPSHOT1)
        return pywasm.Instance(compile_text(text), imports)

    return start_text


def silent():
    """A builder whose streams lead nowhere but where the test says."""
    return wasi.StateBuilder("program").stdin(b"").stdout(io.BytesIO()).stderr(io.BytesIO())


@pytest.mark.parametrize("size", [0, 1, 4096, 4097, 300_000])
def test_bytes_in_and_files_of_bytes_out(start, size):
    data = os.urandom(size)
    out, err = io.BytesIO(), io.BytesIO()
    start(CAT, silent().stdin(data).stdout(out).stderr(err)).exports._start()
    assert (out.getvalue(), err.getvalue()) == (data, data)


@pytest.mark.parametrize("make", [bytearray, memoryview])
def test_bytes_like_stdin(start, make):
    out = io.BytesIO()
    start(CAT, silent().stdin(make(b"content")).stdout(out)).exports._start()
    assert out.getvalue() == b"content"


def test_paths(start, tmp_path):
    (tmp_path / "in").write_bytes(b"content" * 10_000)
    (tmp_path / "out").write_bytes(b"what was there before")
    builder = silent().stdin(tmp_path / "in").stdout(str(tmp_path / "out"))
    with builder.stderr(tmp_path / "err").finalize() as environment:
        start(CAT, environment).exports._start()
    assert (tmp_path / "out").read_bytes() == b"content" * 10_000
    assert (tmp_path / "err").read_bytes() == b"content" * 10_000


def test_the_same_path_twice(start, tmp_path):
    builder = silent().stdin(b"x" * 5000).stdout(tmp_path / "both").stderr(str(tmp_path / "both"))
    start(CAT, builder).exports._start()
    assert (tmp_path / "both").read_bytes() == b"x" * 10_000


def test_paths_that_cannot_be_opened(tmp_path):
    for builder in (
        silent().stdin(tmp_path / "missing"),
        silent().stdout(tmp_path / "missing" / "out"),
        silent().stderr(tmp_path),
    ):
        with pytest.raises(pywasm.WasmError, match="cannot open a stream"):
            builder.finalize()


@pytest.mark.parametrize("method", ["stdin", "stdout", "stderr"])
@pytest.mark.parametrize("wrong", [3.5, object(), ["path"], {}])
def test_what_is_no_stream(method, wrong):
    with pytest.raises(TypeError, match="path or a file object"):
        getattr(wasi.StateBuilder("program"), method)(wrong)


def test_bytes_are_no_place_to_write_to():
    with pytest.raises(TypeError, match="bytes"):
        wasi.StateBuilder("program").stdout(b"")


TEXT = "zwölf Boxkämpfer jagen Viktor\n€ 𝄞\n" * 400


def test_text_in_memory(start):
    source, out = io.StringIO(TEXT), io.StringIO()
    start(CAT, silent().stdin(source).stdout(out)).exports._start()
    assert out.getvalue() == TEXT


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 7])
def test_characters_that_come_in_pieces(start, chunk):
    out = io.StringIO()
    instance = start(CAT, silent().stdin(TEXT[:200].encode()).stdout(out))
    instance.exports.chunk.value = chunk
    instance.exports._start()
    assert out.getvalue() == TEXT[:200]


def test_what_is_no_text_becomes_replacement_characters(start):
    out = io.StringIO()
    with silent().stdin(b"a\xffb\xe2\x82").stdout(out).finalize() as environment:
        start(CAT, environment).exports._start()
        assert out.getvalue() == "a\ufffdb"
    assert out.getvalue() == "a\ufffdb\ufffd", "the unfinished character is written at the end"


def test_text_files(start, tmp_path):
    (tmp_path / "in").write_text("first\n" + TEXT, encoding="utf-16")
    with (
        open(tmp_path / "in", encoding="utf-16") as source,
        open(tmp_path / "out", "w", encoding="latin-1", errors="replace") as out,
        open(tmp_path / "err", "w", encoding="utf-8") as err,
    ):
        assert source.readline() == "first\n"
        out.write("before\n")
        err.write("before\n")
        start(CAT, silent().stdin(source).stdout(out).stderr(err)).exports._start()
        # Flushed: what a guest has written is there.
        assert (tmp_path / "out").read_bytes() == b"before\n" + TEXT.encode("latin-1", "replace")
        err.write("after\n")
    assert (tmp_path / "err").read_text(encoding="utf-8") == f"before\n{TEXT}after\n"


def test_a_text_file_in_utf_8_gets_the_bytes_as_they_are(start, tmp_path):
    data = bytes(range(256)) * 3
    with open(tmp_path / "out", "w", encoding="utf-8", newline="\r\n") as out:
        start(CAT, silent().stdin(data).stdout(out)).exports._start()
    assert (tmp_path / "out").read_bytes() == data


def test_temporary_files(start):
    for mode, data in ("w+b", b"content"), ("w+", "content"):
        with tempfile.NamedTemporaryFile(mode) as source, tempfile.TemporaryFile(mode) as out:
            source.write(data)
            source.seek(0)
            start(CAT, silent().stdin(source).stdout(out)).exports._start()
            out.seek(0)
            assert out.read() == data


def test_raw_files(start, tmp_path):
    (tmp_path / "in").write_bytes(b"content" * 5000)
    with (
        open(tmp_path / "in", "rb", buffering=0) as source,
        open(tmp_path / "out", "wb", buffering=0) as out,
    ):
        start(CAT, silent().stdin(source).stdout(out)).exports._start()
    assert (tmp_path / "out").read_bytes() == b"content" * 5000


def test_a_pipe_gives_what_there_is(start):
    reading, writing = os.pipe()
    with open(reading, "rb") as source, open(writing, "wb", buffering=0) as feed:
        exports = start(CAT, silent().stdin(source)).exports
        feed.write(b"first")
        assert exports.read(4096) == 5, "and does not wait until the buffer is full"
        feed.write(b"second one")
        assert exports.read(6) == 6
        assert exports.read(4096) == 4
        feed.close()
        assert exports.read(4096) == 0


def test_an_inherited_pipe(start):
    # The guest waits in Go for as long as it takes, without the GIL.
    reading, writing = os.pipe()
    stdin = os.dup(0)
    os.dup2(reading, 0)
    os.close(reading)
    try:
        exports = start(CAT, silent().stdin(None)).exports
        timer = threading.Timer(0.2, os.write, (writing, b"late"))
        timer.start()
        assert exports.read(4096) == 4
        timer.join()
    finally:
        os.close(writing)
        os.dup2(stdin, 0)
        os.close(stdin)


class Minimal:
    """A file object by its methods alone."""

    def __init__(self, chunks=()):
        self.chunks = list(chunks)
        self.written = []
        self.asked = []

    def read(self, size):
        self.asked.append(size)
        return self.chunks.pop(0) if self.chunks else b""

    def write(self, data):
        assert isinstance(data, bytes)
        self.written.append(data)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: data.decode()])
def test_file_objects_of_the_user(start, kind):
    source, out = Minimal([kind(b"ab"), kind(b"c" * 10_000), kind(b"d")]), Minimal()
    start(CAT, silent().stdin(source).stdout(out)).exports._start()
    assert b"".join(out.written) == b"ab" + b"c" * 10_000 + b"d"
    assert set(source.asked) == {4096}, "what is read too much is kept"


def test_short_writes(start):
    class Short(Minimal):
        def write(self, data):
            self.written.append(data[:1000])
            return len(data[:1000])

    out = Short()
    start(CAT, silent().stdin(b"x" * 9999).stdout(out)).exports._start()
    assert b"".join(out.written) == b"x" * 9999


@pytest.mark.parametrize("count", [0, -5])
def test_writes_that_do_nothing(start, count):
    out = Minimal()
    out.write = lambda data: count
    with pytest.raises(BlockingIOError):
        start(CAT, silent().stdin(b"x").stdout(out)).exports._start()


@pytest.mark.parametrize("answer", [3, None, [1], object()])
def test_reads_that_give_no_bytes(start, answer):
    source = Minimal()
    source.read = lambda size: answer
    with pytest.raises((TypeError, BlockingIOError)):
        start(CAT, silent().stdin(source)).exports._start()


def test_the_same_file_twice(start):
    out = io.StringIO()
    start(CAT, silent().stdin("aäb".encode()).stdout(out).stderr(out)).exports._start()
    assert out.getvalue() == "aäbaäb"


class Raising:
    def __init__(self, error):
        self.error = error

    def read(self, size):
        raise self.error

    def write(self, data):
        raise self.error


@pytest.mark.parametrize("method", ["stdin", "stdout"])
@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(3), OSError(5)])
def test_what_a_file_object_raises(start, method, error):
    builder = silent().stdin(b"content" * 5000)
    instance = start(CAT, getattr(builder, method)(Raising(error)))
    for _ in range(2):
        with pytest.raises(type(error)) as caught:
            instance.exports._start()
        assert caught.value is error
    if sys.version_info >= (3, 11):
        assert any("copy" in note for note in error.__notes__)
    assert instance.exports.chunk.value == 4096, "the instance can be used"


def test_what_a_file_object_raises_in_a_start_function(store, compile_text):
    error = KeyError("x")
    environment = silent().stdin(Raising(error)).finalize()
    text = CAT[:-1] + "(func $main (drop (call $reading (i32.const 9)))) (start $main))"
    with pytest.raises(KeyError) as caught:
        pywasm.Instance(
            compile_text(text), environment.generate_import_object(store, wasi.Version.LATEST)
        )
    assert caught.value is error


def test_an_exception_that_was_caught_below_does_not_come_back(start, store, compile_text):
    # A host function catches what the inner guest's stream raises; the outer guest then traps.
    inner = start(CAT, silent().stdin(Raising(ValueError("inner"))))
    caught = []

    def call_inner():
        try:
            inner.exports._start()
        except ValueError as error:
            caught.append(error)

    text = '(module (import "m" "f" (func $f)) (func (export "f") call $f unreachable))'
    outer = pywasm.Instance(compile_text(text), {"m": {"f": pywasm.Function(store, call_inner)}})
    with pytest.raises(pywasm.Trap):
        outer.exports.f()
    assert len(caught) == 1


def test_a_stream_that_calls_the_same_guest(start):
    instances = []

    class Nested(Minimal):
        def write(self, data):
            if data == b"outer":
                memory = instances[0].exports.memory
                memory.write(4096, b"inner")
                memory.grow(1)
                assert instances[0].exports.write(1, 5) == 5
            super().write(data)

    out = Nested()
    instances.append(start(CAT, silent().stdout(out)))
    instances[0].exports.memory.write(4096, b"outer")
    assert instances[0].exports.write(1, 5) == 5
    assert out.written == [b"inner", b"outer"]


def test_a_stream_cannot_close_the_running_instance(start):
    class Closing(Minimal):
        def write(self, data):
            instance.close()

    instance = start(CAT, silent().stdin(b"x").stdout(Closing()))
    with pytest.raises(pywasm.WasmError, match="running"):
        instance.exports._start()


def test_streams_live_as_long_as_the_instance(start):
    out = Minimal()
    watched = weakref.ref(out)
    instance = start(CAT, silent().stdin(b"content").stdout(out))
    del out
    gc.collect()
    instance.exports._start()
    assert watched().written == [b"content"]
    del instance
    gc.collect()
    assert watched() is None


def test_a_stream_that_refers_to_its_guest_is_collected(start):
    class Cyclic(Minimal):
        pass

    watched = []
    for _ in range(20):
        out = Cyclic()
        out.instance = start(CAT, silent().stdin(b"x").stdout(out))
        out.instance.exports._start()
        watched.append(weakref.ref(out))
        del out
    gc.collect()
    assert [reference() for reference in watched] == [None] * 20


def test_many_threads_write_to_one_file(start):
    out = Minimal()
    environment = silent().stdout(out).finalize()
    instances = [start(CAT, environment) for _ in range(4)]

    def work(number):
        exports = instances[number].exports
        exports.memory.write(4096, bytes([number]) * 100)
        for _ in range(200):
            assert exports.write(1, 100) == 100

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(out.written) == [bytes([n]) * 100 for n in range(4) for _ in range(200)]


def test_from_a_thread_that_python_did_not_see_begin(start):
    # The first call of the thread into Python is that of the stream.
    out = Minimal()
    instance = start(CAT, silent().stdin(b"x").stdout(out))
    thread = threading.Thread(target=instance.exports._start)
    thread.start()
    thread.join()
    assert out.written == [b"x"]


def test_large_writes_come_in_pieces(start):
    size = 3 << 20
    text = CAT.replace('(memory (export "memory") 3)', '(memory (export "memory") 60)')
    out = Minimal()
    exports = start(text, silent().stdout(out)).exports
    done = 0
    while done < size:
        count = exports.write(1, size - done)
        assert count > 0
        done += count
    assert sum(map(len, out.written)) == size


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to the process")
def test_signals_reach_a_guest_that_waits(fresh):
    source = """
import os, signal, threading
from pywasm import wasi
reading, writing = os.pipe()
os.dup2(reading, 0)
module = pywasm.Module(store, '''(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 4) "\\\\10")
    (func (export "_start")
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))))''')
environment = wasi.StateBuilder("p").finalize()
instance = pywasm.Instance(module, environment.generate_import_object(store, 3))
handled = []
signal.signal(signal.SIGUSR1, lambda *_: handled.append(1))
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1)).start()
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    instance.exports._start()
except KeyboardInterrupt:
    print("interrupted", handled)
"""
    assert fresh(source) == "interrupted [1]\n"


# ---- files ----

FILES = f"""(module
    (import "{WASI}" "path_open" (func $open
        (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "{WASI}" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 4)
    ;; Opens the path at 100 in directory $fd, with these oflags and rights.
    (func (export "open") (param $fd i32) (param $size i32) (param $oflags i32) (param $rights i64)
        (result i32)
        (call $open (local.get $fd) (i32.const 0) (i32.const 100) (local.get $size)
            (local.get $oflags) (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 16)))
    ;; Moves $size bytes from or to 4096.
    (func $list (param $size i32)
        (i32.store (i32.const 0) (i32.const 4096))
        (i32.store (i32.const 4) (local.get $size)))
    (func (export "write") (param $fd i32) (param $size i32) (result i32)
        (call $list (local.get $size))
        (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 16)))
    (func (export "read") (param $fd i32) (param $size i32) (result i32)
        (call $list (local.get $size))
        (call $read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 16))))"""

READ, WRITE = 1 << 1, 1 << 6  # rights
CREATE, TRUNCATE = 1, 8  # oflags
ENOSPC, EROFS, ENOENT, EDQUOT = 51, 69, 44, 19


class Files:
    """A guest that opens, reads and writes files."""

    def __init__(self, exports):
        self.exports = exports
        self.memory = exports.memory

    def result(self):
        return struct.unpack("<I", self.memory.read(16, 4))[0]

    def open(self, path, oflags=0, rights=READ, fd=3):
        path = path.encode()
        self.memory.write(100, path)
        code = self.exports.open(fd, len(path), oflags, rights)
        return code, self.result()

    def read(self, path, fd=3):
        code, opened = self.open(path, fd=fd)
        assert code == 0
        assert self.exports.read(opened, 4096) == 0
        return self.memory.read(4096, self.result())

    def write(self, path, data, fd=3):
        code, opened = self.open(path, CREATE, WRITE, fd)
        if code == 0:
            self.memory.write(4096, data)
            code = self.exports.write(opened, len(data))
        return code


@pytest.fixture
def mounted(start):
    def mount(builder):
        environment = builder.finalize()
        return environment, Files(start(FILES, environment).exports)

    return mount


def test_files_in_memory(mounted):
    environment, guest = mounted(
        silent().map_files("/data", {"a.txt": b"content", "/sub/b": bytearray(b"b"), "empty/": b""})
    )
    assert environment.files("/data") == {"a.txt": b"content", "sub/b": b"b"}
    assert guest.read("a.txt") == b"content"
    assert guest.read("sub/b") == b"b"
    assert guest.write("sub/new", b"made by the guest") == 0
    assert guest.write("a.txt", b"C") == 0
    assert guest.write("empty/x", b"") == 0
    assert environment.files("/data") == {
        "a.txt": b"Content",
        "empty/x": b"",
        "sub/b": b"b",
        "sub/new": b"made by the guest",
    }
    assert environment.files(pathlib.PurePosixPath("/data")) == environment.files("/data")


def test_files_in_memory_are_a_copy(mounted):
    data = bytearray(b"content")
    files = {"a": data}
    builder = silent().map_files("/", files)
    data[:] = b"changed"
    files["b"] = b""
    environment, guest = mounted(builder)
    assert guest.write("a", b"guest's") == 0
    assert bytes(data) == b"changed"
    assert environment.files("/") == {"a": b"guest's"}
    assert builder.finalize().files("/") == {"a": b"content"}, "each environment has its own"


def test_mounts_are_numbered_in_their_order(mounted, tmp_path):
    (tmp_path / "name").write_bytes(b"second")
    _, guest = mounted(
        silent()
        .map_files("/a", {"name": b"first"})
        .map_directory("/b", tmp_path)
        .map_files("/c", {"name": b"third"})
    )
    assert [guest.read("name", fd) for fd in (3, 4, 5)] == [b"first", b"second", b"third"]


def test_there_is_no_such_mount(mounted, tmp_path):
    environment, _ = mounted(silent().map_directory("/host", tmp_path))
    for name in "/host", "/other":
        with pytest.raises(pywasm.WasmError, match="no mount in memory"):
            environment.files(name)


@pytest.mark.parametrize("files", [{"a": "text"}, {"a": 3}, {3: b""}, [("a", b"")], b"x"])
def test_files_of_the_wrong_type(files):
    with pytest.raises(TypeError):
        wasi.StateBuilder("program").map_files("/", files)


@pytest.mark.parametrize("path", ["a\0b", "", "/", "a/", "x" * 300, "a\udcff"])
def test_files_with_wrong_paths(path):
    with pytest.raises(pywasm.WasmError):
        wasi.StateBuilder("program").map_files("/", {path: b"x"}).finalize()


def test_read_only(mounted, tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    environment, guest = mounted(
        silent()
        .map_files("/a", {"a": b"content"}, readonly=True)
        .map_directory("/b", tmp_path, readonly=True)
        .preopen_directory(tmp_path, readonly=True)
    )
    for fd in 3, 4, 5:
        assert guest.read("a", fd) == b"content"
        assert guest.open("a", 0, WRITE, fd)[0] == EROFS
        assert guest.open("a", TRUNCATE, READ, fd)[0] == EROFS
        assert guest.open("new", CREATE, READ, fd)[0] == EROFS
    assert environment.files("/a") == {"a": b"content"}
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"content"


def test_quotas(mounted, tmp_path):
    (tmp_path / "old").write_bytes(b"x" * 5000)
    environment, guest = mounted(
        silent()
        .map_files("/a", {"old": b"x" * 500}, quota=1000)
        .map_directory("/b", tmp_path, quota=1000)
        .preopen_directory(tmp_path, quota=2)
        .map_directory("/d", tmp_path)
    )
    full = (ENOSPC, EDQUOT)
    assert guest.write("a", b"y" * 501, 3) in (0, *full)
    assert sum(map(len, environment.files("/a").values())) <= 1000
    assert guest.write("b1", b"y" * 900, 4) == 0
    assert guest.write("b2", b"y" * 900, 4) in (0, *full)
    assert guest.write("b3", b"y", 4) in full
    assert guest.write("c", b"yyy", 5) in (0, *full)
    assert guest.write("d", b"y" * 9000, 6) == 0
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert sizes["b1"] + sizes.get("b2", 0) + sizes.get("b3", 0) <= 1000
    assert sizes.get("c", 0) <= 2
    assert sizes["d"] == 9000


@pytest.mark.parametrize("quota", [0, -1, 2**63])
def test_quotas_that_are_none(quota, tmp_path):
    with pytest.raises(ValueError, match="quota"):
        wasi.StateBuilder("program").map_files("/", {}, quota=quota)
    with pytest.raises(ValueError, match="quota"):
        wasi.StateBuilder("program").map_directory("/", tmp_path, quota=quota)


def test_files_beyond_the_quota(mounted):
    with pytest.raises(pywasm.WasmError, match="quota"):
        silent().map_files("/", {"a": b"xxx"}, quota=2).finalize()


# ---- clock, randomness, sockets ----

CLOCK = f"""(module
    (import "{WASI}" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
    (import "{WASI}" "random_get" (func $random (param i32 i32) (result i32)))
    (import "{WASI}" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "now") (result i64)
        (drop (call $time (i32.const 0) (i64.const 1) (i32.const 0)))
        (i64.load (i32.const 0)))
    (func (export "draw") (result i64)
        (drop (call $random (i32.const 0) (i32.const 8)))
        (i64.load (i32.const 0)))
    (func (export "sleep") (param i64) (result i32)
        (i64.store (i32.const 100) (i64.const 0))
        (i64.store (i32.const 108) (i64.const 0))
        (i64.store (i32.const 116) (i64.const 1))
        (i64.store (i32.const 124) (local.get 0))
        (i64.store (i32.const 132) (i64.const 0))
        (i64.store (i32.const 140) (i64.const 0))
        (call $poll (i32.const 100) (i32.const 200) (i32.const 1) (i32.const 300))))"""


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (0, 0),
        (1_600_000_000, 1_600_000_000),
        (1.5, 1.5),
        (datetime.datetime(2020, 2, 29, tzinfo=datetime.timezone.utc), 1_582_934_400),
    ],
)
def test_a_fixed_clock(start, given, seconds):
    first = start(CLOCK, silent().fixed_time(given)).exports
    second = start(CLOCK, silent().fixed_time(given)).exports
    times = [first.now() for _ in range(5)]
    assert abs(times[0] - seconds * 10**9) < 10**6
    assert times == sorted(times)
    assert times == [second.now() for _ in range(5)]


def test_a_guest_with_a_fixed_clock_sleeps_no_time(start):
    exports = start(CLOCK, silent().fixed_time(1000)).exports
    before, real = exports.now(), time.monotonic()
    assert exports.sleep(3600 * 10**9) == 0
    assert exports.now() - before >= 3600 * 10**9
    assert time.monotonic() - real < 30


@pytest.mark.parametrize("wrong", [-1, 2**63, 1e300, float("inf"), float("nan")])
def test_times_that_are_none(wrong):
    with pytest.raises(ValueError, match="the clocks cannot start at"):
        wasi.StateBuilder("program").fixed_time(wrong)


@pytest.mark.parametrize("wrong", ["now", None, datetime.date(2020, 1, 1)])
def test_settings_of_the_wrong_type(wrong):
    builder = wasi.StateBuilder("program")
    with pytest.raises(TypeError, match=f"start must be .*, not {type(wrong).__name__}"):
        builder.fixed_time(wrong)
    with pytest.raises(TypeError, match=f"seed must be an int, not {type(wrong).__name__}"):
        builder.seed(wrong)
    if wrong is not None:
        with pytest.raises(TypeError, match=f"quota must be an int, not {type(wrong).__name__}"):
            builder.map_files("/", {}, quota=wrong)


def test_a_seed(start):
    def draw(seed):
        exports = start(CLOCK, silent().seed(seed)).exports
        return [exports.draw() for _ in range(3)]

    assert draw(1) == draw(1)
    assert len({*draw(0), *draw(1), *draw(2**64 - 1)}) == 9
    for wrong in -1, 2**64:
        with pytest.raises(ValueError, match="seed"):
            wasi.StateBuilder("program").seed(wrong)


SERVER = f"""(module
    (import "{WASI}" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
    (import "{WASI}" "sock_recv" (func $recv (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "{WASI}" "sock_send" (func $send (param i32 i32 i32 i32 i32) (result i32)))
    (import "{WASI}" "sock_shutdown" (func $shutdown (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "echo") (param $listener i32) (result i32) (local $fd i32)
        (if (call $accept (local.get $listener) (i32.const 0) (i32.const 0))
            (then (return (i32.const -1))))
        (local.set $fd (i32.load (i32.const 0)))
        (i32.store (i32.const 8) (i32.const 1024))
        (i32.store (i32.const 12) (i32.const 1024))
        (if (call $recv (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 0) (i32.const 16)
                (i32.const 20))
            (then (return (i32.const -2))))
        (i32.store (i32.const 12) (i32.load (i32.const 16)))
        (if (call $send (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 0) (i32.const 16))
            (then (return (i32.const -3))))
        (drop (call $shutdown (local.get $fd) (i32.const 2)))
        (i32.load (i32.const 16))))"""


def test_a_listening_socket(start):
    with silent().map_files("/", {}).listen("127.0.0.1:0").finalize() as environment:
        (address,) = environment.addresses
        host, port = address.rsplit(":", 1)
        assert int(port) > 0
        exports = start(SERVER, environment).exports
        with socket.create_connection((host, int(port)), timeout=30) as client:
            client.sendall(b"hello")
            assert exports.echo(4) == 5
            assert client.recv(100) == b"hello"
    with pytest.raises(OSError):  # noqa: PT011  # which one depends on the system
        socket.create_connection((host, int(port)), timeout=5).close()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("localhost:0", "127.0.0.1:"),
        ("[::1]:0", "[::1]:"),
        ("[0:0:0:0:0:0:0:1]:0", "[::1]:"),
    ],
)
def test_a_socket_listens_on_an_address_by_name(address, shown):
    try:
        environment = wasi.StateBuilder("program").listen(address).finalize()
    except pywasm.WasmError as error:
        pytest.skip(f"not on this machine: {error}")  # where there is no IPv6
    with environment:
        assert environment.addresses[0].startswith(shown)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:99999", "a\0b:1", "127.0.0.1:nonsense", "no-such-host.invalid:0", "[nonsense]:0"],
)
def test_addresses_where_nobody_can_listen(address):
    with pytest.raises(pywasm.WasmError, match="socket"):
        wasi.StateBuilder("program").listen(address).finalize()


@pytest.mark.parametrize("address", ["", "nowhere", ":80", "127.0.0.1:"])
def test_what_is_no_address(address):
    with pytest.raises(ValueError, match="host:port"):
        wasi.StateBuilder("program").listen(address)


def test_every_method_gives_the_builder(tmp_path):
    builder = wasi.StateBuilder("program")
    for same in (
        builder.stdin(b""),
        builder.stdout(tmp_path / "out"),
        builder.stderr(None),
        builder.fixed_time(0),
        builder.seed(0),
        builder.listen("127.0.0.1:0"),
        builder.map_files("/", {}),
    ):
        assert same is builder
    with builder.finalize() as environment:
        assert isinstance(environment, wasi.Environment)
        assert len(environment.addresses) == 1
    environment.close()


def test_a_closed_environment(start):
    out = io.BytesIO()
    environment = silent().stdin(b"content").stdout(out).finalize()
    exports = start(CAT, environment).exports
    environment.close()
    assert exports.read(10) == -1
    assert exports.write(1, 10) == -1
    assert out.getvalue() == b""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_an_environment_of_the_parent_process(fresh):
    source = """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from pywasm import wasi
environment = wasi.StateBuilder("p").map_files("/", {"a": b""}).finalize()
pid = os.fork()
if pid == 0:
    try:
        environment.files("/")
    except pywasm.WasmError:
        pass
    else:
        os._exit(1)
    inner = wasi.StateBuilder("p").map_files("/", {"b": b"c"}).finalize()
    os._exit(0 if inner.files("/") == {"b": b"c"} else 2)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    assert fresh(source) == "0\n"
