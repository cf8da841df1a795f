package meter_test

import (
	"github.com/pywasm-go/pywasm/core/wasm"
)

const (
	opI64ShrU       wasm.Opcode = 0x88
	opI64ExtendI32U wasm.Opcode = 0xAD
)

// counted returns a module that counts, one by one, the instructions that it runs, and which global it counts in. This is
// what fuel must come to, found in the simplest way.
func counted(m *wasm.Module) (*wasm.Module, uint32) {
	out := *m
	counter := uint32(len(m.Spaces().Globals))
	out.Globals = append(out.Globals[:len(out.Globals):len(out.Globals)], wasm.Global{
		GlobalType: wasm.GlobalType{Type: wasm.I64, Mutable: true},
		Init:       wasm.Expr{Bytes: wasm.OpEnd.Append(wasm.AppendS64(wasm.OpI64Const.Append(nil), 0))},
	})
	out.Code = make([]wasm.Code, len(m.Code))
	for i, c := range m.Code {
		length := uint32(len(m.Types[m.Funcs[i]].Params)) // the length of a bulk operation
		for _, run := range c.Locals {
			length += run.Count
		}
		c.Locals = append(c.Locals[:len(c.Locals):len(c.Locals)], wasm.LocalRun{Count: 1, Type: wasm.I32})
		c.Body = wasm.Expr{Bytes: countedBody(c.Body, counter, length)}
		out.Code[i] = c
	}
	return &out, counter
}

func countedBody(body wasm.Expr, counter, length uint32) (b []byte) {
	add := func(value func()) {
		b = wasm.AppendU32(wasm.OpGlobalGet.Append(b), counter)
		value()
		b = wasm.AppendU32(wasm.OpGlobalSet.Append(wasm.OpI64Add.Append(b)), counter)
	}
	for it := wasm.NewIter(body); it.Next(); {
		switch it.Op {
		case wasm.OpNop, wasm.OpBlock, wasm.OpLoop, wasm.OpElse, wasm.OpEnd, wasm.OpTryTable:
		default:
			add(func() { b = wasm.AppendS64(wasm.OpI64Const.Append(b), 1) })
		}
		if shift := lengthShift(it.Op); shift > 0 {
			b = wasm.AppendU32(wasm.OpLocalTee.Append(b), length)
			add(func() {
				b = opI64ExtendI32U.Append(wasm.AppendU32(wasm.OpLocalGet.Append(b), length))
				b = opI64ShrU.Append(wasm.AppendS64(wasm.OpI64Const.Append(b), shift))
			})
		}
		b = append(b, it.Bytes()...)
	}
	return b
}

// lengthShift returns log2 of what an instruction writes for one unit of fuel, or 0.
func lengthShift(op wasm.Opcode) int64 {
	switch op {
	case wasm.OpMemoryInit, wasm.OpMemoryCopy, wasm.OpMemoryFill:
		return 6
	case wasm.OpTableInit, wasm.OpTableCopy, wasm.OpTableFill, wasm.OpTableGrow:
		return 3
	}
	return 0
}
