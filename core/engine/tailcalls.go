package engine

import (
	"runtime"
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// miscompilesTailCalls says that wazero's compiler may put the address of the function that is called in the register
// of its last parameter.
const miscompilesTailCalls = runtime.GOARCH == "amd64"

// integerRegisters are the parameters that wazero passes in registers, beside those that are floats or vectors. With
// fewer, the register of the last one is not touched; with more, wazero itself makes a plain call.
const integerRegisters = 7

// plainCalls are the calls that stand for tail calls by address.
var plainCalls = map[wasm.Opcode]wasm.Opcode{
	wasm.OpReturnCall:         wasm.OpCall, // of an import
	wasm.OpReturnCallIndirect: wasm.OpCallIndirect,
	wasm.OpReturnCallRef:      wasm.OpCallRef,
}

// replaceTailCalls makes a call and a return of tail calls by address that have so many parameters.
func replaceTailCalls(p *wasm.Module) {
	if f := p.Features(); !f.Has(wasm.TailCalls) && !f.Has(wasm.FunctionReferences) {
		return
	}
	imports := importedTypes(p)
	p.Code = slices.Clone(p.Code)
	for i := range p.Code {
		p.Code[i].Body = withoutTailCalls(p, p.Code[i].Body, imports)
	}
}

func withoutTailCalls(p *wasm.Module, x wasm.Expr, imports []uint32) wasm.Expr {
	var out []byte
	copied := 0
	for it := wasm.NewIter(x); it.Next(); {
		plain, ok := plainCalls[it.Op]
		if !ok {
			continue
		}
		t := it.Index
		if it.Op == wasm.OpReturnCall {
			if int(t) >= len(imports) {
				continue
			}
			t = imports[t]
		}
		if integers(p.Types[t].Params) < integerRegisters {
			continue
		}
		out = plain.Append(append(out, x.Bytes[copied:it.Start]...))
		out = append(out, it.Bytes()[len(it.Op.Append(nil)):]...)
		out = wasm.OpReturn.Append(out)
		copied = it.Pos()
	}
	if out == nil {
		return x
	}
	return wasm.Expr{Bytes: append(out, x.Bytes[copied:]...), Offset: x.Offset}
}

// importedTypes returns the types of the functions that are imported.
func importedTypes(p *wasm.Module) []uint32 {
	var types []uint32
	for i := range p.Imports {
		if im := &p.Imports[i]; im.Kind == wasm.ExternFunc {
			types = append(types, im.Type)
		}
	}
	return types
}

// integers counts the values that are passed in registers for integers.
func integers(types []wasm.ValType) int {
	n := 0
	for _, t := range types {
		if t != wasm.F32 && t != wasm.F64 && t != wasm.V128 {
			n++
		}
	}
	return n
}
