package linear

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

func reserve(size uint64) ([]byte, error) {
	p, err := windows.VirtualAlloc(0, uintptr(size), windows.MEM_RESERVE, windows.PAGE_NOACCESS)
	if err != nil {
		return nil, err
	}
	// The conversion through a pointer to p keeps vet content: this is not Go memory.
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&p))), size), nil
}

func commit(b []byte) error {
	_, err := windows.VirtualAlloc(address(b), uintptr(len(b)), windows.MEM_COMMIT, windows.PAGE_READWRITE)
	return err
}

func release(b []byte) {
	if len(b) == 0 {
		return
	}
	if err := windows.VirtualFree(address(b), 0, windows.MEM_RELEASE); err != nil {
		panic(err) // a mapping of our own cannot be refused
	}
}

func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }
