package engine

import (
	"runtime"
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// miscompilesSelects says that wazero's compiler may give neither operand for a select between floats or vectors, but
// what some register held; see miscompiled.go.
const miscompilesSelects = runtime.GOARCH == "amd64"

// wrongSelects returns the selects that become an if. Those between references do with each compiler: wazero takes the
// type for one byte, and what follows in a longer one for an instruction.
func (m *Module) wrongSelects() []wasm.Select {
	miscompiled := miscompilesSelects && m.compiler == Optimizing
	return slices.DeleteFunc(slices.Clone(m.base.Selects()), func(s wasm.Select) bool {
		return !miscompiled && !s.Type.IsRef()
	})
}

// replaceSelects makes an if of each of these selects. It must see bodies as they were validated.
func replaceSelects(p *wasm.Module, selects []wasm.Select) {
	if len(selects) == 0 {
		return
	}
	p.Code = slices.Clone(p.Code)
	for i := range p.Code {
		body := p.Code[i].Body
		n := 0
		for n < len(selects) && selects[n].Offset < body.Offset+len(body.Bytes) {
			n++
		}
		if n > 0 {
			p.Code[i] = withoutSelects(p.Code[i], len(p.Types[p.Funcs[i]].Params), selects[:n])
			selects = selects[n:]
		}
	}
}

func withoutSelects(c wasm.Code, params int, selects []wasm.Select) wasm.Code {
	first := uint32(params)
	for _, run := range c.Locals {
		first += run.Count
	}
	var out []byte
	copied := 0
	added := []wasm.LocalRun{{Count: 1, Type: wasm.I32}} // for the condition, and two for each type of operands
	for it := wasm.NewIter(c.Body); len(selects) > 0 && it.Next(); {
		if it.Offset() != selects[0].Offset {
			continue
		}
		t := selects[0].Type
		selects = selects[1:]
		pair := slices.IndexFunc(added[1:], func(run wasm.LocalRun) bool { return run.Type == t })
		if pair < 0 {
			pair = len(added) - 1
			added = append(added, wasm.LocalRun{Count: 2, Type: t})
		}
		out = append(out, c.Body.Bytes[copied:it.Start]...)
		out = appendChoice(out, t, first, first+1+2*uint32(pair))
		copied = it.Pos()
	}
	c.Body.Bytes = append(out, c.Body.Bytes[copied:]...)
	c.Locals = append(slices.Clone(c.Locals), added...)
	return c
}

// appendChoice appends: if condition then x else y, of the three values on the stack. They go to these locals, y to the
// one after x.
func appendChoice(b []byte, t wasm.ValType, condition, x uint32) []byte {
	b = localSet(localSet(localSet(b, condition), x+1), x)
	b = wasm.AppendBlockType(wasm.OpIf.Append(localGet(b, condition)), wasm.BlockType{Result: t})
	b = wasm.OpElse.Append(localGet(b, x))
	return wasm.OpEnd.Append(localGet(b, x+1))
}
