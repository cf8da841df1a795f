package engine

import (
	"runtime"
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// selectUnsafe says that wazero's compiler may give neither operand for a select between floats or vectors, but what
// some register held. It was found by comparing the compilers on generated modules (tests_go/differential).
const selectUnsafe = runtime.GOARCH == "amd64"

// replaceSelects makes an if of each select between floats or vectors. It must see bodies as they were validated.
func replaceSelects(p *wasm.Module, selects []wasm.Select) {
	if len(selects) == 0 {
		return
	}
	types := make(map[int]wasm.ValType, len(selects))
	for _, s := range selects {
		types[s.Offset] = s.Type
	}
	p.Code = slices.Clone(p.Code)
	for i := range p.Code {
		p.Code[i] = withoutSelects(p.Code[i], len(p.Types[p.Funcs[i]].Params), types)
	}
}

// operandTypes are the types of the locals that withoutSelects adds, two each, after one for the condition.
var operandTypes = []wasm.ValType{wasm.F32, wasm.F64, wasm.V128}

func withoutSelects(c wasm.Code, params int, types map[int]wasm.ValType) wasm.Code {
	first := uint32(params)
	for _, run := range c.Locals {
		first += run.Count
	}
	var out []byte
	copied := 0
	for it := wasm.NewIter(c.Body); it.Next(); {
		if it.Op != wasm.OpSelect && it.Op != wasm.OpSelectT {
			continue
		}
		t, ok := types[it.Offset()]
		if !ok {
			continue
		}
		out = appendChoice(append(out, c.Body.Bytes[copied:it.Start]...), t, first)
		copied = it.Pos()
	}
	if out == nil {
		return c
	}
	c.Body.Bytes = append(out, c.Body.Bytes[copied:]...)
	c.Locals = append(slices.Clone(c.Locals), wasm.LocalRun{Count: 1, Type: wasm.I32})
	for _, t := range operandTypes {
		c.Locals = append(c.Locals, wasm.LocalRun{Count: 2, Type: t})
	}
	return c
}

// appendChoice appends: if condition then x else y, of the three values on the stack.
func appendChoice(b []byte, t wasm.ValType, first uint32) []byte {
	x := first + 1 + 2*uint32(slices.Index(operandTypes, t))
	y := x + 1
	b = localSet(localSet(localSet(b, first), y), x)
	b = append(wasm.OpIf.Append(localGet(b, first)), byte(t))
	b = wasm.OpElse.Append(localGet(b, x))
	return wasm.OpEnd.Append(localGet(b, y))
}
