package engine

import (
	"context"
	"unsafe"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/meter"
	"github.com/pywasm-go/pywasm/core/wasm"
)

// Pause is called by a guest whose flag was set, at its next safe point (see core/meter), on the thread that runs it. The
// guest goes on if it returns nil, and is unwound with the error else, which may be ErrRaised.
type Pause func(*Call) error

// addSafePoints has the module call its store's Pause.
func (m *Module) addSafePoints(p *wasm.Module) (*wasm.Module, error) {
	if m.store.pause == nil {
		return p, nil
	}
	metered, injected, err := meter.Interrupt(p)
	if err != nil {
		return nil, fail(CodeInternal, "safe points: "+err.Error())
	}
	m.safePoints = injected
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
func (m *Module) Pauses() bool { return m.store.pause != nil }

// Flag returns the address of the flag, which any thread may set to 1, or nil if the instance has no safe points.
//
// The thread must not be one of Go's: Go stops these to collect garbage, and then waits for the guest.
func (i *Instance) Flag() *uint32 { return i.flag }

// arm connects the hook of the instance with the store's Pause.
func (i *Instance) arm() error {
	points := i.module.safePoints
	if !points.Any {
		return nil
	}
	hook, err := i.module.store.hook(i.module.compiler)
	if err != nil {
		return err
	}
	i.guts.table(points.Hook).set(0, hook)
	flag := i.guts.globalAddress(points.Global)
	if flag == nil {
		return fail(CodeInternal, "wazero keeps globals elsewhere: this version is not supported")
	}
	i.flag = (*uint32)(flag)
	return nil
}

// hook returns a reference to a host function that calls Pause.
func (s *Store) hook(compiler Compiler) (uintptr, error) {
	runtime, err := s.runtime(compiler)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ref, ok := s.hooks[compiler]; ok {
		return ref, nil
	}
	builder := runtime.NewHostModuleBuilder("pause")
	builder.NewFunctionBuilder().WithGoFunction(api.GoFunc(s.pauseGuest), nil, nil).Export("pause")
	compiled, err := builder.Compile(context.Background())
	if err != nil {
		return 0, fail(CodeInternal, "safe points: "+err.Error())
	}
	host, err := runtime.InstantiateModule(context.Background(), compiled, anonymous)
	if err != nil {
		return 0, fail(CodeInternal, "safe points: "+err.Error())
	}
	g, err := open(host)
	if err != nil {
		return 0, err
	}
	s.hooks[compiler] = g.engine.FunctionInstanceReference(0)
	return s.hooks[compiler], nil
}

func (s *Store) pauseGuest(ctx context.Context, _ []uint64) {
	if err := s.pause(ctx.(*Call)); err != nil {
		panic(err)
	}
}

// unchanged reports whether the function runs as the user wrote it, but for expansions.
func (m *Module) unchanged(index uint32) bool {
	return m.changed == nil || !m.changed[int(index)-len(m.imported[wasm.ExternFunc])]
}
