package engine

import (
	"sync"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// remainders compute a - (a / b) * b in place of a rem b, which may be wrong on arm64 under register pressure
// (wazero#2508).
var remainders = sync.OnceValue(func() map[wasm.Opcode]expansion {
	return map[wasm.Opcode]expansion{
		opcode("i32.rem_u"): remainder{typ: "i32", div: "i32.div_u", local: scratchI32}.append,
		opcode("i64.rem_u"): remainder{typ: "i64", div: "i64.div_u", local: scratchI64}.append,
		opcode("i32.rem_s"): remainder{typ: "i32", div: "i32.div_s", local: scratchI32, result: wasm.I32}.append,
		opcode("i64.rem_s"): remainder{typ: "i64", div: "i64.div_s", local: scratchI64, result: wasm.I64}.append,
	}
})

type remainder struct {
	typ, div string
	local    uint32
	result   wasm.ValType // of a signed one: where b is -1, the quotient may overflow, and the remainder is 0
}

func (r remainder) append(b, _ []byte, first uint32) []byte {
	x, y := first+r.local, first+r.local+1
	op := func(name string) wasm.Opcode { return opcode(r.typ + "." + name) }
	b = localSet(localSet(b, y), x)
	if r.result != 0 {
		b = wasm.AppendS32(op("const").Append(localGet(b, y)), -1)
		b = wasm.OpIf.Append(op("eq").Append(b))
		b = append(b, byte(r.result))
		b = wasm.AppendS32(op("const").Append(b), 0)
		b = wasm.OpElse.Append(b)
	}
	b = opcode(r.div).Append(localGet(localGet(localGet(b, x), x), y))
	b = op("sub").Append(op("mul").Append(localGet(b, y)))
	if r.result != 0 {
		b = wasm.OpEnd.Append(b)
	}
	return b
}
