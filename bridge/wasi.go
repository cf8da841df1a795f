package bridge

import (
	"unsafe"

	"github.com/pywasm-go/pywasm/core/engine"
)

// HostFunction returns the host function written in Go that Python knows by its address.
func HostFunction(p unsafe.Pointer) engine.HostFunc { return *(*engine.HostFunc)(p) }
