"""WASI preview 1: versions, the builder of an environment, and what the guest then finds.

The guests are text, and each writes what it learned where the test can read it: into its memory.
"""

import contextlib
import os
import random
import struct
import time

import pytest

import pywasm
from pywasm import wasi

SNAPSHOT1 = "wasi_snapshot_preview1"
SNAPSHOT0 = "wasi_unstable"

# https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md, without sock_accept
NAMES = set(
    """
    args_get args_sizes_get clock_res_get clock_time_get environ_get environ_sizes_get
    fd_advise fd_allocate fd_close fd_datasync fd_fdstat_get fd_fdstat_set_flags
    fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size fd_filestat_set_times fd_pread
    fd_prestat_dir_name fd_prestat_get fd_pwrite fd_read fd_readdir fd_renumber fd_seek
    fd_sync fd_tell fd_write path_create_directory path_filestat_get path_filestat_set_times
    path_link path_open path_readlink path_remove_directory path_rename path_symlink
    path_unlink_file poll_oneoff proc_exit proc_raise random_get sched_yield sock_recv
    sock_send sock_shutdown
    """.split()  # noqa: SIM905
)

ESUCCESS, EBADF, ENOENT, ENOTCAPABLE, EPERM = 0, 8, 44, 76, 63
OUTSIDE = (ENOTCAPABLE, EPERM, ENOENT)  # what a path out of the preopens may end with


def importing(*imports):
    lines = "".join(f'(import "{module}" "{name}" (func))' for module, name in imports)
    return f"(module {lines})"


def test_version_is_an_int_enum():
    assert [(member.name, int(member)) for member in wasi.Version] == [
        ("LATEST", 1),
        ("SNAPSHOT0", 2),
        ("SNAPSHOT1", 3),
    ]
    assert wasi.Version.SNAPSHOT1 == 3


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("(module)", None),
        (importing(("env", "f")), None),
        (importing((SNAPSHOT0, "proc_exit")), wasi.Version.SNAPSHOT0),
        (importing((SNAPSHOT1, "proc_exit")), wasi.Version.SNAPSHOT1),
        (importing((SNAPSHOT1, "proc_exit"), (SNAPSHOT1, "f")), wasi.Version.SNAPSHOT1),
    ],
)
def test_get_version(compile_text, text, version, strict):
    found = wasi.get_version(compile_text(text), strict)
    assert found == version
    assert found is None or isinstance(found, wasi.Version)


def test_get_version_of_a_mixture(compile_text):
    mixed = compile_text(importing((SNAPSHOT0, "a"), (SNAPSHOT1, "b")))
    assert wasi.get_version(mixed, strict=True) is None
    assert wasi.get_version(mixed, strict=False) == wasi.Version.SNAPSHOT0
    other = compile_text(importing((SNAPSHOT1, "a"), ("env", "b")))
    assert wasi.get_version(other, strict=True) is None
    assert wasi.get_version(other, strict=False) == wasi.Version.SNAPSHOT1


def test_generate_imports(store):
    imports = wasi.StateBuilder("test").finalize().generate_imports(store, wasi.Version.SNAPSHOT1)
    assert list(imports) == [SNAPSHOT1]
    assert set(imports[SNAPSHOT1]) == NAMES
    assert all(isinstance(function, pywasm.Function) for function in imports[SNAPSHOT1].values())


@pytest.mark.parametrize("version", [wasi.Version.LATEST, wasi.Version.SNAPSHOT1, 3])
def test_generate_import_object(store, version):
    imports = wasi.StateBuilder("test").finalize().generate_import_object(store, version)
    assert isinstance(imports, pywasm.ImportObject)
    assert imports.contains_namespace(SNAPSHOT1)
    assert not imports.contains_namespace("env")


@pytest.mark.parametrize("wrong", [0, 4, 99])
def test_generate_with_what_is_no_version(store, wrong):
    environment = wasi.StateBuilder("test").finalize()
    with pytest.raises(ValueError, match=r"^Failed to extract `Version` from `PyAny`$"):
        environment.generate_import_object(store, wrong)
    with pytest.raises(ValueError, match=r"^Failed to extract `Version` from `PyAny`$"):
        environment.generate_imports(store, wrong)


def test_every_method_of_the_builder_gives_the_builder(tmp_path):
    builder = wasi.StateBuilder("program")
    path = str(tmp_path)
    assert builder.argument("--test") is builder
    assert builder.arguments(["a", "b"]) is builder
    assert builder.environment("KEY", "value") is builder
    assert builder.environments({"A": "1", "B": "2"}) is builder
    assert builder.preopen_directory(path) is builder
    assert builder.preopen_directories([path]) is builder
    assert builder.map_directory("alias", path) is builder
    assert builder.map_directories({"other": path}) is builder
    assert isinstance(builder.finalize(), wasi.Environment)


def test_everything_in_the_constructor(tmp_path):
    builder = wasi.StateBuilder(
        "program",
        arguments=["a"],
        environments={"A": "1"},
        preopen_directories=[str(tmp_path)],
        map_directories={"x": str(tmp_path)},
    )
    assert isinstance(builder.finalize(), wasi.Environment)


@pytest.mark.parametrize(
    "build",
    [
        lambda: wasi.StateBuilder("p").argument("a\0b"),
        lambda: wasi.StateBuilder("p\0"),
        lambda: wasi.StateBuilder("p", arguments=["a\0b"]),
        lambda: wasi.StateBuilder("p").environment("a=b", "c"),
        lambda: wasi.StateBuilder("p").environment("a\0", "c"),
        lambda: wasi.StateBuilder("p").environment("a", "c\0"),
        lambda: wasi.StateBuilder("p").preopen_directory("/nonexistent"),
        lambda: wasi.StateBuilder("p").map_directory("x", "/nonexistent"),
        lambda: wasi.StateBuilder("p").preopen_directory(__file__),
    ],
)
def test_what_no_environment_can_be_made_of(build):
    with pytest.raises(RuntimeError) as caught:
        build().finalize()
    assert str(caught.value)


@pytest.mark.parametrize(
    "build",
    [
        lambda: wasi.StateBuilder(),
        lambda: wasi.StateBuilder(3),
        lambda: wasi.StateBuilder("p").argument(3),
        lambda: wasi.StateBuilder("p").arguments(3),
        lambda: wasi.StateBuilder("p").environment("a", 3),
        lambda: wasi.StateBuilder("p").environments([1]),
        lambda: wasi.StateBuilder("p").preopen_directory(3),
        lambda: wasi.StateBuilder("p").map_directories([1]),
    ],
)
def test_arguments_of_the_wrong_type(build):
    with pytest.raises(TypeError):
        build()


@pytest.fixture
def start(store, compile_text):
    """An instance of text with a WASI environment, as a user would make it."""

    def start_text(text, builder=None):
        module = compile_text(text)
        environment = (builder or wasi.StateBuilder("program")).finalize()
        version = wasi.get_version(module, strict=True)
        return pywasm.Instance(module, environment.generate_import_object(store, version))

    return start_text


def forwarding(**signatures):
    """A module that exports some WASI functions for the test to call, and its memory."""
    imports = "".join(
        f'(import "{SNAPSHOT1}" "{name}" (func ${name} (param {parameters}) (result i32)))'
        for name, parameters in signatures.items()
    )
    exports = "".join(f'(export "{name}" (func ${name}))' for name in signatures)
    return f'(module {imports} (memory (export "memory") 2) {exports})'


def strings(start, kind, builder):
    """What args_get or environ_get gives."""
    exports = start(
        forwarding(**{f"{kind}_sizes_get": "i32 i32", f"{kind}_get": "i32 i32"}), builder
    ).exports
    memory = exports.memory
    assert exports[f"{kind}_sizes_get"](0, 4) == ESUCCESS
    count, size = struct.unpack("<II", memory.read(0, 8))
    assert exports[f"{kind}_get"](1024, 8192) == ESUCCESS
    pointers = struct.unpack(f"<{count}I", memory.read(1024, 4 * count))
    text = memory.read(8192, size)
    assert text.endswith(b"\0") or not count
    return [text[p - 8192 :].split(b"\0", 1)[0].decode() for p in pointers]


def test_arguments(start):
    builder = wasi.StateBuilder("program", arguments=["one", "two words"])
    builder.argument("--three").arguments(["", "fünf"])
    assert strings(start, "args", builder) == ["program", "one", "two words", "--three", "", "fünf"]


def test_no_arguments(start):
    assert strings(start, "args", wasi.StateBuilder("program")) == ["program"]


def test_environment(start):
    builder = wasi.StateBuilder("program", environments={"A": "1"})
    builder.environment("B", "x=y").environments({"C": "", "Ü": "ö"})
    assert sorted(strings(start, "environ", builder)) == ["A=1", "B=x=y", "C=", "Ü=ö"]


def test_the_environment_of_the_host_is_not_given(start, monkeypatch):
    monkeypatch.setenv("SECRET", "value")
    assert strings(start, "environ", wasi.StateBuilder("program")) == []


EXIT = f"""(module
    (import "{SNAPSHOT1}" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func $inner (param i32) (call $exit (local.get 0)) unreachable)
    (func (export "exit") (param i32) (call $inner (local.get 0)))
    (func (export "_start") (call $inner (i32.const 5)))
    (func (export "fine") (result i32) i32.const 7))"""


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_proc_exit(start, code):
    exports = start(EXIT).exports
    with pytest.raises(pywasm.ExitError) as caught:
        exports.exit(code)
    assert caught.value.code == code
    assert str(code) in str(caught.value)


def test_proc_exit_from_start(start):
    with pytest.raises(pywasm.ExitError) as caught:
        start(EXIT).exports._start()
    assert caught.value.code == 5


def test_proc_exit_goes_through_the_host(store, compile_text):
    environment = wasi.StateBuilder("program").finalize()
    imports = environment.generate_imports(store, wasi.Version.SNAPSHOT1)
    inner = pywasm.Instance(compile_text(EXIT), imports)
    outer = pywasm.Instance(
        compile_text('(module (import "m" "f" (func $f)) (func (export "f") (call $f)))'),
        {"m": {"f": pywasm.Function(store, lambda: inner.exports.exit(9))}},
    )
    with pytest.raises(pywasm.ExitError) as caught:
        outer.exports.f()
    assert caught.value.code == 9


def test_clocks(start):
    exports = start(forwarding(clock_time_get="i32 i64 i32", clock_res_get="i32 i32")).exports

    def now(clock):
        assert exports.clock_time_get(clock, 1, 0) == ESUCCESS
        return struct.unpack("<Q", exports.memory.read(0, 8))[0]

    before = time.time_ns()
    realtime = now(0)
    after = time.time_ns()
    assert before - 10**9 <= realtime <= after + 10**9, "the real time, not a fake one"
    assert now(1) <= now(1), "monotonic"
    for clock in 0, 1:
        assert exports.clock_res_get(clock, 8) == ESUCCESS
        assert struct.unpack("<Q", exports.memory.read(8, 8))[0] > 0


def test_random(start):
    text = forwarding(random_get="i32 i32")

    def draw():
        exports = start(text).exports
        assert exports.random_get(0, 32) == ESUCCESS
        return exports.memory.read(0, 32)

    assert len({draw() for _ in range(5)}) == 5, "the real randomness, not a seeded one"


FILES = forwarding(
    path_open="i32 i32 i32 i32 i32 i64 i64 i32 i32",
    fd_read="i32 i32 i32 i32",
    fd_write="i32 i32 i32 i32",
    fd_close="i32",
    fd_prestat_get="i32 i32",
    fd_prestat_dir_name="i32 i32 i32",
    path_symlink="i32 i32 i32 i32 i32",
    path_create_directory="i32 i32 i32",
    path_unlink_file="i32 i32 i32",
    fd_readdir="i32 i32 i32 i64 i32",
)
READ, SEEK, TELL, WRITE = 1 << 1, 1 << 2, 1 << 5, 1 << 6  # rights
CREATE = 1


class Guest:
    """Calls the exported WASI functions with Python values."""

    def __init__(self, exports):
        self.exports = exports
        self.memory = exports.memory

    def put(self, data, offset=4096):
        self.memory.write(offset, data)
        return offset, len(data)

    def preopens(self):
        found = {}
        for fd in range(3, 20):
            if self.exports.fd_prestat_get(fd, 0) != ESUCCESS:
                return found
            kind, size = struct.unpack("<II", self.memory.read(0, 8))
            assert kind == 0
            assert self.exports.fd_prestat_dir_name(fd, 100, size) == ESUCCESS
            found[self.memory.read(100, size).decode()] = fd
        raise AssertionError("too many")

    def open(self, fd, path, oflags=0):
        code = self.exports.path_open(
            fd, 1, *self.put(os.fsencode(path)), oflags, READ | SEEK | TELL | WRITE, 0, 0, 0
        )
        return code, struct.unpack("<I", self.memory.read(0, 4))[0]

    def read(self, fd):
        self.memory.write(0, struct.pack("<II", 8192, 4096))
        assert self.exports.fd_read(fd, 0, 1, 16) == ESUCCESS
        return self.memory.read(8192, struct.unpack("<I", self.memory.read(16, 4))[0])

    def write(self, fd, data):
        self.memory.write(0, struct.pack("<II", *self.put(data)))
        assert self.exports.fd_write(fd, 0, 1, 16) == ESUCCESS
        return struct.unpack("<I", self.memory.read(16, 4))[0]


@pytest.fixture
def guest(start, tmp_path):
    """A guest with `inside` mounted as `/data`; beside it is a file that it must not reach."""
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "file").write_bytes(b"content")
    (tmp_path / "secret").write_bytes(b"secret")
    builder = wasi.StateBuilder("program").map_directory("/data", str(inside))
    return Guest(start(FILES, builder).exports)


def test_nothing_is_mounted_unless_asked_for(start):
    guest = Guest(start(FILES).exports)
    assert guest.preopens() == {}
    for fd in range(10):
        assert guest.open(fd, "file")[0] != ESUCCESS


def test_preopened_directories(start, tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    for directory in first, second:
        directory.mkdir()
        (directory / "name").write_text(directory.name)
    builder = wasi.StateBuilder("program").preopen_directory(str(first))
    guest = Guest(start(FILES, builder.map_directory("/other", str(second))).exports)
    preopens = guest.preopens()
    assert set(preopens) == {str(first), "/other"}
    assert guest.read(guest.open(preopens[str(first)], "name")[1]) == b"a"
    assert guest.read(guest.open(preopens["/other"], "name")[1]) == b"b"


def test_read_a_file(guest):
    fd = guest.preopens()["/data"]
    code, opened = guest.open(fd, "file")
    assert code == ESUCCESS
    assert guest.read(opened) == b"content"
    assert guest.read(opened) == b""
    assert guest.exports.fd_close(opened) == ESUCCESS
    assert guest.exports.fd_close(opened) == EBADF


def test_write_a_file(guest, tmp_path):
    code, opened = guest.open(guest.preopens()["/data"], "new", CREATE)
    assert code == ESUCCESS
    assert guest.write(opened, b"written by the guest") == 20
    assert guest.exports.fd_close(opened) == ESUCCESS
    assert (tmp_path / "inside" / "new").read_bytes() == b"written by the guest"


def test_a_missing_file(guest):
    assert guest.open(guest.preopens()["/data"], "missing")[0] == ENOENT


@pytest.mark.parametrize(
    "path", ["../secret", "/secret", "x/../../secret", "./../secret", "..", "../inside/../secret"]
)
def test_paths_out_of_the_directory(guest, tmp_path, path):
    (tmp_path / "inside" / "x").mkdir()
    fd = guest.preopens()["/data"]
    assert guest.open(fd, path)[0] in OUTSIDE
    assert guest.open(fd, os.path.join(tmp_path, "secret"))[0] in OUTSIDE
    assert guest.open(fd, path + "/new", CREATE)[0] in OUTSIDE
    assert sorted(os.listdir(tmp_path)) == ["inside", "secret"]


@pytest.mark.parametrize("target", ["../secret", "absolute", "../../{}/secret"])
def test_links_out_of_the_directory(guest, tmp_path, target):
    inside = tmp_path / "inside"
    target = str(tmp_path / "secret") if target == "absolute" else target.format(tmp_path.name)
    (inside / "link").symlink_to(target)
    (inside / "up").symlink_to("..")
    fd = guest.preopens()["/data"]
    for path in "link", "up/secret", "up/inside/link":
        assert guest.open(fd, path)[0] != ESUCCESS
    assert guest.open(fd, "up/new", CREATE)[0] != ESUCCESS
    assert sorted(os.listdir(tmp_path)) == ["inside", "secret"]


def test_links_made_by_the_guest(guest, tmp_path):
    # wazero#2321, CVE-2024-38358: the guest may make such a link, and cannot follow it.
    fd = guest.preopens()["/data"]
    old, new = guest.put(b"../secret", 4096), guest.put(b"own", 5000)
    guest.exports.path_symlink(*old, fd, *new)
    assert guest.open(fd, "own")[0] != ESUCCESS
    assert (tmp_path / "secret").read_bytes() == b"secret"


def test_links_within_the_directory(guest, tmp_path):
    inside = tmp_path / "inside"
    (inside / "sub").mkdir()
    (inside / "sub" / "link").symlink_to("../file")
    code, opened = guest.open(guest.preopens()["/data"], "sub/link")
    assert code == ESUCCESS
    assert guest.read(opened) == b"content"


@pytest.mark.parametrize("pointer", [0, 65536 * 2 - 1, 65536 * 2, 2**32 - 1])
def test_pointers_are_checked(guest, pointer):
    # Whatever the guest gives as addresses, it gets an error number or nothing, never a crash.
    rng = random.Random(pointer)
    fd = guest.preopens()["/data"]
    for name, function in guest.exports:
        if not isinstance(function, pywasm.Function):
            continue
        for _ in range(50):
            arguments = [rng.choice([fd, pointer, 7, 2**31]) for _ in function.type.params]
            arguments[0] = rng.choice([fd, 2**31])  # and never the terminal
            with contextlib.suppress(pywasm.WasmError):
                assert function(*arguments) in range(128), name


STREAMS = """
from pywasm import wasi
module = pywasm.Module(store, '''(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\\\00\\\\10\\\\00\\\\00\\\\00\\\\10\\\\00\\\\00")
    (func (export "_start") (local $n i32)
        (loop $again
            (i32.store (i32.const 4) (i32.const 4096))
            (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
            (local.set $n (i32.load (i32.const 16)))
            (if (local.get $n) (then
                (i32.store (i32.const 4) (local.get $n))
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
                (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16)))
                (br $again))))))''')
environment = wasi.StateBuilder("cat").finalize()
imports = environment.generate_import_object(store, wasi.get_version(module, True))
print("before", flush=True)
pywasm.Instance(module, imports).exports._start()
print("after", flush=True)
"""


def test_the_streams_are_those_of_the_process(fresh):
    text = "what comes in\n" * 2000
    finished = fresh(STREAMS, input=text, check=False)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == f"before\n{text}after\n"
    assert finished.stderr == text
