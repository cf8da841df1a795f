"""Reads and writes the memory of a guest: as a buffer of Python, without copies, and by views."""

from pywasm.compat import install_as_wasmer

install_as_wasmer()

from wasmer import Instance, Module, Store

exports = Instance(
    Module(
        Store(),
        """
        (module
          (memory (export "memory") 1 2)
          (data (i32.const 16) "Hello, World!")
          (func (export "greeting") (result i32) i32.const 16))
        """,
    )
).exports

memory = exports.memory
pointer = exports.greeting()

# The buffer protocol: memoryview does not copy, bytearray does.
view = memoryview(memory.buffer)
copy = bytearray(memory.buffer)
print(len(view), view[pointer : pointer + 13].tobytes().decode())

view[pointer : pointer + 5] = b"HELLO"
print(copy[pointer : pointer + 13].decode(), "/", bytes(view[pointer : pointer + 13]).decode())

# Views of whole numbers and floats; their offset counts elements.
uint8 = memory.uint8_view(offset=pointer)
uint8[0:5] = list(b"Salut")
print("".join(map(chr, uint8[0:13])))

int32 = memory.int32_view()
int32[0] = -2
print(int32.bytes_per_element, len(int32), memory.uint8_view()[0:4], memory.int16_view()[0:2])

# Growing moves nothing: what was taken before stays valid.
print(memory.size, memory.grow(1), memory.size, memory.data_size)
print(bytes(view[pointer : pointer + 5]).decode(), len(memory.buffer), len(view))
