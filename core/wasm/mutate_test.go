package wasm_test

import (
	"math/rand/v2"
	"sync"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// mutateBody changes a body instruction by instruction, so that most of what comes out is well-formed and some of it
// valid.
func mutateBody(r *rand.Rand, body []byte) []byte {
	var instrs [][]byte
	for it := wasm.NewIter(wasm.Expr{Bytes: body}); it.Next(); {
		instrs = append(instrs, it.Bytes())
	}
	for range 1 + r.IntN(4) {
		at := r.IntN(len(instrs) + 1)
		switch n := len(instrs); {
		case n == 0 || r.IntN(3) == 0:
			instrs = append(instrs[:at:at], append([][]byte{randomInstr(r)}, instrs[at:]...)...)
		case at == n:
		case r.IntN(3) == 0:
			instrs = append(instrs[:at:at], instrs[at+1:]...)
		case r.IntN(2) == 0:
			instrs[at] = randomInstr(r)
		default:
			instrs[at] = instrs[r.IntN(n)]
		}
	}
	var b []byte
	for _, instr := range instrs {
		b = append(b, instr...)
	}
	return b
}

// allOpcodes are the opcodes that have a row in the tables and may stand in a module.
var allOpcodes = sync.OnceValue(func() (ops []wasm.Opcode) {
	for op := range wasm.Opcode(0x600) {
		if info := op.Info(); info.Name != "" && info.Feature.Supported() {
			ops = append(ops, op)
		}
	}
	return ops
})

func randomInstr(r *rand.Rand) []byte {
	ops := allOpcodes()
	op := ops[r.IntN(len(ops))]
	if r.IntN(2) == 0 {
		op = ops[r.IntN(50)] // control and variables more often than their number
	}
	b := op.Append(nil)
	index := func() { b = wasm.AppendU32(b, r.Uint32N(5)) }
	switch op.Info().Imm {
	case wasm.ImmNone:
	case wasm.ImmBlock:
		b = wasm.AppendBlockType(b, randomBlock(r))
	case wasm.ImmTryTable:
		b = append(wasm.AppendBlockType(b, randomBlock(r)), 1)
		b = wasm.AppendCatch(b, wasm.Catch{Kind: byte(r.IntN(4)), Label: r.Uint32N(3)})
	case wasm.ImmBrTable:
		b = append(b, 2)
		index()
		index()
		index()
	case wasm.ImmTypeTable, wasm.ImmTableTable, wasm.ImmElemTable, wasm.ImmDataMemory, wasm.ImmMemoryMemory:
		b = append(b, byte(r.IntN(4)), byte(r.IntN(2)))
	case wasm.ImmMemArg:
		b = wasm.AppendMemArg(b, uint32(op.Info().Align), r.Uint64()>>(33+r.IntN(31)))
	case wasm.ImmMemArgLane:
		b = append(wasm.AppendMemArg(b, r.Uint32N(4), 1), byte(r.IntN(16)))
	case wasm.ImmF32:
		b = wasm.AppendF32(b, r.Uint32())
	case wasm.ImmF64:
		b = wasm.AppendF64(b, r.Uint64())
	case wasm.ImmV128, wasm.ImmShuffle:
		for range 16 {
			b = append(b, byte(r.IntN(33)))
		}
	case wasm.ImmHeapType:
		b = wasm.AppendHeapType(b, randomRef(r).Heap())
	case wasm.ImmSelect:
		b = wasm.AppendValType(append(b, 1), randomType(r))
	case wasm.ImmFence:
		b = append(b, 0)
	default:
		index()
	}
	return b
}

func randomBlock(r *rand.Rand) wasm.BlockType {
	if r.IntN(2) == 0 {
		return wasm.BlockType{Index: r.Uint32N(5), Indexed: true}
	}
	return wasm.BlockType{Result: randomType(r)}
}

func randomRef(r *rand.Rand) wasm.ValType {
	heaps := [...]wasm.HeapType{wasm.HeapFunc, wasm.HeapExtern, wasm.HeapExn, 0, 1, 2, 3, 4}
	return wasm.Ref(heaps[r.IntN(len(heaps))], r.IntN(2) == 0)
}

func randomType(r *rand.Rand) wasm.ValType {
	numbers := [...]wasm.ValType{wasm.I32, wasm.I64, wasm.F32, wasm.F64, wasm.V128}
	if i := r.IntN(8); i < len(numbers) {
		return numbers[i]
	}
	return randomRef(r)
}
