package meter

import (
	"math"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// Injected says what a pass added to a module, all of it at the end of its index space.
type Injected struct {
	// Any is false if there is nothing to do: the module is as it was.
	Any bool
	// Global is what guest and host share: the flag of Interrupt and Fuel, which the host stores Raised into, or what is
	// left to Depth.
	Global uint32
	// Hook is a table of functions without parameters and results, which the host sets. If one returns, the guest goes on.
	// Element 0 is called when the flag was raised, or calls are too deep; element 1, which only Fuel has, when there is not
	// enough fuel.
	Hook uint32
	// Fuel is the global of Fuel that holds what is left.
	Fuel uint32
}

// Raised is what the host stores into a flag, in all its 64 bits, to have the hook called. The guest clears the flag
// before it calls.
const Raised = math.MaxInt64

// Interrupt returns the module with safe points, where it tests a flag and calls the hook. The flag is the global, a
// mutable i32. Not zero asks for a call of the hook at the next safe point; it is zero when the hook is called.
//
// The module must be valid; it is not changed.
func Interrupt(m *wasm.Module) (*wasm.Module, Injected, error) {
	spaces, err := newModule(m)
	if err != nil {
		return nil, Injected{}, err
	}
	g, err := newGraph(spaces)
	if err != nil {
		return nil, Injected{}, err
	}
	p := newPlanner(g)
	in := newInjector(spaces, 1)
	in.interruptible()
	r := rewriter{injector: in}
	changed := false
	for _, node := range p.order.nodes {
		if int(node) >= g.defined {
			p.class(node)
			continue
		}
		if plan := p.function(node); plan.any {
			in.result.Code[node] = r.rewrite(m.Code[node], plan)
			changed = true
		}
	}
	if !changed {
		return m, Injected{}, nil
	}
	return in.result, Injected{Any: true, Global: in.flag, Hook: in.hook}, nil
}

// interruptible adds the flag, and the function that clears it and calls the hook.
func (in *injector) interruptible() {
	in.flag = in.addGlobal(wasm.I32)
	in.pay = func(c *code, _ func()) { in.safePoint(c) }
	var c code
	c.i32(0)
	c.at(wasm.OpGlobalSet, in.flag)
	in.callHook(&c, 0, in.addType(wasm.FuncType{}))
	c.ops(wasm.OpEnd)
	in.call = in.addFunction(wasm.FuncType{}, c)
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
