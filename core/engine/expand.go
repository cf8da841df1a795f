package engine

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// expansion appends what stands for an instruction. first is the function's first scratch local.
type expansion func(b []byte, first uint32) []byte

// The scratch locals of a function in which something was expanded, by type.
const (
	scratchI32  = 0
	scratchI64  = 2
	scratchV128 = 4
)

var scratch = []wasm.LocalRun{{Count: 2, Type: wasm.I32}, {Count: 2, Type: wasm.I64}, {Count: 3, Type: wasm.V128}}

// expand replaces instructions wherever they occur.
func expand(p *wasm.Module, rules map[wasm.Opcode]expansion) {
	p.Code = slices.Clone(p.Code)
	for i := range p.Code {
		p.Code[i] = expandBody(p.Code[i], len(p.Types[p.Funcs[i]].Params), rules)
	}
}

func expandBody(c wasm.Code, params int, rules map[wasm.Opcode]expansion) wasm.Code {
	first := uint32(params)
	for _, run := range c.Locals {
		first += run.Count
	}
	var out []byte
	copied := 0
	for it := wasm.NewIter(c.Body); it.Next(); {
		if rule := rules[it.Op]; rule != nil {
			out = rule(append(out, c.Body.Bytes[copied:it.Start]...), first)
			copied = it.Pos()
		}
	}
	if out == nil {
		return c
	}
	c.Body.Bytes = append(out, c.Body.Bytes[copied:]...)
	c.Locals = append(slices.Clone(c.Locals), scratch...)
	return c
}

func localGet(b []byte, local uint32) []byte { return wasm.AppendU32(wasm.OpLocalGet.Append(b), local) }

func localSet(b []byte, local uint32) []byte { return wasm.AppendU32(wasm.OpLocalSet.Append(b), local) }

func opcode(name string) wasm.Opcode {
	op, ok := wasm.OpcodeByName(name)
	if !ok {
		panic("unknown instruction " + name)
	}
	return op
}
