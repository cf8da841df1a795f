package engine

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// referenceGlobals has ref.func read a global that has the reference. For each ref.func that runs, wazero's compiler has
// an object made that stays as long as the instance: a loop would take all memory.
//
// The references are those of the module before wrapEscaping, which looks at globals as well.
func (m *Module) referenceGlobals(p *wasm.Module) expansion {
	globals := map[uint32]uint32{} // by function
	p.Globals = slices.Clone(p.Globals)
	return func(b, immediates []byte, _ uint32) []byte {
		it := wasm.NewIter(wasm.Expr{Bytes: append(wasm.OpRefFunc.Append(nil), immediates...)})
		it.Next()
		function := it.Index
		if _, ok := globals[function]; !ok {
			globals[function] = uint32(len(m.imported[wasm.ExternGlobal]) + len(p.Globals))
			p.Globals = append(p.Globals, wasm.Global{
				GlobalType: wasm.GlobalType{Type: wasm.Ref(wasm.HeapType(m.functionTypeIndex(function)), false)},
				Init:       wasm.Expr{Bytes: wasm.OpEnd.Append(wasm.AppendU32(wasm.OpRefFunc.Append(nil), function))},
			})
		}
		return wasm.AppendU32(wasm.OpGlobalGet.Append(b), globals[function])
	}
}
