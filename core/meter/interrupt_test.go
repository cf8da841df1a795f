package meter_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/meter"
	"github.com/pywasm-go/pywasm/core/wasm"
	"github.com/pywasm-go/pywasm/core/wat"
)

// tree returns functions $f0 … $fn without loops, each of which calls the one before several times.
func tree(n, calls int) string {
	var b strings.Builder
	b.WriteString("(func $f0 (result i32) (i32.const 1))")
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "(func $f%d (result i32) (i32.const 0) %s)", i, strings.Repeat(fmt.Sprintf(" (i32.add (call $f%d))", i-1), calls))
	}
	fmt.Fprintf(&b, `(func (export "a") (result i32) (call $f%d))`, n)
	return b.String()
}

func parse(t testing.TB, text string) *wasm.Module {
	binary, err := wat.ToBinary([]byte("(module " + text + ")"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := wasm.Decode(binary)
	if err == nil {
		err = wasm.Validate(m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func interrupt(t testing.TB, m *wasm.Module) (*wasm.Module, meter.Injected) {
	return rewritten(t, m, meter.Interrupt)
}

func rewritten(t testing.TB, m *wasm.Module, pass pass) (*wasm.Module, meter.Injected) {
	out, in, err := pass(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := wasm.Validate(out); err != nil {
		t.Fatalf("not valid after rewriting: %v", err)
	}
	return out, in
}

type pass func(*wasm.Module) (*wasm.Module, meter.Injected, error)

// mode is a way in which guests can be interrupted.
type mode struct {
	name    string
	rewrite pass
}

var modes = []mode{{"interrupt", meter.Interrupt}, {"fuel", meter.Fuel}}

// onBoth runs a test with wazero's compiler and with its interpreter. With the race detector, the interpreter takes minutes,
// and it reads the flag without synchronization.
func onBoth(t *testing.T, f func(t *testing.T, compiled bool)) {
	t.Run("compiler", func(t *testing.T) { f(t, true) })
	if !raceEnabled {
		t.Run("interpreter", func(t *testing.T) { f(t, false) })
	}
}

func TestSameResults(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, compiled bool) { sameResults(t, p.text, compiled) })
		})
	}
	for _, p := range caught {
		t.Run(p.name, func(t *testing.T) { sameResults(t, p.text, false) })
	}
}

// sameResults calls the functions before and after, and after while they are interrupted all the time.
func sameResults(t *testing.T, text string, compiled bool) {
	m := parse(t, text)
	out, in := interrupt(t, m)
	h := newHost(t, compiled)
	want := outcomes(m, h.instantiate(t, m.Encode(), meter.Injected{}))
	if got := outcomes(m, h.instantiate(t, out.Encode(), in)); got != want {
		t.Errorf("before %s, after %s", want, got)
	}
	if !in.Any || raceEnabled && !compiled {
		return
	}
	guest := h.instantiate(t, out.Encode(), in)
	stop := raise(guest, in, 0)
	got := outcomes(m, guest)
	stop()
	if got != want {
		t.Errorf("before %s, interrupted %s", want, got)
	}
}

// raise sets the flag again and again until stop is called.
func raise(guest api.Module, in meter.Injected, pause time.Duration) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for flag := insides(guest).flag(in); ; {
			select {
			case <-done:
				return
			default:
			}
			flag.Store(meter.Raised)
			time.Sleep(pause + time.Duration(rand.Uint32N(20))*time.Microsecond)
		}
	}()
	return func() { close(done); <-ended }
}

// outcomes calls all exported functions in order and tells what came of it.
func outcomes(m *wasm.Module, guest api.Module) string {
	var b strings.Builder
	for _, e := range m.Exports {
		if e.Kind == wasm.ExternFunc {
			results, err := guest.ExportedFunction(e.Name).Call(context.Background())
			fmt.Fprint(&b, e.Name, results)
			if err != nil {
				first, _, _ := strings.Cut(err.Error(), "\n")
				b.WriteString(first)
			}
		}
	}
	return b.String()
}

var errStop = errors.New("stop")

func TestEndlessProgramsStop(t *testing.T) {
	withoutCollections(t)
	for _, mode := range modes {
		for _, p := range slices.Concat(endless, endlessCaught) {
			t.Run(mode.name+"/"+p.name, func(t *testing.T) {
				onBoth(t, func(t *testing.T, compiled bool) { stops(t, p.text, mode, compiled) })
			})
		}
	}
}

// withoutCollections keeps Go's garbage collector from running. It would wait for the guest, and meanwhile stop the
// goroutine that sets the flag: that must be a thread that Go does not stop.
func withoutCollections(t *testing.T) {
	percent := debug.SetGCPercent(-1)
	t.Cleanup(func() { debug.SetGCPercent(percent) })
	runtime.GC()
}

// stops checks that a guest goes on when the hook returns, ten times, and stops when it panics.
func stops(t *testing.T, text string, mode mode, compiled bool) {
	out, in := rewritten(t, parse(t, text), mode.rewrite)
	if !in.Any {
		t.Fatal("nothing to test")
	}
	h := newHost(t, compiled)
	calls := atomic.Int32{}
	h.onHook = func() {
		if calls.Add(1) == 10 {
			panic(errStop)
		}
	}
	guest := h.instantiate(t, out.Encode(), in)
	if in.Fuel != 0 {
		insides(guest).fuel(in).Store(1 << 60)
	}
	defer raise(guest, in, time.Millisecond)()
	ended := make(chan error)
	go func() {
		_, err := guest.ExportedFunction("run").Call(context.Background())
		ended <- err
	}()
	select {
	case err := <-ended:
		if !errors.Is(err, errStop) {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("does not stop; the hook was called %d times", calls.Load())
	}
}
