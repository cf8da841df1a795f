package engine

import (
	"runtime"
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// remainderUnsafe says that wazero's compiler may compute a wrong remainder under register pressure (wazero#2508).
const remainderUnsafe = runtime.GOARCH == "arm64"

// replaceRemainders computes a - (a / b) * b in place of a rem b.
func replaceRemainders(p *wasm.Module) {
	p.Code = slices.Clone(p.Code)
	for i := range p.Code {
		params := len(p.Types[p.Funcs[i]].Params)
		p.Code[i] = withoutRemainders(p.Code[i], params)
	}
}

// withoutRemainders uses four more locals: two for the operands of each type.
func withoutRemainders(c wasm.Code, params int) wasm.Code {
	first := uint32(params)
	for _, run := range c.Locals {
		first += run.Count
	}
	var out []byte
	copied := 0
	for it := wasm.NewIter(c.Body); it.Next(); {
		r, ok := remainders[it.Op]
		if !ok {
			continue
		}
		out = r.append(append(out, c.Body.Bytes[copied:it.Start]...), first)
		copied = it.Pos()
	}
	if out == nil {
		return c
	}
	c.Body.Bytes = append(out, c.Body.Bytes[copied:]...)
	c.Locals = append(slices.Clone(c.Locals), wasm.LocalRun{Count: 2, Type: wasm.I32}, wasm.LocalRun{Count: 2, Type: wasm.I64})
	return c
}

type remainder struct {
	div, mul, sub wasm.Opcode
	local         uint32 // of the first operand, after the function's own
	// Of a signed one, whose quotient overflows where b is -1: the remainder is 0 then.
	minusOne, eq wasm.Opcode
}

var remainders = map[wasm.Opcode]remainder{
	opcode("i32.rem_u"): {div: opcode("i32.div_u"), mul: opcode("i32.mul"), sub: opcode("i32.sub")},
	opcode("i64.rem_u"): {div: opcode("i64.div_u"), mul: opcode("i64.mul"), sub: opcode("i64.sub"), local: 2},
	opcode("i32.rem_s"): {
		div: opcode("i32.div_s"), mul: opcode("i32.mul"), sub: opcode("i32.sub"),
		minusOne: wasm.OpI32Const, eq: opcode("i32.eq"),
	},
	opcode("i64.rem_s"): {
		div: opcode("i64.div_s"), mul: opcode("i64.mul"), sub: opcode("i64.sub"), local: 2,
		minusOne: wasm.OpI64Const, eq: opcode("i64.eq"),
	},
}

func opcode(name string) wasm.Opcode {
	op, ok := wasm.OpcodeByName(name)
	if !ok {
		panic("unknown instruction " + name)
	}
	return op
}

func (r remainder) append(b []byte, first uint32) []byte {
	x, y := first+r.local, first+r.local+1
	get := func(b []byte, local uint32) []byte { return wasm.AppendU32(wasm.OpLocalGet.Append(b), local) }
	b = wasm.AppendU32(wasm.OpLocalSet.Append(b), y)
	b = wasm.AppendU32(wasm.OpLocalSet.Append(b), x)
	signed := r.minusOne != 0
	if signed {
		b = wasm.AppendS32(r.minusOne.Append(get(b, y)), -1)
		b = wasm.OpIf.Append(r.eq.Append(b))
		b = append(b, byte(r.valueType()))
		b = wasm.AppendS32(r.minusOne.Append(b), 0)
		b = wasm.OpElse.Append(b)
	}
	b = r.div.Append(get(get(get(b, x), x), y))
	b = r.sub.Append(r.mul.Append(get(b, y)))
	if signed {
		b = wasm.OpEnd.Append(b)
	}
	return b
}

func (r remainder) valueType() wasm.ValType {
	if r.minusOne == wasm.OpI32Const {
		return wasm.I32
	}
	return wasm.I64
}
