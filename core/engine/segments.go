package engine

import (
	"slices"

	"github.com/pywasm-go/pywasm/buffer/linear"
	"github.com/pywasm-go/pywasm/core/wasm"
)

// sequenceSegments makes a function of the active segments, as the specification describes instantiation: table.init and
// memory.init for each, in order, which may trap half way. wazero ignores elements that are out of bounds, and copies
// data first. Modules whose segments are sure to fit are left to wazero, which is faster.
//
// https://webassembly.github.io/spec/core/exec/modules.html#instantiation
func (m *Module) sequenceSegments(p *wasm.Module) {
	if m.segmentsFit() {
		return
	}
	var body []byte
	p.Elements = slices.Clone(p.Elements)
	for i := range p.Elements {
		if e := &p.Elements[i]; e.Mode == wasm.Active {
			body = appendInit(body, e.Start, e.Len(), wasm.OpTableInit, uint32(i), e.Table)
			body = wasm.AppendU32(wasm.OpElemDrop.Append(body), uint32(i))
			e.Mode, e.Start, e.Table = wasm.Passive, wasm.Expr{}, 0
		}
	}
	p.Data = slices.Clone(p.Data)
	for i := range p.Data {
		if d := &p.Data[i]; d.Mode == wasm.Active {
			body = appendInit(body, d.Start, len(d.Bytes), wasm.OpMemoryInit, uint32(i), 0)
			body = wasm.AppendU32(wasm.OpDataDrop.Append(body), uint32(i))
			d.Mode, d.Start, d.Memory = wasm.Passive, wasm.Expr{}, 0
		}
	}
	count := uint32(len(p.Data))
	p.DataCount = &count
	m.addInitializer(p, wasm.OpEnd.Append(body))
}

// appendInit appends: offset, 0, length, init segment.
func appendInit(b []byte, offset wasm.Expr, length int, op wasm.Opcode, segment, target uint32) []byte {
	b = append(b, offset.Bytes[:len(offset.Bytes)-1]...) // without its end
	b = wasm.AppendS32(wasm.OpI32Const.Append(b), 0)
	b = wasm.AppendS32(wasm.OpI32Const.Append(b), int32(length))
	b = wasm.AppendU32(op.Append(b), segment)
	return wasm.AppendU32(b, target)
}

func (m *Module) addInitializer(p *wasm.Module, body []byte) {
	p.Types = append(slices.Clone(p.Types), wasm.FuncType{})
	p.Funcs = append(slices.Clone(p.Funcs), uint32(len(p.Types)-1))
	p.Code = append(slices.Clone(p.Code), wasm.Code{Body: wasm.Expr{Bytes: body}})
	index := uint32(len(m.imported[wasm.ExternFunc]) + len(p.Funcs) - 1)
	m.initializer = &index
}

// segmentsFit reports whether all active segments are sure to be in bounds.
func (m *Module) segmentsFit() bool {
	s := m.source
	for i := range s.Elements {
		e := &s.Elements[i]
		if e.Mode != wasm.Active {
			continue
		}
		own := int(e.Table) - len(m.imported[wasm.ExternTable])
		if own < 0 || !fits(e.Start, e.Len(), s.Tables[own].Limits.Min) {
			return false
		}
	}
	for i := range s.Data {
		d := &s.Data[i]
		if d.Mode != wasm.Active {
			continue
		}
		if len(s.Memories) == 0 || !fits(d.Start, len(d.Bytes), s.Memories[0].Min*linear.PageSize) {
			return false
		}
	}
	return true
}

// fits reports whether length items at a constant offset are within size.
func fits(offset wasm.Expr, length int, size uint64) bool {
	it := wasm.NewIter(offset)
	if !it.Next() || it.Op != wasm.OpI32Const || it.Pos() != len(offset.Bytes)-1 {
		return false
	}
	return uint64(uint32(it.Bits))+uint64(length) <= size
}
