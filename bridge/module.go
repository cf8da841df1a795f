package bridge

import (
	"runtime"
	"sync"
	"unsafe"

	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/wasm"
)

// Module is a handle on a compiled module.
type Module struct {
	module *engine.Module
	closed sync.Once
}

// owner is a handle whose module goes with it. Python closes it before, except in a cycle whose handle goes first, and
// where no user knows of the module.
func owner(m *engine.Module, err error) (*Module, error) {
	if err != nil {
		return nil, err
	}
	h := &Module{module: m}
	runtime.SetFinalizer(h, func(h *Module) { h.closed.Do(h.module.Close) })
	return h, nil
}

// Pointer returns the address of the module for the data plane. It is valid as long as the handle.
func (m *Module) Pointer() int64 { return int64(uintptr(unsafe.Pointer(m.module))) }

// Close lets go of the module's code; instances of it go on.
func (m *Module) Close() (err error) {
	defer guard(&err)
	m.closed.Do(m.module.Close)
	return nil
}

// Note says why the module is interpreted in a store that compiles, or nothing.
func (m *Module) Note() string { return m.module.Note() }

// Compiler returns the name of the compiler that the module was compiled with.
func (m *Module) Compiler() string { return string(m.module.Compiler()) }

// CustomCount returns how many custom sections have the name.
func (m *Module) CustomCount(name string) int { return len(m.customs(name)) }

// Custom returns one of the custom sections that have the name.
func (m *Module) Custom(name string, i int) []byte { return m.customs(name)[i] }

func (m *Module) customs(name string) [][]byte {
	var out [][]byte
	for _, c := range m.module.Source().Customs {
		if c.Name == name {
			out = append(out, c.Bytes)
		}
	}
	return out
}

// description is what Python knows of a module, see pywasm/_describe.py.
type description struct {
	Name    *string        `json:"name"`
	Imports []importRecord `json:"imports"`
	Exports []exportRecord `json:"exports"`
}

type importRecord struct {
	Module string     `json:"module"`
	Name   string     `json:"name"`
	Type   externType `json:"type"`
}

type exportRecord struct {
	Name  string     `json:"name"`
	Index uint32     `json:"index"`
	Type  externType `json:"type"`
}

// externType has the fields of its kind set.
type externType struct {
	Kind    wasm.ExternKind `json:"kind"`
	Params  []int           `json:"params,omitempty"`
	Results []int           `json:"results,omitempty"`
	Value   int             `json:"value,omitempty"`
	Mutable bool            `json:"mutable,omitempty"`
	Shared  bool            `json:"shared,omitempty"`
	Minimum uint64          `json:"minimum,omitempty"`
	Maximum *uint64         `json:"maximum,omitempty"`
}

// Describe returns imports, exports and name in JSON.
func (m *Module) Describe() (text string, err error) {
	defer guard(&err)
	source := m.module.Source()
	d := description{Imports: []importRecord{}, Exports: []exportRecord{}}
	if name := m.module.Name(); name != "" {
		d.Name = &name
	}
	for _, i := range source.Imports {
		d.Imports = append(d.Imports, importRecord{i.Module, i.Name, m.importType(i)})
	}
	for _, e := range source.Exports {
		d.Exports = append(d.Exports, exportRecord{e.Name, e.Index, m.exportType(e)})
	}
	return toJSON(d), nil
}

func (m *Module) importType(i wasm.Import) externType {
	switch i.Kind {
	case wasm.ExternTable:
		return tableType(i.Table)
	case wasm.ExternMemory:
		return memoryType(i.Memory)
	case wasm.ExternGlobal:
		return globalType(i.Global)
	}
	return functionType(i.Kind, m.module.Source().Types[i.Type])
}

func (m *Module) exportType(e wasm.Export) externType {
	switch e.Kind {
	case wasm.ExternTable:
		return tableType(m.module.TableType(e.Index))
	case wasm.ExternMemory:
		return memoryType(m.module.MemoryType(e.Index))
	case wasm.ExternGlobal:
		return globalType(m.module.GlobalType(e.Index))
	case wasm.ExternTag:
		return functionType(e.Kind, m.module.TagType(e.Index))
	}
	return functionType(e.Kind, m.module.FunctionType(e.Index))
}

func functionType(kind wasm.ExternKind, t wasm.FuncType) externType {
	return externType{Kind: kind, Params: numbers(t.Params), Results: numbers(t.Results)}
}

func tableType(t wasm.TableType) externType {
	e := memoryType(t.Limits)
	e.Kind, e.Value = wasm.ExternTable, number(t.Elem)
	return e
}

func memoryType(l wasm.Limits) externType {
	e := externType{Kind: wasm.ExternMemory, Minimum: l.Min, Shared: l.Shared}
	if l.HasMax {
		e.Maximum = &l.Max
	}
	return e
}

func globalType(t wasm.GlobalType) externType {
	return externType{Kind: wasm.ExternGlobal, Value: number(t.Type), Mutable: t.Mutable}
}

// FunctionParams returns the types of a function's parameters, as numbers.
func (m *Module) FunctionParams(index int) []byte {
	return packed(m.module.FunctionType(uint32(index)).Params)
}

// FunctionResults returns the types of a function's results, as numbers.
func (m *Module) FunctionResults(index int) []byte {
	return packed(m.module.FunctionType(uint32(index)).Results)
}

// FunctionName returns the name of a function in the name section, or "".
func (m *Module) FunctionName(index int) string { return m.module.FunctionName(uint32(index)) }
