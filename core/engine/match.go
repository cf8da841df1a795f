package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pywasm-go/pywasm/buffer/linear"
	"github.com/pywasm-go/pywasm/core/wasm"
)

// checkImports reports all imports that are missing or do not match, a line each.
//
// https://webassembly.github.io/spec/core/valid/matching.html#external-types
func (m *Module) checkImports(imports []Extern) error {
	var lines []string
	for k := range m.source.Imports {
		want := &m.source.Imports[k]
		missing := k >= len(imports) || (imports[k].Instance == nil && imports[k].Host == nil)
		switch {
		case missing:
			lines = append(lines, fmt.Sprintf("Error while importing %q.%q: unknown import. Expected %s",
				want.Module, want.Name, m.describeImport(want)))
		case !m.matches(want, &imports[k]):
			lines = append(lines, fmt.Sprintf("Error while importing %q.%q: incompatible import type. Expected %s but received %s",
				want.Module, want.Name, m.describeImport(want), imports[k].describe()))
		case imports[k].Instance != nil && imports[k].Instance.module.store != m.store:
			lines = append(lines, fmt.Sprintf("Error while importing %q.%q: it belongs to another store", want.Module, want.Name))
		case !m.reaches(&imports[k]):
			lines = append(lines, fmt.Sprintf("Error while importing %q.%q: %s", want.Module, want.Name, unreachable))
		case imports[k].Instance != nil && imports[k].Instance.closed:
			lines = append(lines, fmt.Sprintf("Error while importing %q.%q: its instance is closed", want.Module, want.Name))
		}
	}
	if lines == nil {
		return nil
	}
	return fail(CodeLink, strings.Join(lines, "\n"))
}

func (m *Module) describeImport(i *wasm.Import) string {
	switch i.Kind {
	case wasm.ExternFunc:
		return describeFunction(m.source.Types[i.Type])
	case wasm.ExternTable:
		return describeTable(i.Table)
	case wasm.ExternMemory:
		return describeMemory(i.Memory)
	case wasm.ExternGlobal:
		return describeGlobal(i.Global)
	}
	return describeTag(m.source.Types[i.Type])
}

func (e *Extern) describe() string {
	switch e.Kind {
	case wasm.ExternFunc:
		return describeFunction(e.functionType())
	case wasm.ExternTable:
		return describeTable(e.TableType())
	case wasm.ExternMemory:
		return describeMemory(e.MemoryType())
	case wasm.ExternGlobal:
		return describeGlobal(e.Instance.module.GlobalType(e.Index))
	}
	return describeTag(e.Instance.module.TagType(e.Index))
}

func (e *Extern) functionType() wasm.FuncType {
	if e.Instance == nil {
		return e.Type
	}
	return e.Instance.module.FunctionType(e.Index)
}

// TableType returns the type of a table, with its present size as the minimum.
func (e *Extern) TableType() wasm.TableType {
	t := e.Instance.module.TableType(e.Index)
	t.Limits.Min = uint64(e.Instance.guts.table(e.Index).size())
	return t
}

// MemoryType returns the type of a memory, with its present size as the minimum.
func (e *Extern) MemoryType() wasm.Limits {
	l := e.Instance.module.MemoryType(e.Index)
	l.Min = e.Instance.memory.Size() / linear.PageSize
	return l
}

func (m *Module) matches(want *wasm.Import, e *Extern) bool {
	if want.Kind != e.Kind {
		return false
	}
	if e.Instance != nil && e.Instance.closed {
		return true // reported as such
	}
	switch want.Kind {
	case wasm.ExternFunc:
		return m.functionMatches(want, e)
	case wasm.ExternTable:
		t := e.TableType()
		return m.equal(want.Table.Elem, e.Instance.module, t.Elem) && limitsMatch(want.Table.Limits, t.Limits)
	case wasm.ExternMemory:
		l := e.MemoryType()
		return l.Shared == want.Memory.Shared && limitsMatch(want.Memory, l)
	case wasm.ExternGlobal:
		t := e.Instance.module.GlobalType(e.Index)
		if t.Mutable || want.Global.Mutable {
			return t.Mutable == want.Global.Mutable && m.equal(want.Global.Type, e.Instance.module, t.Type)
		}
		return m.accepts(want.Global.Type, e.Instance.module, t.Type)
	}
	source := e.Instance.module
	return m.typeKey(want.Type) == source.typeKey(source.tagTypeIndex(e.Index))
}

func (m *Module) functionMatches(want *wasm.Import, e *Extern) bool {
	if e.Instance == nil {
		expected := m.source.Types[want.Type]
		return slices.Equal(expected.Params, e.Type.Params) && slices.Equal(expected.Results, e.Type.Results)
	}
	source := e.Instance.module
	return m.typeKey(want.Type) == source.typeKey(source.functionTypeIndex(e.Index))
}

// equal reports whether type b of another module is type a of this one.
func (m *Module) equal(a wasm.ValType, other *Module, b wasm.ValType) bool {
	i, concrete := a.TypeIndex()
	j, otherConcrete := b.TypeIndex()
	if concrete && otherConcrete {
		return a.Nullable() == b.Nullable() && m.typeKey(i) == other.typeKey(j)
	}
	return concrete == otherConcrete && a == b
}

// accepts reports whether a value of type b of another module can stand where a is expected.
func (m *Module) accepts(a wasm.ValType, other *Module, b wasm.ValType) bool {
	if !a.IsRef() || !b.IsRef() {
		return a == b
	}
	if b.Nullable() && !a.Nullable() {
		return false
	}
	if _, concrete := b.TypeIndex(); concrete && a.Heap() == wasm.HeapFunc {
		return true
	}
	return m.equal(a.AsNullable(), other, b.AsNullable())
}

func limitsMatch(want, have wasm.Limits) bool {
	return have.Min >= want.Min && (!want.HasMax || (have.HasMax && have.Max <= want.Max))
}
