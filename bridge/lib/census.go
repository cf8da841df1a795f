package main

// #include "python.h"
import "C"

import (
	"runtime"
	"runtime/debug"
	"time"

	"github.com/go-python/gopy/gopyh"

	"github.com/pywasm-go/pywasm/buffer/linear"
)

// pywasm_census counts what is left after a collection, for tests that look for leaks.
//
//export pywasm_census
func pywasm_census(out *C.struct_pywasm_census) {
	// What a finalizer lets go of is found by the next collection.
	for range 3 {
		collect()
	}
	debug.FreeOSMemory()
	out.handles, out.held = C.uint64_t(gopyh.NumHandles()), C.uint64_t(holding())
	out.memories, out.goroutines = C.uint64_t(linear.Live()), C.uint64_t(runtime.NumGoroutine())
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	out.heap = C.uint64_t(stats.HeapAlloc)
}

// collect returns when the finalizers of what it has found have run.
func collect() {
	done := make(chan struct{})
	runtime.SetFinalizer(&struct{ done chan struct{} }{done}, func(sentinel *struct{ done chan struct{} }) { close(sentinel.done) })
	runtime.GC()
	select {
	case <-done:
	case <-time.After(time.Second):
	}
}
