package meter

import "github.com/pywasm-go/pywasm/core/wasm"

// Injected says what a pass added to a module, all of it at the end of its index space.
type Injected struct {
	// Any is false if there is nothing to interrupt: the module is as it was.
	Any bool
	// Flag is a mutable i32 global. Not zero asks for a call of the hook at the next safe point; it is zero when the
	// hook is called.
	Flag uint32
	// Hook is a table whose element 0 the host sets to a function without parameters and results. If that returns, the
	// guest goes on.
	Hook uint32
}

// Interrupt returns the module with safe points, where it tests a flag and calls a hook. The module must be valid; it is
// not changed.
func Interrupt(m *wasm.Module) (*wasm.Module, Injected, error) {
	g, err := newGraph(m)
	if err != nil {
		return nil, Injected{}, err
	}
	p := newPlanner(g)
	r := rewriter{injector: newInjector(g)}
	changed := false
	for _, node := range p.order.nodes {
		if int(node) >= g.defined {
			p.class(node)
			continue
		}
		if plan := p.function(node); plan.any {
			r.result.Code[node] = r.rewrite(m.Code[node], plan)
			changed = true
		}
	}
	if !changed {
		return m, Injected{}, nil
	}
	return r.result, Injected{Any: true, Flag: r.flag, Hook: r.hook}, nil
}
