package engine

import (
	"context"
	"slices"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// askBeforeGrowing has table.grow ask first: it becomes a call of a function that asks the host and grows the table, or
// returns -1. (A memory asks its allocator, tables have none.)
func (m *Module) askBeforeGrowing() error {
	grown := grownTables(m.base)
	if len(grown) == 0 {
		return nil
	}
	p := *m.base
	p.Types, p.Funcs = slices.Clone(p.Types), slices.Clone(p.Funcs)
	hook := uint32(len(m.imported[wasm.ExternTable]) + len(p.Tables))
	p.Tables = append(slices.Clone(p.Tables), wasm.Table{TableType: wasm.TableType{
		Elem: wasm.FuncRef, Limits: wasm.Limits{Min: 1, Max: 1, HasMax: true},
	}})
	ask := uint32(len(p.Types))
	p.Types = append(p.Types, wasm.FuncType{Params: []wasm.ValType{wasm.I32, wasm.I32}, Results: []wasm.ValType{wasm.I32}})
	var bodies []wasm.Code
	functions := map[uint32]uint32{}
	for _, t := range grown {
		functions[t] = uint32(len(m.imported[wasm.ExternFunc]) + len(p.Funcs))
		p.Funcs = append(p.Funcs, uint32(len(p.Types)))
		p.Types = append(p.Types, wasm.FuncType{Params: []wasm.ValType{m.TableType(t).Elem, wasm.I32}, Results: []wasm.ValType{wasm.I32}})
		bodies = append(bodies, wasm.Code{Body: wasm.Expr{Bytes: growBody(t, ask, hook)}})
	}
	expand(&p, map[wasm.Opcode]expansion{wasm.OpTableGrow: func(b, table []byte, _ uint32) []byte {
		it := wasm.NewIter(wasm.Expr{Bytes: append(wasm.OpTableGrow.Append(nil), table...)})
		it.Next()
		return wasm.AppendU32(wasm.OpCall.Append(b), functions[it.Index])
	}})
	p.Code = append(slices.Clone(p.Code), bodies...)
	if err := wasm.Validate(&p); err != nil { // for what it notes, see Selects
		return fail(CodeInternal, "table.grow: "+err.Error())
	}
	m.base, m.growHook = &p, &hook
	return nil
}

func grownTables(p *wasm.Module) []uint32 {
	var grown []uint32
	for i := range p.Code {
		for it := wasm.NewIter(p.Code[i].Body); it.Next(); {
			if it.Op == wasm.OpTableGrow && !slices.Contains(grown, it.Index) {
				grown = append(grown, it.Index)
			}
		}
	}
	return grown
}

// growBody is: (if (call_indirect $hook (local.get 1) (i32.const table)) (then table.grow) (else -1)).
func growBody(table, ask, hook uint32) []byte {
	b := wasm.AppendU32(wasm.OpLocalGet.Append(nil), 1)
	b = wasm.AppendS32(wasm.OpI32Const.Append(b), int32(table))
	b = wasm.AppendS32(wasm.OpI32Const.Append(b), 0)
	b = wasm.AppendU32(wasm.AppendU32(wasm.OpCallIndirect.Append(b), ask), hook)
	b = append(wasm.OpIf.Append(b), 0x7F) // i32
	b = wasm.AppendU32(wasm.OpLocalGet.Append(b), 0)
	b = wasm.AppendU32(wasm.OpLocalGet.Append(b), 1)
	b = wasm.AppendU32(wasm.OpTableGrow.Append(b), table)
	b = wasm.AppendS32(wasm.OpI32Const.Append(wasm.OpElse.Append(b)), -1)
	return wasm.OpEnd.Append(wasm.OpEnd.Append(b))
}

// allowGrowth is what the guest asks: whether its table may grow by so many elements.
func allowGrowth(ctx context.Context, guest api.Module, stack []uint64) {
	i := ctx.(*Call).instanceOf(guest)
	e := i.Export(wasm.ExternTable, uint32(stack[1]))
	allowed := e.Instance.growsTable(e.Index, uint32(stack[0]))
	stack[0] = 0
	if allowed {
		stack[0] = 1
	}
}
