"""Typed views of a memory: `uint8_view` to `float64_view`; and NumPy over the buffer."""

import math
import struct

import numpy
import pytest

import pywasm

PAGE = 65536
PAGES = 17
SIZE = PAGES * PAGE

# name, class, bytes per element, struct format, smallest and largest
INTEGERS = [
    ("uint8", "Uint8Array", 1, "<B", 0, 2**8 - 1),
    ("int8", "Int8Array", 1, "<b", -(2**7), 2**7 - 1),
    ("uint16", "Uint16Array", 2, "<H", 0, 2**16 - 1),
    ("int16", "Int16Array", 2, "<h", -(2**15), 2**15 - 1),
    ("uint32", "Uint32Array", 4, "<I", 0, 2**32 - 1),
    ("int32", "Int32Array", 4, "<i", -(2**31), 2**31 - 1),
    ("uint64", "Uint64Array", 8, "<Q", 0, 2**64 - 1),
    ("int64", "Int64Array", 8, "<q", -(2**63), 2**63 - 1),
]
FLOATS = [
    ("float32", "Float32Array", 4, "<f", -0.5, 3.0e38),
    ("float64", "Float64Array", 8, "<d", -0.1, 1.0e300),
]
KINDS = INTEGERS + FLOATS
EVERY = pytest.mark.parametrize(
    ("name", "class_", "size", "format_", "low", "high"), KINDS, ids=[kind[0] for kind in KINDS]
)
EVERY_INTEGER = pytest.mark.parametrize(
    ("name", "class_", "size", "format_", "low", "high"),
    INTEGERS,
    ids=[kind[0] for kind in INTEGERS],
)


@pytest.fixture
def memory(instantiate):
    return instantiate(f'(module (memory (export "memory") {PAGES}))').exports.memory


@pytest.fixture
def view(memory):
    return memory.uint8_view()


def make(memory, name, *offset, **keywords):
    return getattr(memory, f"{name}_view")(*offset, **keywords)


@EVERY
def test_class_and_size(memory, name, class_, size, format_, low, high):
    view = make(memory, name)
    assert type(view) is getattr(pywasm, class_)
    assert view.bytes_per_element == size
    assert len(view) == SIZE // size


@EVERY
def test_items(memory, name, class_, size, format_, low, high):
    view = make(memory, name)
    for index, value in (0, low), (1, high), (len(view) - 1, 1):
        view[index] = value
        expected = struct.unpack(format_, struct.pack(format_, value))[0]
        assert view[index] == expected
        assert type(view[index]) is type(expected)
        assert memory.read(index * size, size) == struct.pack(format_, value)


@EVERY
def test_the_offset_counts_elements(memory, name, class_, size, format_, low, high):
    all_of_it, rest = make(memory, name), make(memory, name, 3)
    assert len(rest) == len(all_of_it) - 3
    rest[0] = 7
    assert all_of_it[3] == 7
    assert memory.read(3 * size, size) == struct.pack(format_, 7)
    assert len(make(memory, name, offset=SIZE // size)) == 0


@EVERY
def test_slices(memory, name, class_, size, format_, low, high):
    view = make(memory, name)
    view[0:4] = [1, 2, 3, 4]
    assert view[0:4] == [1, 2, 3, 4]
    assert isinstance(view[0:4], list)
    assert view[1:4:2] == [2, 4]
    view[4:8:2] = (5, 7)
    assert view[4:8] == [5, 0, 7, 0]
    assert view[-2:] == [0, 0]


@EVERY
def test_one_class_cannot_be_constructed(name, class_, size, format_, low, high):
    with pytest.raises(TypeError):
        getattr(pywasm, class_)()


def test_index_too_large(view):
    text = f"Out of bound: Index {SIZE + 1} is larger than the view size {SIZE}"
    with pytest.raises(IndexError) as caught:
        view[len(view) + 1]
    assert (
        str(caught.value)
        == text
        == ("Out of bound: Index 1114113 is larger than the view size 1114112")
    )
    with pytest.raises(IndexError) as caught:
        view[len(view) + 1] = 42
    assert str(caught.value) == text
    with pytest.raises(IndexError) as caught:
        view[len(view)]
    assert str(caught.value) == f"Out of bound: Index {SIZE} is larger than the view size {SIZE}"


def test_negative_index(view):
    for index in -1, -SIZE, -(2**40):
        with pytest.raises(IndexError) as caught:
            view[index]
        assert str(caught.value) == "Out of bound: Index cannot be negative"
        with pytest.raises(IndexError) as caught:
            view[index] = 1
        assert str(caught.value) == "Out of bound: Index cannot be negative"


@pytest.mark.parametrize("index", [2**64, -(2**64), 10**100])
def test_index_beyond_every_size(view, index):
    with pytest.raises((IndexError, OverflowError)):
        view[index]
    with pytest.raises((IndexError, OverflowError)):
        view[index] = 1


@pytest.mark.parametrize("index", ["a", 1.5, None, (1, 2), b"1"])
def test_index_of_the_wrong_type(view, index):
    text = "^Only integers and slices are valid to represent an index$"
    with pytest.raises(ValueError, match=text):
        view[index]
    with pytest.raises(ValueError, match=text):
        view[index] = 1


def test_empty_slices(view):
    with pytest.raises(IndexError) as caught:
        view[2:1]
    assert str(caught.value) == "Slice `2:1` cannot be empty"
    assert view[5:5] == []


def test_slices_with_a_negative_step(view):
    with pytest.raises(IndexError) as caught:
        view[0:2:-1]
    assert str(caught.value) == "Slice must have a positive step; given -1"


def test_a_slice_ends_with_the_view(view):
    assert len(view[0 : 10**9]) == SIZE
    assert len(view[:]) == SIZE
    assert view[-3:] == [0, 0, 0]


@pytest.mark.parametrize("given", [[1], [1, 2, 3], [], b"abc"])
def test_a_sequence_of_another_length(view, given):
    with pytest.raises(IndexError) as caught:
        view[0:2] = given
    assert str(caught.value) == f"Sequence length {len(given)} doesn't match slice length 2"
    assert view[0:4] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "given", [[1, 2, 3], (1, 2, 3), b"\1\2\3", bytearray(b"\1\2\3"), range(1, 4)]
)
def test_sequences(view, given):
    view[10:13] = given
    assert view[9:14] == [0, 1, 2, 3, 0]


def test_a_slice_of_what_is_no_sequence(view):
    for wrong in 3, None, object():
        with pytest.raises(TypeError):
            view[0:2] = wrong


@EVERY_INTEGER
def test_values_out_of_range(memory, name, class_, size, format_, low, high):
    view = make(memory, name)
    for value in low - 1, high + 1, 2**200, -(2**200):
        with pytest.raises(OverflowError):
            view[0] = value
        with pytest.raises(OverflowError):
            view[0:1] = [value]
    assert view[0] == 0


@EVERY_INTEGER
def test_values_that_are_no_integers(memory, name, class_, size, format_, low, high):
    view = make(memory, name)
    for value in 1.5, "a", b"a", None:
        with pytest.raises(TypeError):
            view[0] = value
        with pytest.raises(TypeError):
            view[0:1] = [value]


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_values_of_float_views(memory, name):
    view = make(memory, name)
    for value in 1, True, numpy.float32(1.0), numpy.int64(1):
        view[0] = value
        assert view[0] == 1.0
        view[0] = 0
    view[0:3] = [math.inf, -math.inf, math.nan]
    assert view[0:2] == [math.inf, -math.inf]
    assert math.isnan(view[2])
    for wrong in "1", None, b"1":
        with pytest.raises(TypeError):
            view[0] = wrong


def test_float32_rounds(memory):
    view = memory.float32_view()
    view[0] = 0.1
    assert view[0] == 0.10000000149011612


def test_offset_beyond_the_end(memory):
    assert len(memory.uint8_view(SIZE)) == 0
    for offset in SIZE + 1, 2**62, 2**64, -1:
        with pytest.raises((IndexError, ValueError, OverflowError)):
            memory.uint8_view(offset)
    with pytest.raises((IndexError, ValueError, OverflowError)):
        memory.int64_view(SIZE // 8 + 1)
    for wrong in "1", 1.5, None:
        with pytest.raises(TypeError):
            memory.uint8_view(wrong)


def test_nothing_is_deleted(view):
    with pytest.raises((TypeError, NotImplementedError)):
        del view[0]
    with pytest.raises((TypeError, NotImplementedError)):
        del view[0:2]
    assert len(view) == SIZE


def test_views_of_the_same_bytes(memory):
    bytes_, words = memory.uint8_view(), memory.uint16_view(1)
    bytes_[2], bytes_[3] = 0x34, 0x12
    assert words[0] == 0x1234
    words[0] = 0xABCD
    assert bytes_[2:4] == [0xCD, 0xAB]


@pytest.mark.parametrize("by", ["host", "guest"])
def test_a_view_stays_valid_when_the_memory_grows(instantiate, by):
    exports = instantiate(
        """(module (memory (export "memory") 1)
            (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"""
    ).exports
    memory = exports.memory
    old = memory.int32_view()
    old[0] = 1
    grow = memory.grow if by == "host" else exports.grow
    assert grow(200) == 1
    new = memory.int32_view()
    assert len(new) == 201 * PAGE // 4
    assert old[0] == new[0] == 1
    old[1] = 2
    new[2] = 3
    exports.poke(12, 4)
    assert old[0:4] == new[0:4] == [1, 2, 3, 4]


def test_indices_may_be_anything_with_index(view):
    view[numpy.int32(3)] = numpy.uint8(4)
    assert view[numpy.uint64(3)] == 4
    assert view[True] == 0


@pytest.mark.parametrize(
    "dtype", ["u1", "i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8"]
)
def test_numpy_shares_the_bytes(memory, dtype):
    numbers = numpy.frombuffer(memory.buffer, dtype=dtype)
    assert numbers.size == SIZE // numbers.itemsize
    assert numbers.flags.writeable
    numbers[5] = 42
    offset = 5 * numbers.itemsize
    assert memory.read(offset, numbers.itemsize) == numbers[5].tobytes()
    memory.write(offset, bytes(numbers.itemsize))
    assert numbers[5] == 0


def test_numpy_from_the_buffer_itself(memory):
    array = numpy.asarray(memory.buffer)
    assert (array.dtype, array.shape) == (numpy.uint8, (SIZE,))
    array[:4] = 9
    assert memory.read(0, 5) == b"\x09\x09\x09\x09\0"


def test_numpy_arrays_stay_valid_when_the_memory_grows(memory):
    old = numpy.frombuffer(memory.buffer, dtype=numpy.uint8)
    memory.grow(100)
    new = numpy.frombuffer(memory.buffer, dtype=numpy.uint8)
    old[:8] = range(8)
    assert new[:8].tolist() == list(range(8))
    assert old.size == SIZE
    assert new.size == SIZE + 100 * PAGE


def test_numpy_arrays_are_written(memory):
    data = numpy.arange(1000, dtype="<f8")
    memory.write(64, data)
    assert memory.float64_view(8)[0:1000] == data.tolist()
