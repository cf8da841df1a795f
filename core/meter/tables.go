package meter

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// filledTables returns which tables the module, or another one, may put functions into. All others hold what the host put
// there, if anything.
func (m *module) filledTables() []bool {
	filled := make([]bool, len(m.spaces.Tables))
	fill := func(table uint32) {
		if int(table) < len(filled) {
			filled[table] = true
		}
	}
	for table := range len(m.spaces.Tables) - len(m.Tables) {
		fill(uint32(table))
	}
	for i, t := range m.Tables {
		if t.Init != nil {
			fill(uint32(len(filled) - len(m.Tables) + i))
		}
	}
	for _, e := range m.Exports {
		if e.Kind == wasm.ExternTable {
			fill(e.Index)
		}
	}
	for i := range m.Elements {
		if m.Elements[i].Mode == wasm.Active {
			fill(m.Elements[i].Table)
		}
	}
	if !slices.Contains(filled, false) {
		return filled
	}
	for i := range m.Code {
		for it := wasm.NewIter(m.Code[i].Body); it.Next(); {
			switch it.Op {
			case wasm.OpTableSet, wasm.OpTableGrow, wasm.OpTableFill, wasm.OpTableCopy:
				fill(it.Index)
			case wasm.OpTableInit:
				fill(it.Index2)
			}
		}
	}
	return filled
}
