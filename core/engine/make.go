package engine

import (
	"context"
	"fmt"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// Memories, tables, globals and references of the host's own are made by generated modules: wazero's host modules
// export functions only. Each such module is compiled once a store.

func (s *Store) make(key string, compiler Compiler, build func() *wasm.Module) (*Module, error) {
	key += string(compiler)
	s.mu.RLock()
	m := s.made[key]
	s.mu.RUnlock()
	if m != nil {
		return m, nil
	}
	binary := build().Encode()
	source, err := decode(binary)
	if err == nil {
		m, err = s.compile(&task{Context: context.Background()}, source, binary, compiler)
	}
	if m != nil {
		m.made = true
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.made[key]; first != nil { // another thread was faster
		return first, nil
	}
	s.made[key] = m
	return m, nil
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
