package meter_test

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

const (
	opI64ShrU       wasm.Opcode = 0x88
	opI64ExtendI32U wasm.Opcode = 0xAD
)

// counted returns a module that counts, one by one, the instructions that it runs, and which global it counts in. This is
// what fuel must come to, found in the simplest way.
func counted(m *wasm.Module) (*wasm.Module, uint32) {
	c := newCounter(m, 1)
	return c.module(func(*wasm.Iter) {}), c.count
}

// counter writes modules that count.
type counter struct {
	m, out *wasm.Module
	count  uint32 // a global
	length uint32 // the local for the length of a bulk operation
	b      []byte
}

// newCounter starts with some new globals, i64 all of them.
func newCounter(m *wasm.Module, globals int) *counter {
	out := *m
	c := &counter{m: m, out: &out, count: uint32(len(m.Spaces().Globals))}
	out.Globals = slices.Clone(m.Globals)
	for range globals {
		out.Globals = append(out.Globals, wasm.Global{
			GlobalType: wasm.GlobalType{Type: wasm.I64, Mutable: true},
			Init:       wasm.Expr{Bytes: wasm.OpEnd.Append(wasm.AppendS64(wasm.OpI64Const.Append(nil), 0))},
		})
	}
	return c
}

// module writes the module. before is called for each instruction and writes what comes before it.
func (c *counter) module(before func(*wasm.Iter)) *wasm.Module {
	c.out.Code = make([]wasm.Code, len(c.m.Code))
	for i, code := range c.m.Code {
		c.length = uint32(len(c.m.Types[c.m.Funcs[i]].Params))
		for _, run := range code.Locals {
			c.length += run.Count
		}
		code.Locals = append(slices.Clone(code.Locals), wasm.LocalRun{Count: 1, Type: wasm.I32})
		c.b = nil
		for it := wasm.NewIter(code.Body); it.Next(); {
			before(it)
			c.instruction(it)
		}
		code.Body = wasm.Expr{Bytes: c.b}
		c.out.Code[i] = code
	}
	return c.out
}

func (c *counter) instruction(it *wasm.Iter) {
	switch it.Op {
	case wasm.OpNop, wasm.OpBlock, wasm.OpLoop, wasm.OpElse, wasm.OpEnd, wasm.OpTryTable:
	default:
		c.add(func() { c.b = wasm.AppendS64(wasm.OpI64Const.Append(c.b), 1) })
	}
	if shift := lengthShift(it.Op); shift > 0 {
		c.at(wasm.OpLocalTee, c.length)
		c.add(func() {
			c.at(wasm.OpLocalGet, c.length)
			c.b = wasm.AppendS64(wasm.OpI64Const.Append(opI64ExtendI32U.Append(c.b)), shift)
			c.b = opI64ShrU.Append(c.b)
		})
	}
	c.b = append(c.b, it.Bytes()...)
}

func (c *counter) add(value func()) {
	c.at(wasm.OpGlobalGet, c.count)
	value()
	c.b = wasm.OpI64Add.Append(c.b)
	c.at(wasm.OpGlobalSet, c.count)
}

func (c *counter) at(op wasm.Opcode, index uint32) { c.b = wasm.AppendU32(op.Append(c.b), index) }

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
