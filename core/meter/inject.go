package meter

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// injector adds to a module what tests need. All of it comes at the end of its index space, so that no index changes.
type injector struct {
	*graph
	result *wasm.Module
	flag   uint32 // a mutable i32 global
	hook   uint32 // a table whose element 0 is the function that the host provides
	call   uint32 // a function that clears the flag and calls the hook
	bulk   map[bulkKey]uint32
}

func newInjector(g *graph) *injector {
	out := *g.m
	in := &injector{graph: g, result: &out, bulk: map[bulkKey]uint32{}}
	in.flag, in.hook = uint32(len(g.spaces.Globals)), uint32(len(g.spaces.Tables))
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
	in.call = in.callHook()
	return in
}

// callHook adds the function that safe points call.
func (in *injector) callHook() uint32 {
	var body code
	body.i32(0)
	body.at(wasm.OpGlobalSet, in.flag)
	body.i32(0)
	body.at(wasm.OpCallIndirect, uint32(len(in.result.Types)), in.hook)
	body.ops(wasm.OpEnd)
	return in.addFunction(wasm.FuncType{}, body)
}

func (in *injector) addFunction(t wasm.FuncType, body code) uint32 {
	in.result.Types = append(in.result.Types, t)
	in.result.Funcs = append(in.result.Funcs, uint32(len(in.result.Types)-1))
	in.result.Code = append(in.result.Code, wasm.Code{Body: wasm.Expr{Bytes: body}})
	return in.imported + uint32(len(in.result.Funcs)-1)
}

// testAndTurn tests the flag at the head of a loop. After the hook, it goes round:
//
//	(if (i32.eqz (global.get $flag)) (then) (else (call $hook) (br $loop)))
//
// wazero puts blocks in the order of a search from the entry. One that leads back comes last, out of the way, and all that
// the call needs of spilling and reloading is there and not on the path that runs.
func (in *injector) testAndTurn(c *code) {
	c.at(wasm.OpGlobalGet, in.flag)
	c.ops(wasm.OpI32Eqz)
	c.block(wasm.OpIf)
	c.ops(wasm.OpElse)
	c.at(wasm.OpCall, in.call)
	c.at(wasm.OpBr, 1)
	c.ops(wasm.OpEnd)
}

// safePoint tests the flag anywhere, in a loop made for the purpose.
func (in *injector) safePoint(c *code) {
	c.block(wasm.OpLoop)
	in.testAndTurn(c)
	c.ops(wasm.OpEnd)
}
