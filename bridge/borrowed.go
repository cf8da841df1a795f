package bridge

import "unsafe"

// pointer makes a pointer of an address that came from Python.
func pointer(address int64) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }

// borrowed is the content of an object in Python, which holds it until the call returns.
func borrowed(address, size int64) []byte { return unsafe.Slice((*byte)(pointer(address)), size) }
