package meter

import "github.com/pywasm-go/pywasm/core/wasm"

// Bulk operations of more than this are done in pieces, with a test after each. The pages of a memory may be new to the
// host, so filling takes up to a nanosecond per byte.
const (
	chunkBytes    = 1 << 18
	chunkElements = 1 << 15
)

func isBulk(op wasm.Opcode) bool {
	switch op {
	case wasm.OpMemoryInit, wasm.OpMemoryCopy, wasm.OpMemoryFill, wasm.OpTableInit, wasm.OpTableCopy, wasm.OpTableFill:
		return true
	}
	return false
}

// constantOf returns the number that the instruction pushes if it is i32.const, and -1 if not.
func constantOf(it *wasm.Iter) int64 {
	if it.Op != wasm.OpI32Const {
		return -1
	}
	return int64(uint32(it.Bits))
}

// isLong reports whether a bulk operation may do more than a chunk. length is how much it does, or -1.
func (m *module) isLong(it *wasm.Iter, length int64) bool {
	chunk, most := int64(chunkBytes), int64(1)<<32
	switch it.Op {
	case wasm.OpMemoryInit:
		most = m.dataSegment(it.Index)
	case wasm.OpTableInit:
		chunk, most = chunkElements, m.elementSegment(it.Index)
	case wasm.OpTableCopy, wasm.OpTableFill:
		chunk, most = chunkElements, m.tableMax(it.Index)
	}
	if length >= 0 {
		most = min(most, length)
	}
	return most > chunk
}

// isSplit reports whether an instruction may run for long, and so becomes a function with safe points.
func (m *module) isSplit(it *wasm.Iter, length int64) bool {
	return isWait(it.Op) || isBulk(it.Op) && m.isLong(it, length)
}

// isMetered reports whether what an instruction costs is known only when it runs. It becomes a function that pays.
func (m *module) isMetered(it *wasm.Iter, length int64) bool {
	return it.Op == wasm.OpTableGrow || m.isSplit(it, length) || isBulk(it.Op) && length < 0
}

func isWait(op wasm.Opcode) bool { return op == wasm.OpAtomicWait32 || op == wasm.OpAtomicWait64 }
