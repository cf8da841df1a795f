package meter

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// injector adds to a module what a pass needs. All of it comes at the end of its index space, so that no index changes.
type injector struct {
	*module
	result *wasm.Module
	global uint32 // what guest and host share
	hook   uint32 // a table whose element 0 is the function that the host provides
	call   uint32 // a function that calls the hook
	bulk   map[bulkKey]uint32
}

// newInjector starts with a global of type i32 and a function that clears it and calls the hook.
func newInjector(m *module) *injector {
	out := *m.Module
	in := &injector{module: m, result: &out, bulk: map[bulkKey]uint32{}}
	in.global, in.hook = uint32(len(m.spaces.Globals)), uint32(len(m.spaces.Tables))
	out.Types, out.Funcs, out.Code = slices.Clone(out.Types), slices.Clone(out.Funcs), slices.Clone(out.Code)

	var zero code
	zero.i32(0)
	zero.ops(wasm.OpEnd)
	out.Globals = append(slices.Clone(out.Globals), wasm.Global{
		GlobalType: wasm.GlobalType{Type: wasm.I32, Mutable: true}, Init: wasm.Expr{Bytes: zero},
	})
	out.Tables = append(slices.Clone(out.Tables), wasm.Table{
		TableType: wasm.TableType{Elem: wasm.FuncRef, Limits: wasm.Limits{Min: 1, Max: 1, HasMax: true}},
	})

	var body code
	body.i32(0)
	body.at(wasm.OpGlobalSet, in.global)
	body.i32(0)
	body.at(wasm.OpCallIndirect, uint32(len(out.Types)), in.hook)
	body.ops(wasm.OpEnd)
	in.call = in.addFunction(wasm.FuncType{}, body)
	return in
}

func (in *injector) addFunction(t wasm.FuncType, body code) uint32 {
	in.result.Types = append(in.result.Types, t)
	in.result.Funcs = append(in.result.Funcs, uint32(len(in.result.Types)-1))
	in.result.Code = append(in.result.Code, wasm.Code{Body: wasm.Expr{Bytes: body}})
	return in.imported() + uint32(len(in.result.Funcs)-1)
}
