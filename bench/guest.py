"""The WebAssembly that all peers run. It is text: `wat2wasm` of a peer translates it."""

import itertools
import pathlib

CALLS = """(module
    (import "env" "host" (func $host (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "nop"))
    (func (export "add") (param i32 i32) (result i32)
        (i32.add (local.get 0) (local.get 1)))
    (func (export "loop") (param $n i32) (result i32) (local $sum i32)
        (loop $again
            (local.set $sum (i32.add (local.get $sum) (call $host (local.get $n))))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum)))"""

TINY = """(module
    (func (export "add") (param i32 i32) (result i32)
        (i32.add (local.get 0) (local.get 1))))"""

# What a C compiler makes of puts("hello"), by its imports and its calls of WASI.
HELLO = """(module
    (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $stat (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_seek" (func (param i32 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
    (memory (export "memory") 2)
    (data (i32.const 0) "\\08\\00\\00\\00\\06\\00\\00\\00hello\\0a")
    (func (export "_start")
        (drop (call $stat (i32.const 1) (i32.const 65536)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 65536)))))"""

CALLBACKS = 1000  # in one call of `loop`

PROGRAM = pathlib.Path(__file__).parent.parent / "examples/wordcount/wordcount.wasm"

_numbers = itertools.count()


def unseen(code):
    """`code` with a custom section that no compilation before it had."""
    content = b"\x05bench" + next(_numbers).to_bytes(8, "little")
    return code + b"\x00" + bytes([len(content)]) + content


def host(n: int) -> int:
    return n
