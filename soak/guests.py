"""The guests that the actions run."""

WORK = """(module
    (import "m" "host" (func $host (param i32) (result i32)))
    (memory (export "memory") 1 64)
    (table (export "refs") 4 externref)
    (table (export "functions") 4 funcref)
    (global (export "global") (mut i64) (i64.const 7))
    (type $callback (func (param i32) (result i32)))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "loop") (loop (br 0)))
    (func (export "forever") (loop (drop (call $host (i32.const 1))) (br 0)))
    (func (export "count") (param i32) (result i32) (local i32)
        (loop (local.set 1 (i32.add (local.get 1) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get 1) (local.get 0))))
        (local.get 1))
    (func (export "call") (param i32) (result i32) (call $host (local.get 0)))
    (func (export "indirect") (param i32 i32) (result i32)
        (call_indirect 1 (type $callback) (local.get 1) (local.get 0)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "poke") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
    (func $deep (export "deep") (result i32) (i32.add (call $deep) (i32.const 1)))
    (func (export "pass") (param externref) (result externref) (local.get 0))
    (func (export "many") (result i32 i64 f32 f64)
        (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4)))"""

# Writes its stdin to its stdout, makes a file of it, and leaves with the exit code 3.
PROGRAM = """(module
    (import "wasi_snapshot_preview1" "fd_read"
        (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\00\\01\\00\\00\\00\\10\\00\\00")
    (data (i32.const 64) "out.txt")
    (func (export "_start")
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))
        (drop (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 7) (i32.const 9)
            (i64.const 0x42) (i64.const 0) (i32.const 0) (i32.const 40)))
        (drop (call $write (i32.load (i32.const 40)) (i32.const 0) (i32.const 1) (i32.const 32)))
        (call $exit (i32.const 3))))"""

SLEEPER = """(module
    (import "wasi_snapshot_preview1" "poll_oneoff"
        (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "\\01\\00\\00\\00") ;; the monotonic clock
    (data (i32.const 24) "\\00\\a0\\b8\\30\\46\\03\\00\\00") ;; an hour
    (func (export "sleep")
        (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"""
