package main

import (
	"sync"
	"unsafe"
)

// held keeps alive what C holds the address of. (Go does not move what is on its heap; wazero relies on that as well.)
var held struct {
	sync.Mutex
	objects map[unsafe.Pointer]any
}

// hold returns the address of an object for C and keeps the object until drop.
func hold[T any](object *T) unsafe.Pointer {
	held.Lock()
	defer held.Unlock()
	if held.objects == nil {
		held.objects = map[unsafe.Pointer]any{}
	}
	held.objects[unsafe.Pointer(object)] = object
	return unsafe.Pointer(object)
}

// holding returns how many there are.
func holding() int {
	held.Lock()
	defer held.Unlock()
	return len(held.objects)
}

func drop(p unsafe.Pointer) {
	held.Lock()
	defer held.Unlock()
	delete(held.objects, p)
}
