"""Linear memories: their size, their growth, and their bytes."""

import array

import pytest

import pywasm
from pywasm import Memory, MemoryType

PAGE = 65536
EXPORTING = """(module
    (memory (export "memory") 2 10)
    (data (i32.const 8) "hello")
    (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "size") (result i32) memory.size))"""


@pytest.fixture
def exports(instantiate):
    return instantiate(EXPORTING).exports


@pytest.fixture
def memory(exports):
    return exports.memory


def test_sizes(memory):
    assert memory.size == 2
    assert memory.data_size == 2 * PAGE


def test_type(memory):
    assert isinstance(memory.type, MemoryType)
    assert (memory.type.minimum, memory.type.maximum, memory.type.shared) == (2, 10, False)


def test_grow(exports):
    memory = exports.memory
    assert memory.grow(1) == 2
    assert (memory.size, memory.data_size) == (3, 3 * PAGE)
    assert exports.size() == 3
    assert memory.grow(0) == 3
    assert memory.read(2 * PAGE, PAGE) == bytes(PAGE)


def test_growth_by_the_guest(exports):
    assert exports.grow(3) == 2
    assert exports.memory.size == 5
    assert exports.memory.data_size == 5 * PAGE
    assert len(memoryview(exports.memory.buffer)) == 5 * PAGE


def test_grow_to_the_maximum_and_no_further(exports):
    memory = exports.memory
    assert memory.grow(8) == 2
    with pytest.raises(RuntimeError) as caught:
        memory.grow(1)
    assert (
        str(caught.value)
        == "The memory could not grow: current size 10 pages, requested increase: 1 pages"
    )
    assert exports.grow(1) == -1
    assert memory.size == 10


def test_grow_too_much(instantiate):
    memory = instantiate('(module (memory (export "memory") 17))').exports.memory
    with pytest.raises(RuntimeError) as caught:
        memory.grow(100000)
    assert isinstance(caught.value, pywasm.WasmError)
    assert (
        str(caught.value)
        == "The memory could not grow: current size 17 pages, requested increase: 100000 pages"
    )
    assert memory.size == 17


@pytest.mark.parametrize("wrong", [-1, 2**32, 2**64, -(2**70)])
def test_grow_out_of_range(memory, wrong):
    with pytest.raises((OverflowError, ValueError)):
        memory.grow(wrong)
    assert memory.size == 2


@pytest.mark.parametrize("wrong", ["1", 1.5, None, b"1"])
def test_grow_by_what_is_no_number(memory, wrong):
    with pytest.raises(TypeError):
        memory.grow(wrong)


def test_read(memory):
    assert memory.read(8, 5) == b"hello"
    assert type(memory.read(8, 5)) is bytes
    assert memory.read(0, 0) == b""
    assert memory.read(2 * PAGE, 0) == b""
    assert memory.read(0, 2 * PAGE) == bytes(8) + b"hello" + bytes(2 * PAGE - 13)
    assert memory.read(offset=8, size=4) == b"hell"


def test_read_is_a_copy(memory):
    before = memory.read(8, 5)
    memory.write(8, b"HELLO")
    assert before == b"hello"


@pytest.mark.parametrize(
    "data",
    [
        b"DATA",
        bytearray(b"DATA"),
        memoryview(b"DATA"),
        array.array("B", b"DATA"),
        array.array("I", b"DATA"),
    ],
    ids=lambda data: type(data).__name__,
)
def test_write(exports, data):
    exports.memory.write(100, data)
    assert exports.memory.read(99, 6) == b"\0DATA\0"
    assert exports.peek(103) == ord("A")


def test_write_nothing(memory):
    memory.write(0, b"")
    memory.write(2 * PAGE, b"")
    assert memory.read(8, 5) == b"hello"


def test_write_to_the_last_byte(memory):
    memory.write(2 * PAGE - 4, b"last")
    assert memory.read(2 * PAGE - 4, 4) == b"last"


def test_write_from_itself(memory):
    memory.write(0, b"0123456789")
    memory.write(2, memoryview(memory.buffer)[0:8])
    assert memory.read(0, 10) == b"0101234567", "as memmove does"


@pytest.mark.parametrize("wrong", ["text", 3, None, [1, 2]])
def test_write_what_is_no_bytes(memory, wrong):
    with pytest.raises(TypeError):
        memory.write(0, wrong)


@pytest.mark.parametrize(
    ("offset", "size"),
    [
        (2 * PAGE, 1),
        (2 * PAGE + 1, 0),
        (2 * PAGE - 1, 2),
        (0, 2 * PAGE + 1),
        (-1, 1),
        (-5, 5),
        (2**32, 1),
        (2**32 - 1, 2),
        (2**63 - 1, 2**63 - 1),
    ],
)
def test_out_of_range(memory, offset, size):
    with pytest.raises(IndexError) as caught:
        memory.read(offset, size)
    assert str(offset) in str(caught.value)
    assert str(size) in str(caught.value)
    if size <= 2 * PAGE + 1:
        with pytest.raises(IndexError) as caught:
            memory.write(offset, bytes(size))
        assert str(offset) in str(caught.value)
        assert str(size) in str(caught.value)
    assert memory.read(8, 5) == b"hello"


@pytest.mark.parametrize("arguments", [(0, -1), (2**64, 1), (0, 2**64), (-(2**64), 1)])
def test_far_out_of_range(memory, arguments):
    with pytest.raises((IndexError, OverflowError, ValueError)):
        memory.read(*arguments)


def test_a_write_that_does_not_fit_writes_nothing(memory):
    with pytest.raises(IndexError):
        memory.write(2 * PAGE - 2, b"long")
    assert memory.read(2 * PAGE - 2, 2) == b"\0\0"


@pytest.mark.parametrize(
    "arguments", [("0", 1), (0, "1"), (0.0, 1), (None, 1), (0,), (), (0, 1, 2)]
)
def test_read_with_wrong_arguments(memory, arguments):
    with pytest.raises(TypeError):
        memory.read(*arguments)


def test_buffer(memory):
    assert isinstance(memory.buffer, pywasm.Buffer)
    view = memoryview(memory.buffer)
    assert (view.format, view.itemsize, view.ndim) == ("B", 1, 1)
    assert (view.shape, view.strides, view.nbytes) == ((2 * PAGE,), (1,), 2 * PAGE)
    assert view.c_contiguous
    assert view.readonly is False
    assert bytes(view[8:13]) == b"hello"
    assert bytes(memory.buffer) == memory.read(0, 2 * PAGE)
    assert bytearray(memory.buffer)[8:13] == b"hello"


def test_buffer_is_the_memory_itself(exports):
    view = memoryview(exports.memory.buffer)
    exports.poke(1, 0xAB)
    assert view[1] == 0xAB
    view[2] = 0xCD
    assert exports.peek(2) == 0xCD
    assert exports.memory.read(1, 2) == b"\xab\xcd"


def test_buffer_after_grow(exports):
    memory = exports.memory
    buffer = memory.buffer
    old = memoryview(buffer)
    memory.grow(1)
    exports.grow(1)
    new = memoryview(memory.buffer)
    assert len(new) == 4 * PAGE
    old[0] = 7
    new[1] = 8
    exports.poke(2, 9)
    assert bytes(new[:3]) == bytes(old[:3]) == b"\x07\x08\x09"
    assert memoryview(buffer)[2] == 9
    assert len(old) == 2 * PAGE
    new[4 * PAGE - 1] = 5
    assert exports.peek(4 * PAGE - 1) == 5


def test_grow_while_views_exist(exports):
    views = [memoryview(exports.memory.buffer) for _ in range(3)]
    for _ in range(8):
        exports.memory.grow(1)
        views.append(memoryview(exports.memory.buffer))
    for number, view in enumerate(views):
        exports.poke(0, number)
        assert view[0] == number


def test_buffer_of_an_empty_memory(instantiate):
    memory = instantiate('(module (memory (export "m") 0 3))').exports.m
    assert (memory.size, memory.data_size) == (0, 0)
    view = memoryview(memory.buffer)
    assert len(view) == 0
    assert memory.read(0, 0) == b""
    assert memory.grow(1) == 0
    memory.write(0, b"x")
    assert memoryview(memory.buffer)[0] == ord("x")


def test_buffer_is_not_constructible():
    with pytest.raises(TypeError):
        pywasm.Buffer()


def test_made_by_the_host(store):
    memory = Memory(store, MemoryType(1, 2))
    assert (memory.size, memory.data_size) == (1, PAGE)
    assert (memory.type.minimum, memory.type.maximum) == (1, 2)
    memory.write(10, b"host")
    assert memory.read(10, 4) == b"host"
    assert memory.grow(1) == 1
    with pytest.raises(RuntimeError, match=r"^The memory could not grow: current size 2 pages, "):
        memory.grow(5)


def test_made_by_the_host_without_maximum(store):
    memory = Memory(store, MemoryType(minimum=0))
    assert memory.type.maximum is None
    assert memory.grow(20) == 0
    assert memory.size == 20


@pytest.mark.parametrize("wrong", [(2, 1), (65537,), (1, 65537), (-1,), (0, -1), (2**40,)])
def test_impossible_types(store, wrong):
    with pytest.raises((ValueError, OverflowError, pywasm.WasmError)):
        Memory(store, MemoryType(*wrong))


@pytest.mark.parametrize("wrong", [1, None, "1", (1, 2)])
def test_a_memory_needs_a_memory_type(store, wrong):
    with pytest.raises(TypeError):
        Memory(store, wrong)


def test_bulk_instructions_are_seen(instantiate):
    exports = instantiate(
        """(module (memory (export "m") 1) (data $d "segment")
            (func (export "f")
                (memory.fill (i32.const 100) (i32.const 0x41) (i32.const 4))
                (memory.copy (i32.const 102) (i32.const 100) (i32.const 4))
                (memory.init $d (i32.const 0) (i32.const 3) (i32.const 4))))"""
    ).exports
    exports.f()
    assert exports.m.read(100, 8) == b"AAAAAA\0\0"
    assert exports.m.read(0, 5) == b"ment\0"


def test_a_new_memory_is_zero(store, instantiate):
    # CVE-2022-39393: what one instance wrote must not show in the next.
    for _ in range(20):
        with instantiate('(module (memory (export "m") 4))') as instance:
            memory = instance.exports.m
            assert memory.read(0, 4 * PAGE) == bytes(4 * PAGE)
            memory.write(0, b"\xff" * (4 * PAGE))


def test_a_shared_memory(instantiate):
    exports = instantiate(
        """(module (memory (export "m") 1 2 shared)
            (func (export "add") (result i32)
                (i32.atomic.rmw.add (i32.const 4) (i32.const 3))))"""
    ).exports
    view = memoryview(exports.m.buffer)
    assert [exports.add(), exports.add()] == [0, 3]
    assert view[4] == 6
    assert exports.m.type.shared is True
    assert exports.m.grow(1) == 1
    assert view[4] == 6
