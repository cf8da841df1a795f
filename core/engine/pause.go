package engine

import (
	"context"
	"strconv"
	"unsafe"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/meter"
	"github.com/pywasm-go/pywasm/core/wasm"
)

// Pause is called by a guest whose flag was set, at its next safe point (see core/meter), on the thread that runs it. The
// guest goes on if it returns nil, and is unwound with the error else, which may be ErrRaised.
type Pause func(*Call) error

// addMeter has the module count fuel, if its store does; safe points are where it is paid.
func (m *Module) addMeter() error {
	m.base = m.source
	if m.store.fuel {
		metered, injected, err := meter.Fuel(m.source)
		if err == nil {
			err = wasm.Validate(metered) // for what it notes, see Selects
		}
		if err != nil {
			return fail(CodeInternal, "fuel: "+err.Error())
		}
		m.base, m.injected = metered, injected
		m.changed = changed(m.source.Code, metered.Code)
	}
	if err := m.askBeforeGrowing(); err != nil {
		return err
	}
	m.firstWrapper = uint32(len(m.imported[wasm.ExternFunc]) + len(m.base.Funcs))
	return nil
}

// addSafePoints has the module call its store's Pause.
func (m *Module) addSafePoints(p *wasm.Module) (*wasm.Module, error) {
	if m.store.pause == nil || m.injected.Any {
		return p, nil
	}
	metered, injected, err := meter.Interrupt(p)
	if err != nil {
		return nil, fail(CodeInternal, "safe points: "+err.Error())
	}
	m.injected = injected
	m.changed = changed(p.Code, metered.Code)
	return metered, nil
}

// changed says of each function whether its body is another one.
func changed(before, after []wasm.Code) []bool {
	out := make([]bool, len(before))
	for i := range before {
		a, b := before[i].Body.Bytes, after[i].Body.Bytes
		out[i] = unsafe.SliceData(a) != unsafe.SliceData(b) || len(a) != len(b)
	}
	return out
}

// Pauses reports whether calls of the module's functions are sure to come to a safe point, or to end, within
// milliseconds.
func (m *Module) Pauses() bool { return m.store.pause != nil || m.store.fuel }

// Flag returns the address of the flag, to which any thread may write meter.Raised, or nil if the instance has no safe
// points.
//
// The thread must not be one of Go's: Go stops these to collect garbage, and then waits for the guest.
func (i *Instance) Flag() *uint64 { return i.flag }

// arm connects the hook of the instance with the store's Pause.
func (i *Instance) arm() error {
	m := i.module
	injected := m.injected
	if !injected.Any && !m.depth.Any && m.growHook == nil && m.exceptionHooks == nil {
		return nil
	}
	hooks, err := m.store.hooks(m.compiler)
	if err != nil {
		return err
	}
	if m.growHook != nil {
		i.guts.table(*m.growHook).set(0, hooks[hookGrow])
	}
	if m.exceptionHooks != nil {
		copy(i.guts.table(*m.exceptionHooks).all(), hooks[hookThrow:])
	}
	if m.depth.Any {
		i.guts.table(m.depth.Hook).set(0, hooks[hookDepth])
		i.guts.setGlobal(m.depth.Global, uint64(min(m.store.depth, i.depth)), 0)
	}
	if !injected.Any {
		return nil
	}
	copy(i.guts.table(injected.Hook).all(), hooks[:hookGrow])
	flag := i.guts.globalAddress(injected.Global)
	if flag == nil {
		return fail(CodeInternal, "wazero keeps globals elsewhere: this version is not supported")
	}
	i.flag = (*uint64)(flag)
	return nil
}

// hooks are references to functions of the host. The first two are as meter.Injected lists them.
type hooks [7]uintptr

const (
	hookGrow    = 2
	hookDepth   = 3
	hookThrow   = 4 // and the following, see exceptions.go
	hookRethrow = 5
	hookReceive = 6
)

// hooks returns what guests of one compiler call.
func (s *Store) hooks(compiler Compiler) (hooks, error) {
	runtime, err := s.runtime(compiler)
	if err != nil {
		return hooks{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.hooked[compiler]; ok {
		return known, nil
	}
	builder := runtime.NewHostModuleBuilder("hooks")
	for number, f := range map[string]func(*Call) error{"0": s.pauseGuest, "1": outOfFuel, "3": tooDeep, "5": rethrowException, "6": receiveException} {
		builder.NewFunctionBuilder().WithGoFunction(hook(f), nil, nil).Export(number)
	}
	i32 := []api.ValueType{api.ValueTypeI32, api.ValueTypeI32}
	builder.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(allowGrowth), i32, i32[:1]).Export("2")
	builder.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(throwException), i32[:1], nil).Export("4")
	compiled, err := runtime.compileHosts(builder)
	if err != nil {
		return hooks{}, fail(CodeInternal, "hooks: "+err.Error())
	}
	host, err := runtime.InstantiateModule(context.Background(), compiled, anonymous)
	if err != nil {
		return hooks{}, fail(CodeInternal, "hooks: "+err.Error())
	}
	g, err := open(host)
	if err != nil {
		return hooks{}, err
	}
	var all hooks
	for i := range all {
		all[i] = g.function(strconv.Itoa(i))
	}
	s.hooked[compiler] = all
	return all, nil
}

func hook(f func(*Call) error) api.GoFunc {
	return func(ctx context.Context, _ []uint64) {
		if err := f(ctx.(*Call)); err != nil {
			panic(err)
		}
	}
}

func (s *Store) pauseGuest(c *Call) error {
	if s.pause == nil {
		return nil
	}
	return s.pause(c)
}

func outOfFuel(*Call) error { return fail(CodeFuel, "the fuel is used up") }

// Fuel returns what fuel is left; ok is false if the module does not count.
func (i *Instance) Fuel() (left uint64, ok bool) {
	if !i.module.store.fuel || !i.module.injected.Any {
		return i.unused, i.module.store.fuel
	}
	left, _ = i.guts.global(i.module.injected.Fuel).Value()
	return left, true
}

// MaxFuel is the most that an instance can have.
const MaxFuel = 1 << 62

// SetFuel gives the instance so much fuel, at most MaxFuel.
func (i *Instance) SetFuel(fuel uint64) {
	if i.module.store.fuel && i.module.injected.Any {
		i.guts.setGlobal(i.module.injected.Fuel, fuel, 0)
		return
	}
	i.unused = fuel
}

// unchanged reports whether the function runs as the user wrote it, but for expansions.
func (m *Module) unchanged(index uint32) bool {
	return m.changed == nil || !m.changed[int(index)-len(m.imported[wasm.ExternFunc])]
}
