package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// Memories, tables, globals and references of the host's own are made by generated modules: wazero's host modules
// export functions only. A store keeps those that it made last. Who gets one is another holder of it.

// mostMade is how many a store keeps.
const mostMade = 64

func (s *Store) make(key string, compiler Compiler, build func() *wasm.Module) (*Module, error) {
	key += string(compiler)
	if m := s.alreadyMade(key); m != nil {
		return m, nil
	}
	binary := build().Encode()
	source, err := decode(binary)
	if err != nil {
		return nil, err
	}
	m, err := s.compile(&task{Context: context.Background()}, source, binary, compiler)
	if err != nil {
		return nil, err
	}
	m.made = true
	s.keepMade(key, m)
	return m, nil
}

func (s *Store) alreadyMade(key string) *Module {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.made {
		if s.made[i].key == key {
			s.made[i].module.holders++
			return s.made[i].module
		}
	}
	return nil
}

// keepMade has the store hold the module, in place of the one that it has held for the longest time.
func (s *Store) keepMade(key string, m *Module) {
	s.mu.Lock()
	m.holders++
	s.made = append(s.made, madeModule{key, m})
	var oldest *Module
	if len(s.made) > mostMade {
		oldest = s.made[0].module
		s.made = slices.Delete(s.made, 0, 1)
	}
	s.mu.Unlock()
	if oldest != nil {
		oldest.Close()
	}
}

type madeModule struct {
	key    string
	module *Module
}

// MakeMemory returns a module that defines a memory.
func (s *Store) MakeMemory(limits wasm.Limits) (*Module, error) {
	return s.make(fmt.Sprint("memory", limits), s.compiler, func() *wasm.Module {
		return &wasm.Module{
			Memories: []wasm.Limits{limits},
			Exports:  []wasm.Export{{Name: "memory", Kind: wasm.ExternMemory}},
		}
	})
}

// MakeTable returns a module that defines a table.
func (s *Store) MakeTable(t wasm.TableType) (*Module, error) {
	return s.make(fmt.Sprint("table", t), s.compiler, func() *wasm.Module {
		return &wasm.Module{
			Tables:  []wasm.Table{{TableType: t}},
			Exports: []wasm.Export{{Name: "table", Kind: wasm.ExternTable}},
		}
	})
}

// MakeGlobal returns a module that defines a global, zero or null to begin with.
func (s *Store) MakeGlobal(t wasm.GlobalType) (*Module, error) {
	return s.make(fmt.Sprint("global", t), s.compiler, func() *wasm.Module {
		return &wasm.Module{
			Globals: []wasm.Global{{GlobalType: t, Init: wasm.Expr{Bytes: zero(t.Type)}}},
			Exports: []wasm.Export{{Name: "global", Kind: wasm.ExternGlobal}},
		}
	})
}

// zero is the constant expression of a type's default value.
func zero(t wasm.ValType) []byte {
	var b []byte
	switch t {
	case wasm.I32:
		b = append(wasm.OpI32Const.Append(b), 0)
	case wasm.I64:
		b = append(wasm.OpI64Const.Append(b), 0)
	case wasm.F32:
		b = append(wasm.OpF32Const.Append(b), make([]byte, 4)...)
	case wasm.F64:
		b = append(wasm.OpF64Const.Append(b), make([]byte, 8)...)
	case wasm.V128:
		b = append(wasm.OpV128Const.Append(b), make([]byte, 16)...)
	case wasm.ExternRef:
		b = append(wasm.OpRefNull.Append(b), 0x6F)
	default:
		b = append(wasm.OpRefNull.Append(b), 0x70)
	}
	return wasm.OpEnd.Append(b)
}

// MakeFunction returns a module that imports a function and, as function 1, defines one that calls it: that one can be
// referred to.
func (s *Store) MakeFunction(t wasm.FuncType, compiler Compiler) (*Module, error) {
	return s.make("function"+t.String(), compiler, func() *wasm.Module {
		return &wasm.Module{
			Types:   []wasm.FuncType{t},
			Imports: []wasm.Import{{Module: "host", Name: "function", Kind: wasm.ExternFunc}},
			Funcs:   []uint32{0},
			Code:    []wasm.Code{{Body: wasm.Expr{Bytes: forward(0, len(t.Params))}}},
			Exports: []wasm.Export{{Name: "function", Kind: wasm.ExternFunc, Index: 1}},
		}
	})
}
