package engine

import (
	"reflect"
	"sync"
	"unsafe"

	"github.com/tetratelabs/wazero/api"
)

// wazero bounds the stack of one call. But a guest may call the host, which may call a guest, and so on: each of these calls has a
// stack of its own, and the interpreter's are on the stack of the goroutine, which ends the process where it has more than
// 512 MB. So a call also looks at what those around it take.

const (
	// maxOuterStack is the most that the calls around a new one may take, in bytes. The new one may take another 400 MB of the
	// heap if it is compiled, another maxInterpretedCalls if it is interpreted.
	maxOuterStack = 256 << 20
	// maxInterpretedCalls is how many calls of an interpreted guest may be active in one call of the host's.
	maxInterpretedCalls = 10_000
	// bytesOfInterpretedCall is what one of them was seen to take of the goroutine's stack at most.
	bytesOfInterpretedCall = 5400
	// bytesOfHostCall is more than what leads from a guest to a host function and to the next guest takes of it.
	bytesOfHostCall = 16 << 10
)

// callStackCeiling of wazero's interpreter is 2,000 without this.
//
//go:linkname callStackCeiling github.com/tetratelabs/wazero/internal/engine/interpreter.callStackCeiling
var callStackCeiling int

func init() { callStackCeiling = maxInterpretedCalls }

// stackField is where one of wazero's engines keeps the stack of a function: a slice, whose length counts units of bytes.
type stackField struct {
	offset uintptr
	unit   uint64
}

var stackFields sync.Map // reflect.Type of *callEngine → stackField

func stackFieldOf(fn api.Function) stackField {
	t := reflect.TypeOf(fn)
	if known, ok := stackFields.Load(t); ok {
		return known.(stackField)
	}
	field, unit := "frames", uint64(bytesOfInterpretedCall)
	if _, compiled := t.Elem().FieldByName("executable"); compiled {
		field, unit = "stack", 1
	}
	f, ok := t.Elem().FieldByName(field)
	if !ok || f.Type.Kind() != reflect.Slice {
		panic("wazero keeps stacks elsewhere: this version is not supported")
	}
	found := stackField{f.Offset, unit}
	stackFields.Store(t, found)
	return found
}

// operands is what an interpreted guest has on its stack, the call of the host last. Values of 128 bits are two.
func (c *Call) operands() []uint64 {
	field, ok := reflect.TypeOf(c.function.fn).Elem().FieldByName("stack")
	if !ok || field.Type != reflect.TypeFor[[]uint64]() {
		panic("wazero keeps operands elsewhere: this version is not supported")
	}
	object := (*[2]unsafe.Pointer)(unsafe.Pointer(&c.function.fn))[1]
	return *(*[]uint64)(unsafe.Add(object, field.Offset))
}

// used returns how many bytes of stack a call of fn takes now, or has taken last.
func (s stackField) used(fn api.Function) uint64 {
	object := (*[2]unsafe.Pointer)(unsafe.Pointer(&fn))[1]
	slice := (*[]byte)(unsafe.Add(object, s.offset)) // of whatever: its length alone is read
	return uint64(len(*slice)) * s.unit
}
