// Package main is libpywasm, the Go half of the Python package: what gopy generates from package
// bridge (gopy_*.go, never committed) beside the entry points of the data plane.
package main

// #cgo CFLAGS: -I${SRCDIR}/../native
// #include "python.h"
import "C"

import (
	"fmt"
	"unsafe"

	// Linked to below.
	_ "github.com/go-python/gopy/gopyh"
)

// main is required of a c-shared library and never runs.
func main() {}

// handleCounter is the last handle that gopy gave out.
//
//go:linkname handleCounter github.com/go-python/gopy/gopyh.ctr
var handleCounter int64

// pywasm_setup takes the functions of Python and must be called before anything else.
//
// A child made by fork opens a library of its own, while its Python objects still hold handles of
// the parent's. Each generation counts from elsewhere, so that such a handle is dead in the child
// and never that of a stranger.
//
//export pywasm_setup
func pywasm_setup(table *C.struct_pywasm_python) {
	C.pywasm_python = table
	handleCounter = int64(table.epoch) << 32
}

// call is one call from Python: it gives the GIL back on every way out, and raises what failed or
// panicked. Every function that gopy generates begins with one (see wheels/gopy.py).
type call struct {
	thread *C.PyThreadState // to be restored, or nil where the GIL was kept
	failed string           // what pywasm_raise reads
}

// enter releases the GIL.
func enter() call {
	return call{thread: C.PyEval_SaveThread()}
}

// leave must be deferred.
func (c *call) leave() {
	if r := recover(); r != nil {
		c.failed = fmt.Sprintf("panic in Go: %v", r)
	}
	if c.thread != nil {
		C.PyEval_RestoreThread(c.thread)
	}
	if c.failed != "" {
		text := C.CString(c.failed)
		C.python_raise(text)
		C.free(unsafe.Pointer(text))
	}
}

// gone is the error of a handle that is in no table: that of a parent process, in its child.
const gone = "this object was made by another process and did not survive the fork"
