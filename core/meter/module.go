package meter

import "github.com/pywasm-go/pywasm/core/wasm"

// module is a module with its index spaces.
type module struct {
	*wasm.Module
	spaces *wasm.Spaces
}

func newModule(m *wasm.Module) (*module, error) {
	if len(m.Funcs) != len(m.Code) {
		return nil, errInvalid
	}
	return &module{Module: m, spaces: m.Spaces()}, nil
}

// imported returns how many functions are imported.
func (m *module) imported() uint32 { return uint32(m.spaces.ImportedFuncs) }

func (m *module) dataSegment(index uint32) int64 {
	if int(index) >= len(m.Data) {
		return 0
	}
	return int64(len(m.Data[index].Bytes))
}

func (m *module) elementSegment(index uint32) int64 {
	if int(index) >= len(m.Elements) {
		return 0
	}
	return int64(m.Elements[index].Len())
}

// tableMax returns how many elements a table can have.
func (m *module) tableMax(index uint32) int64 {
	if int(index) >= len(m.spaces.Tables) {
		return 0
	}
	if l := m.spaces.Tables[index].Limits; l.HasMax {
		return int64(l.Max)
	}
	return 1 << 32
}

// hasParams reports whether a block takes values from the stack.
func (m *module) hasParams(t wasm.BlockType) bool {
	return t.Indexed && len(m.Types[t.Index].Params) > 0
}
