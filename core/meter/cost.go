package meter

import "github.com/pywasm-go/pywasm/core/wasm"

// Fuel is counted in instructions. Those that only give structure cost nothing, all others 1. Bulk operations and table.grow
// cost 1 more for each whole unit that they write.
const (
	bytesPerUnit    = 64
	elementsPerUnit = 8
)

// unit returns how much a bulk operation writes for one unit of fuel.
func unit(op wasm.Opcode) int64 {
	switch op {
	case wasm.OpMemoryInit, wasm.OpMemoryCopy, wasm.OpMemoryFill:
		return bytesPerUnit
	}
	return elementsPerUnit
}

// isFree reports whether an instruction costs nothing.
func isFree(op wasm.Opcode) bool {
	switch op {
	case wasm.OpNop, wasm.OpBlock, wasm.OpLoop, wasm.OpElse, wasm.OpEnd, wasm.OpTryTable:
		return true
	}
	return false
}
