package differential

import "github.com/pywasm-go/pywasm/core/wasm"

// What the pinned wazero gets wrong and the engine does not mend is left out of the modules, here alone.

// selectable returns a type that select may have. On amd64, what select gives for floats and vectors may be neither of
// its operands but what some register held (wazero#2534).
func selectable(t wasm.ValType) wasm.ValType {
	switch t {
	case wasm.F32:
		return wasm.I32
	case wasm.F64, wasm.V128:
		return wasm.I64
	}
	return t
}

// mayLeaveNonNull reports whether br_on_non_null may branch to a frame. The interpreter leaves what lies below the
// reference and ought to go on the stack, so nothing may lie there.
func (b *body) mayLeaveNonNull(f *frame) bool { return len(b.stack) == f.base+len(f.labels) }
