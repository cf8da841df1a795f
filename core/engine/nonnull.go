package engine

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// replaceBrOnNonNull makes br_on_null and br of br_on_non_null. For that, wazero's interpreter does not take the
// reference off the stack before it counts the values that a branch leaves behind, so one stays below the label's.
func replaceBrOnNonNull(p *wasm.Module) {
	if !p.Features().Has(wasm.FunctionReferences) {
		return
	}
	p.Code = slices.Clone(p.Code)
	for i := range p.Code {
		p.Code[i].Body = withoutBrOnNonNull(p, p.Code[i].Body, p.Types[p.Funcs[i]].Results)
	}
}

func withoutBrOnNonNull(p *wasm.Module, x wasm.Expr, results []wasm.ValType) wasm.Expr {
	var out []byte
	copied := 0
	labels := [][]wasm.ValType{results}
	for it := wasm.NewIter(x); it.Next(); {
		switch it.Op {
		case wasm.OpBlock, wasm.OpIf, wasm.OpTryTable:
			labels = append(labels, blockType(p, it.Block).Results)
		case wasm.OpLoop:
			labels = append(labels, blockType(p, it.Block).Params)
		case wasm.OpEnd:
			labels = labels[:len(labels)-1]
		case wasm.OpBrOnNonNull:
			out = append(out, x.Bytes[copied:it.Start]...)
			out = appendBrOnNonNull(p, out, it.Index, labels[len(labels)-1-int(it.Index)])
			copied = it.Pos()
		}
	}
	if out == nil {
		return x
	}
	return wasm.Expr{Bytes: append(out, x.Bytes[copied:]...), Offset: x.Offset}
}

// appendBrOnNonNull appends a block that takes what the label takes, and ends if the reference is null.
func appendBrOnNonNull(p *wasm.Module, b []byte, label uint32, types []wasm.ValType) []byte {
	last := len(types) - 1
	t := wasm.FuncType{Params: append(slices.Clone(types[:last]), types[last].AsNullable()), Results: types[:last]}
	b = wasm.AppendBlockType(wasm.OpBlock.Append(b), wasm.BlockType{Indexed: true, Index: typeIndex(p, t)})
	b = wasm.AppendU32(wasm.OpBrOnNull.Append(b), 0)
	return wasm.OpEnd.Append(wasm.AppendU32(wasm.OpBr.Append(b), label+1))
}

func blockType(p *wasm.Module, t wasm.BlockType) wasm.FuncType {
	switch {
	case t.Indexed:
		return p.Types[t.Index]
	case t.Result == 0:
		return wasm.FuncType{}
	}
	return wasm.FuncType{Results: []wasm.ValType{t.Result}}
}

// typeIndex returns the index of a type, which it adds where it is missing.
func typeIndex(p *wasm.Module, t wasm.FuncType) uint32 {
	same := func(known wasm.FuncType) bool {
		return slices.Equal(known.Params, t.Params) && slices.Equal(known.Results, t.Results)
	}
	if i := slices.IndexFunc(p.Types, same); i >= 0 {
		return uint32(i)
	}
	p.Types = append(slices.Clip(p.Types), t)
	return uint32(len(p.Types) - 1)
}
