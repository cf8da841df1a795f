package engine

import "github.com/pywasm-go/pywasm/core/wasm"

// selfContained reports whether the machine code of a body never leaves to ask something of Go: it returns or traps.
//
// The instructions are listed one by one, as what wazero does for an instruction is nothing that the specification
// says: for ref.func, say, it calls Go.
func selfContained(body wasm.Expr) bool {
	it := wasm.NewIter(body)
	for it.Next() {
		if !contained(it.Op) {
			return false
		}
	}
	return it.Err() == nil
}

func contained(op wasm.Opcode) bool {
	switch op {
	case wasm.OpUnreachable, wasm.OpNop, wasm.OpBlock, wasm.OpIf, wasm.OpElse, wasm.OpEnd, wasm.OpBr, wasm.OpBrIf,
		wasm.OpBrTable, wasm.OpReturn, wasm.OpDrop, wasm.OpSelect, wasm.OpLocalGet, wasm.OpLocalSet, wasm.OpLocalTee,
		wasm.OpGlobalGet, wasm.OpGlobalSet, wasm.OpRefNull, wasm.OpRefIsNull, wasm.OpMemorySize:
		return true
	}
	info := op.Info()
	return info.Simple && pure(info)
}

// pure reports whether an instruction is a load, a store or arithmetic, all of which wazero compiles in line. Atomic
// instructions with operands to wait for are not.
func pure(info *wasm.OpInfo) bool {
	switch info.Imm {
	case wasm.ImmMemArg, wasm.ImmMemArgLane:
		return info.Feature != wasm.Threads
	case wasm.ImmNone, wasm.ImmI32, wasm.ImmI64, wasm.ImmF32, wasm.ImmF64, wasm.ImmV128, wasm.ImmLane, wasm.ImmShuffle:
		return true
	}
	return false
}
