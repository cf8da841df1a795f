//go:build unix

package linear

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

func reserve(size uint64) ([]byte, error) {
	return unix.Mmap(-1, 0, int(size), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|mapNoReserve)
}

func commit(b []byte) error {
	return unix.Mprotect(b, unix.PROT_READ|unix.PROT_WRITE)
}

func release(b []byte) {
	if len(b) == 0 {
		return
	}
	if err := unix.Munmap(b); err != nil {
		panic(err) // a mapping of our own cannot be refused
	}
}

func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }
