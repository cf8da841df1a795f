package meter

import "github.com/pywasm-go/pywasm/core/wasm"

// Fuel returns the module with a meter, and with safe points like those of Interrupt: it needs no other pass to be
// interrupted. The global Fuel, a mutable i64, is what is left, and the host gives some by storing up to 1<<62.
//
// The guest pays for a region, code that always runs from its start to its end, when it comes there. If there is not
// enough, nothing is paid, and the hook is called until there is. So what is left is never negative, depends on the module
// and what it is given, and is the same on every machine and compiler. A region that a trap or an exception cuts short was
// paid as a whole.
//
// The module must be valid; it is not changed.
func Fuel(m *wasm.Module) (*wasm.Module, Injected, error) {
	spaces, err := newModule(m)
	if err != nil || len(m.Code) == 0 {
		return m, Injected{}, err
	}
	in := newInjector(spaces, 2)
	fuel := in.metered()
	r := refueler{injector: in, divider: divider{module: spaces}, fuelGauge: fuelGauge{fuel, in.flag, in.call}}
	for i := range m.Code {
		in.result.Code[i] = r.rewrite(m.Code[i], len(m.Types[m.Funcs[i]].Params))
	}
	return in.result, Injected{Any: true, Global: in.flag, Hook: in.hook, Fuel: fuel}, nil
}

// metered adds the fuel and the flag, and the function that calls a hook: the one for interruption if the flag is set, and
// if not, the one for the end of the fuel.
func (in *injector) metered() (fuel uint32) {
	in.flag, fuel = in.addGlobal(wasm.I64), in.addGlobal(wasm.I64)
	nullary := in.addType(wasm.FuncType{})
	var c code
	c.at(wasm.OpGlobalGet, in.flag)
	c.ops(opI64Eqz)
	c.block(wasm.OpIf)
	in.callHook(&c, 1, nullary)
	c.ops(wasm.OpElse)
	c.i64(0)
	c.at(wasm.OpGlobalSet, in.flag)
	in.callHook(&c, 0, nullary)
	c.ops(wasm.OpEnd, wasm.OpEnd)
	in.call = in.addFunction(wasm.FuncType{}, c)
	in.counts = true
	in.pay = func(c *code, cost func()) {
		payment{code: c, fuelGauge: fuelGauge{fuel, in.flag, in.call}, cost: cost}.write()
	}
	return fuel
}
