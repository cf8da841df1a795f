package engine

import (
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// plain reports whether a host function can have the type: it knows only nullable references to anything of a kind.
func plain(t wasm.FuncType) bool {
	for _, list := range [][]wasm.ValType{t.Params, t.Results} {
		for _, v := range list {
			if v.IsRef() && v != wasm.FuncRef && v != wasm.ExternRef {
				return false
			}
		}
	}
	return true
}

func apiTypes(types []wasm.ValType) []api.ValueType {
	out := make([]api.ValueType, len(types))
	for i, t := range types {
		out[i] = apiType(t)
	}
	return out
}

func apiType(t wasm.ValType) api.ValueType {
	switch t {
	case wasm.FuncRef:
		return 0x70 // wazero has no exported name for it
	case wasm.ExternRef:
		return api.ValueTypeExternref
	}
	return api.ValueType(t)
}

// The texts by which wasmer describes types; programs and tests look for them.

func describeValue(t wasm.ValType) string {
	switch t {
	case wasm.FuncRef:
		return "FuncRef"
	case wasm.ExternRef:
		return "ExternRef"
	}
	if t.IsRef() {
		return t.String()
	}
	return strings.ToUpper(t.String())
}

func describeValues(types []wasm.ValType) string {
	out := make([]string, len(types))
	for i, t := range types {
		out[i] = describeValue(t)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func describeFunction(t wasm.FuncType) string {
	return fmt.Sprintf("Function(FunctionType { params: %s, results: %s })", describeValues(t.Params), describeValues(t.Results))
}

func describeMax(l wasm.Limits, unit string) string {
	if !l.HasMax {
		return "None"
	}
	return fmt.Sprintf("Some(%d%s)", l.Max, unit)
}

func describeMemory(l wasm.Limits) string {
	return fmt.Sprintf("Memory(MemoryType { minimum: %d pages, maximum: %s, shared: %t })", l.Min, describeMax(l, " pages"), l.Shared)
}

func describeTable(t wasm.TableType) string {
	return fmt.Sprintf("Table(TableType { ty: %s, minimum: %d, maximum: %s })",
		describeValue(t.Elem), t.Limits.Min, describeMax(t.Limits, ""))
}

func describeGlobal(t wasm.GlobalType) string {
	mutability := "Const"
	if t.Mutable {
		mutability = "Var"
	}
	return fmt.Sprintf("Global(GlobalType { ty: %s, mutability: %s })", describeValue(t.Type), mutability)
}

func describeTag(t wasm.FuncType) string { return fmt.Sprintf("Tag(%s)", describeValues(t.Params)) }
