package meter

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// injector adds to a module what a pass needs. All of it comes at the end of its index space, so that no index changes.
type injector struct {
	*module
	result *wasm.Module
	flag   uint32            // a global; not zero asks for a call of the hook
	hook   uint32            // a table of functions that the host provides
	call   uint32            // a function that calls them
	split  map[string]uint32 // functions that stand for an instruction
	// pay writes a safe point where what cost pushes is paid, too, if the pass counts.
	pay    func(c *code, cost func())
	counts bool
}

// newInjector starts with a table for hooks.
func newInjector(m *module, hooks uint32) *injector {
	out := *m.Module
	in := &injector{module: m, result: &out, split: map[string]uint32{}, hook: uint32(len(m.spaces.Tables))}
	out.Types, out.Funcs, out.Code = slices.Clone(out.Types), slices.Clone(out.Funcs), slices.Clone(out.Code)
	out.Globals = slices.Clone(out.Globals)
	out.Tables = append(slices.Clone(out.Tables), wasm.Table{
		TableType: wasm.TableType{Elem: wasm.FuncRef, Limits: wasm.Limits{Min: uint64(hooks), Max: uint64(hooks), HasMax: true}},
	})
	return in
}

// addGlobal adds a mutable global that starts as zero.
func (in *injector) addGlobal(t wasm.ValType) uint32 {
	zero := wasm.AppendS32(wasm.OpI32Const.Append(nil), 0)
	if t == wasm.I64 {
		zero = wasm.AppendS64(wasm.OpI64Const.Append(nil), 0)
	}
	in.result.Globals = append(in.result.Globals, wasm.Global{
		GlobalType: wasm.GlobalType{Type: t, Mutable: true}, Init: wasm.Expr{Bytes: wasm.OpEnd.Append(zero)},
	})
	return uint32(len(in.spaces.Globals) + len(in.result.Globals) - len(in.Globals) - 1)
}

func (in *injector) addType(t wasm.FuncType) uint32 {
	in.result.Types = append(in.result.Types, t)
	return uint32(len(in.result.Types) - 1)
}

func (in *injector) addFunction(t wasm.FuncType, body code, locals ...wasm.LocalRun) uint32 {
	in.result.Funcs = append(in.result.Funcs, in.addType(t))
	in.result.Code = append(in.result.Code, wasm.Code{Locals: locals, Body: wasm.Expr{Bytes: body}})
	return in.imported() + uint32(len(in.result.Funcs)-1)
}

// callHook writes a call of one of the hooks, whose type is nullary.
func (in *injector) callHook(c *code, index int32, nullary uint32) {
	c.i32(index)
	c.at(wasm.OpCallIndirect, nullary, in.hook)
}

// replacement returns a function that does what an instruction does, with safe points within.
func (in *injector) replacement(it *wasm.Iter) uint32 {
	key := string(it.Bytes())
	f, ok := in.split[key]
	if !ok {
		switch {
		case isWait(it.Op):
			f = in.waitFunction(it)
		case it.Op == wasm.OpTableGrow:
			f = in.growFunction(it)
		default:
			f = in.bulkFunction(it)
		}
		in.split[key] = f
	}
	return f
}
