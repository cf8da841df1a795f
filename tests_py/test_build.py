"""What the build makes: the libraries as installed, how they are opened, and how they are built."""

import importlib.metadata
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import sysconfig

import pytest

import pywasm
from pywasm._gopy import bridge, go

PACKAGE = pathlib.Path(pywasm.__file__).resolve().parent
CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
LIMITED = sys.version_info >= (3, 12) and not sysconfig.get_config_var("Py_GIL_DISABLED")

LIBRARIES = sorted(
    path for path in PACKAGE.iterdir() if path.suffix in {".so", ".dylib", ".dll", ".pyd"}
)
NATIVE, LIBPYWASM = LIBRARIES


def test_the_package_holds_one_library_of_each_kind():
    assert NATIVE.name.startswith("_native.")
    assert LIBPYWASM.name.startswith("libpywasm.")


def test_goroutines_begin_with_small_stacks():
    # Nothing but the linker's flag puts the setting there: see wheels/build.py.
    assert b"adaptivestackstart=0" in LIBPYWASM.read_bytes()


def test_the_version_is_that_of_the_distribution():
    assert pywasm.__version__ == importlib.metadata.version("pywasm-go")


def test_the_wheel_is_tagged_for_the_pythons_that_can_load_it():
    wheel = importlib.metadata.distribution("pywasm-go").read_text("WHEEL")
    version = "cp{}{}".format(*sys.version_info)
    assert f"Tag: {'cp312-abi3' if LIMITED else f'{version}-{version}'}-" in wheel
    assert (".abi3." in NATIVE.name) == (LIMITED and sys.platform != "win32")


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*")), ids=lambda path: path.name)
def test_no_path_of_the_machine_that_built_it(file):
    if file.is_dir() or file.suffix == ".pyc":
        return
    content = file.read_bytes()
    folders = {CHECKOUT, pathlib.Path.home(), sys.prefix, sys.base_prefix, "/pkg/mod"}
    folders.discard("/usr")  # of a system's Python: Go looks for time zones there
    assert [folder for folder in folders if f"{folder}{os.sep}".encode() in content] == []


# --- ELF --------------------------------------------------------------------------------------

DT_NEEDED, DT_STRTAB, DT_SYMTAB, DT_RPATH, DT_RUNPATH = 1, 5, 6, 15, 29
SHT_DYNAMIC, SHT_SYMTAB, SHT_DYNSYM = 6, 2, 11


class Elf:
    """As much of a 64-bit ELF file as the tests ask for: https://refspecs.linuxfoundation.org."""

    def __init__(self, path):
        self.content = path.read_bytes()
        assert self.content[:6] == b"\x7fELF\x02\x01", "64-bit, little-endian"
        offset, size, count = *struct.unpack_from("<Q", self.content, 0x28), *self.halves(0x3A, 2)
        self.sections = [
            struct.unpack_from("<IIQQQQIIQQ", self.content, offset + i * size) for i in range(count)
        ]

    def halves(self, offset, count):
        return struct.unpack_from(f"<{count}H", self.content, offset)

    def rows(self, kind, layout):
        for _, found, _, _, offset, size, link, _, _, _ in self.sections:
            if found == kind:
                strings = self.sections[link][4]
                for row in struct.iter_unpack(layout, self.content[offset : offset + size]):
                    yield row, strings

    def text(self, offset):
        return self.content[offset : self.content.index(b"\0", offset)].decode()

    def dynamic(self, *tags):
        rows = self.rows(SHT_DYNAMIC, "<QQ")
        return [self.text(strings + value) for (tag, value), strings in rows if tag in tags]

    def symbols(self, *, defined):
        return {
            self.text(strings + name)
            for (name, _, _, section, _, _), strings in self.rows(SHT_DYNSYM, "<IBBHQQ")
            if name and (section != 0) == defined
        }

    @property
    def stripped(self):
        return all(section[1] != SHT_SYMTAB for section in self.sections)


if sys.platform == "linux":

    @pytest.mark.parametrize("library", LIBRARIES, ids=lambda path: path.name)
    def test_a_library_needs_the_system_alone(library):
        elf = Elf(library)
        system = ("libc.so", "libm.so", "libdl.so", "libpthread.so", "libresolv.so", "ld-linux")
        assert [name for name in elf.dynamic(DT_NEEDED) if not name.startswith(system)] == []
        assert elf.dynamic(DT_RPATH, DT_RUNPATH) == []
        assert elf.stripped

    def test_libpywasm_knows_no_python():
        names = Elf(LIBPYWASM).symbols(defined=False)
        assert [name for name in names if name.startswith(("Py", "_Py"))] == []

    def test_native_shows_nothing_but_its_entry():
        assert Elf(NATIVE).symbols(defined=True) == {"PyInit__native", "PyInit__gopy"}

    def test_importing_starts_no_go(python):
        out = python(
            "import os, pywasm._native\n"
            "print('libpywasm' in open('/proc/self/maps').read(), os.listdir('/proc/self/task'))\n"
            "from pywasm._gopy import go\n"
            "print('libpywasm' in open('/proc/self/maps').read())\n"
            "go.Slice_byte()\n"
            "print('libpywasm' in open('/proc/self/maps').read())\n"
        )
        assert out.split()[0] == "False"
        assert out.splitlines()[0].count(",") == 0, "one thread"
        assert out.splitlines()[1:] == ["False", "True"]


# --- opening ----------------------------------------------------------------------------------

USE = """
import sys
sys.path.insert(0, sys.argv[1])
from pywasm._gopy import go
try:
    go.Slice_byte()
except ImportError as error:
    print(error)
"""


@pytest.mark.parametrize("damage", ["missing", "text"])
def test_a_library_that_cannot_be_opened_is_named(python, tmp_path, damage):
    copy = tmp_path / "pywasm"
    shutil.copytree(PACKAGE, copy)
    library = copy / LIBPYWASM.name
    library.unlink()
    if damage == "text":
        library.write_text("not a library")
    assert str(library) in python(USE, tmp_path)


def test_a_handle_of_another_process_is_refused():
    dead = bridge.Store(handle=1 << 40)
    for _ in range(3):  # the GIL was left behind here once
        with pytest.raises(pywasm.WasmError, match="did not survive the fork"):
            dead.Pointer()
        with pytest.raises(pywasm.WasmError, match="did not survive the fork"):
            dead.Compile(go.Slice_byte.from_bytes(b""))


def test_a_panic_is_an_exception():
    empty = go.Slice_byte()
    for _ in range(3):
        with pytest.raises(pywasm.WasmError, match=r"panic in Go: .* index out of range"):
            pywasm._native._gopy.Slice_byte_elem(empty.handle, 3)


@pytest.mark.parametrize("content", [b"", b"\0", bytes(range(256)) * 1000], ids=len)
def test_bytes_cross_unchanged(content):
    assert bytes(go.Slice_byte.from_bytes(content)) == content


def test_what_is_no_bytes_is_a_type_error():
    with pytest.raises(TypeError):
        go.Slice_byte.from_bytes("text")


if hasattr(os, "fork"):
    FORK = """
import gc, os, sys, warnings
from pywasm._gopy import bridge, go
warnings.simplefilter("ignore")
EMPTY = bytes([0, 97, 115, 109, 1, 0, 0, 0])

def copies():
    if sys.platform != "linux":
        return None
    with open("/proc/self/maps") as maps:
        return len({line.split()[4] for line in maps if "libpywasm" in line})

def use():
    config = bridge.NewStoreConfig()
    config.Compiler = "interpreter"
    store = bridge.NewStore(config)
    for _ in range(50):
        store.Compile(go.Slice_byte.from_bytes(EMPTY))
    return store

def descend(depth):
    global kept
    store = use()
    if depth == 0:
        return
    if (child := os.fork()) == 0:
        before = copies()
        kept = None
        gc.collect()
        assert copies() == before, "to collect opens nothing"
        try:
            store.Compile(go.Slice_byte.from_bytes(EMPTY))
        except Exception as error:
            assert "did not survive" in str(error), error
        else:
            raise AssertionError("a store of the parent was used")
        descend(depth - 1)
        sys.stdout.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    use()

kept = use()
descend(4)
print("done")
"""

    def test_every_generation_of_forks_opens_its_own_library(python):
        assert python(FORK).split() == ["done"]


# --- building ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the source tree, built once."""
    copy = tmp_path_factory.mktemp("build") / "tree"
    copy.mkdir()
    for name in ("bridge", "buffer", "core", "pywasm", "wheels", "build"):
        ignored = shutil.ignore_patterns("testdata", "*_test.go", "*.whl", "__pycache__", "bdist.*")
        if (CHECKOUT / name).exists():
            shutil.copytree(CHECKOUT / name, copy / name, ignore=ignored)
    for name in ("go.mod", "go.sum"):
        shutil.copy(CHECKOUT / name, copy)
    build(copy)
    return copy


def build(tree, **environment):
    """What was built."""
    done = subprocess.run(
        [sys.executable, "wheels/build.py"],
        cwd=tree,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == "", "compilers have nothing to say"
    return [line.split()[1].rsplit("-linux-")[0] for line in done.stdout.splitlines()]


def append(file, text):
    file.write_text(file.read_text() + text)


@pytest.mark.build
class TestIncrementalBuild:
    def test_nothing_changed(self, tree):
        assert build(tree) == []

    def test_a_python_file(self, tree):
        append(tree / "pywasm" / "_version.py", "# changed\n")
        assert build(tree) == []

    def test_a_go_file(self, tree):
        append(tree / "core" / "wasm" / "module.go", "\n// Changed is new.\nconst Changed = 1\n")
        assert build(tree) == ["libpywasm"]

    def test_a_c_file(self, tree):
        append(tree / "bridge" / "native" / "loader.c", "\n/* changed */\nextern int changed;\n")
        built = build(tree)
        assert built[0] == "native-loader"
        assert built[1:] in ([], ["_native"])


@pytest.mark.build
class TestMissingTools:
    """Whatever is missing is said in one line, with what to install."""

    def failure(self, folder):
        done = subprocess.run(
            [sys.executable, CHECKOUT / "wheels" / "build.py", "--check"],
            env={"PATH": str(folder), "HOME": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        return done.stderr

    def test_go(self, tmp_path):
        assert "found no `go` in PATH; get it from https://go.dev/dl/" in self.failure(tmp_path)

    def test_a_compiler(self, tmp_path):
        (tmp_path / "go").symlink_to(shutil.which("go"))
        error = self.failure(tmp_path)
        assert "found no `cc`, `gcc`, `clang` in PATH; install gcc or clang" in error

    def test_an_old_go(self, tmp_path):
        old = tmp_path / "go"
        old.write_text("#!/bin/sh\necho go1.25.9\necho linux\necho amd64\n")
        old.chmod(0o755)
        error = self.failure(tmp_path)
        assert f"{old} is go1.25.9; get a newer one from https://go.dev/dl/" in error


@pytest.mark.build
def test_libpywasm_works_without_python(tmp_path):
    """As wheels/drive does on machines that have no Python to test with."""
    drive = CHECKOUT / "wheels" / "drive"
    program, module = tmp_path / "drive", tmp_path / "kernels.wasm"
    include = CHECKOUT / "bridge" / "native"
    cc = [os.environ.get("CC", "cc"), "-Wall", "-Wextra", "-Werror", f"-I{include}"]
    subprocess.run([*cc, "-o", program, drive / "drive.c", "-ldl"], check=True)
    module.write_bytes(pywasm.wat2wasm((drive / "kernels.wat").read_text()))
    wanted = (drive / "expected").read_text().splitlines()
    done = subprocess.run(
        [program, LIBPYWASM, module, *wanted], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == wanted * 2
