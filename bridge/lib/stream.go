package main

// #include "python.h"
import "C"

import (
	"io"
	"unsafe"

	"github.com/pywasm-go/pywasm/bridge"
	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/wasi"
)

// stream is an object of Python's that a guest reads or writes through WASI. It is borrowed from the Environment in Python.
type stream struct{ object unsafe.Pointer }

// Inline implements wasi.Inline: Python is called on the thread that the call of the guest came from.
func (stream) Inline() {}

func (s stream) Read(p []byte) (int, error) {
	n, err := s.transfer(p, 0)
	if n == 0 && err == nil && len(p) > 0 {
		err = io.EOF
	}
	return n, err
}

func (s stream) Write(p []byte) (int, error) { return s.transfer(p, 1) }

func (s stream) transfer(p []byte, writing C.int32_t) (int, error) {
	n := C.python_stream_transfer(s.object, unsafe.Pointer(unsafe.SliceData(p)), C.int64_t(len(p)), writing)
	if n < 0 {
		return 0, wasi.Abort{Err: engine.ErrRaised}
	}
	return int(n), nil
}

func init() { bridge.Stream = func(object unsafe.Pointer) io.ReadWriter { return stream{object} } }
