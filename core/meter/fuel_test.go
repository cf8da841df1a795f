package meter_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/meter"
	"github.com/pywasm-go/pywasm/core/wasm"
)

const plenty = 1 << 40

func refuel(t testing.TB, m *wasm.Module) (*wasm.Module, meter.Injected) {
	return rewritten(t, m, meter.Fuel)
}

// TestFuelIsTheNumberOfInstructions compares with counting one by one.
func TestFuelIsTheNumberOfInstructions(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, compiled bool) { costsAsCounted(t, p.text, compiled, false) })
		})
	}
	// What comes after a call is paid before it, and not given back if the call throws.
	for _, p := range caught {
		t.Run(p.name, func(t *testing.T) { costsAsCounted(t, p.text, false, true) })
	}
}

func costsAsCounted(t *testing.T, text string, compiled, orMore bool) {
	m := parse(t, text)
	out, in := refuel(t, m)
	naive, counter := counted(m)
	h := newHost(t, compiled)
	guest, reference := h.instantiate(t, out.Encode(), in), h.instantiate(t, naive.Encode(), meter.Injected{})
	fuel := insides(guest).fuel(in)
	count := insides(reference).global(counter)
	for _, e := range m.Exports {
		if e.Kind != wasm.ExternFunc {
			continue
		}
		fuel.Store(plenty)
		before := *count
		got, err := guest.ExportedFunction(e.Name).Call(context.Background())
		want, failure := reference.ExportedFunction(e.Name).Call(context.Background())
		if fmt.Sprint(got, err != nil) != fmt.Sprint(want, failure != nil) {
			t.Errorf("%s: %v %v, want %v %v", e.Name, got, err, want, failure)
		}
		used, ran := plenty-fuel.Load(), *count-before
		if used < ran || used > ran && err == nil && !orMore {
			t.Errorf("%s used %d for %d instructions", e.Name, used, ran)
		}
	}
}

// TestFuelEnds gives programs too little fuel, again and again: they go on where they stopped.
func TestFuelEnds(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, compiled bool) { goesOn(t, p.text, compiled) })
		})
	}
}

func goesOn(t *testing.T, text string, compiled bool) {
	m := parse(t, text)
	out, in := refuel(t, m)
	h := newHost(t, compiled)
	want := outcomes(m, h.instantiate(t, m.Encode(), meter.Injected{}))
	guest := h.instantiate(t, out.Encode(), in)
	fuel := insides(guest).fuel(in)
	given := uint64(0)
	h.onEmpty = func() {
		if fuel.Load() > plenty {
			t.Fatal("less than nothing is left")
		}
		fuel.Add(50_000)
		given += 50_000
	}
	got := outcomes(m, guest)
	spent := given - fuel.Load()
	fuel.Store(plenty)
	if got != want {
		t.Errorf("without fuel %s, with it %s", want, got)
	}
	again := h.instantiate(t, out.Encode(), in)
	all := insides(again).fuel(in)
	all.Store(plenty)
	if outcomes(m, again); plenty-all.Load() != spent {
		t.Errorf("%d was spent in small portions, %d in one", spent, plenty-all.Load())
	}
}

var errEmpty = errors.New("no fuel")

// TestFuelStops runs endless programs until the fuel is spent: always as much, on both compilers.
func TestFuelStops(t *testing.T) {
	for _, p := range endless {
		t.Run(p.name, func(t *testing.T) {
			var left []uint64
			onBoth(t, func(t *testing.T, compiled bool) {
				out, in := refuel(t, parse(t, p.text))
				h := newHost(t, compiled)
				h.onEmpty = func() { panic(errEmpty) }
				guest := h.instantiate(t, out.Encode(), in)
				fuel := insides(guest).fuel(in)
				fuel.Store(100_000)
				if _, err := guest.ExportedFunction("run").Call(context.Background()); !errors.Is(err, errEmpty) {
					t.Errorf("ended with %v", err)
				}
				left = append(left, fuel.Load())
			})
			if slices.Max(left) != slices.Min(left) || left[0] > 1<<16 {
				t.Errorf("%d is left", left)
			}
		})
	}
}

// TestInterruptionTakesNoFuel interrupts all the time.
func TestInterruptionTakesNoFuel(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			m := parse(t, p.text)
			out, in := refuel(t, m)
			h := newHost(t, true)
			h.onEmpty = func() { panic(errEmpty) }
			run := func(interrupted bool) string {
				guest := h.instantiate(t, out.Encode(), in)
				fuel := insides(guest).fuel(in)
				fuel.Store(plenty)
				if interrupted {
					defer raise(guest, in, 0)()
				}
				return fmt.Sprint(outcomes(m, guest), fuel.Load())
			}
			if want, got := run(false), run(true); got != want {
				t.Errorf("undisturbed %s, interrupted %s", want, got)
			}
		})
	}
}

// TestWaitsAreInterrupted waits for ever, and then for a time.
func TestWaitsAreInterrupted(t *testing.T) {
	withoutCollections(t)
	text := `
		(memory 1 1 shared)
		(func (export "run") (drop (memory.atomic.wait64 offset=8 (i32.const 0) (i64.const 0) (i64.const -1))))
		(func (export "timed") (result i32) (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const 45000000)))
		(func (export "short") (result i32) (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const 1)))
		(func (export "unequal") (result i32) (memory.atomic.wait32 (i32.const 4) (i32.const 1) (i64.const -1)))
		(func (export "unaligned") (result i32) (memory.atomic.wait32 (i32.const 2) (i32.const 1) (i64.const -1)))`
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, compiled bool) {
				stops(t, text, mode, compiled)
				out, in := rewritten(t, parse(t, text), mode.rewrite)
				guest := newHost(t, compiled).instantiate(t, out.Encode(), in)
				if in.Fuel != 0 {
					insides(guest).fuel(in).Store(plenty)
				}
				start := time.Now()
				if r := call(t, guest, "timed"); r != 2 || time.Since(start) < 45*time.Millisecond {
					t.Errorf("%d after %v", r, time.Since(start))
				}
				if short, unequal := call(t, guest, "short"), call(t, guest, "unequal"); short != 2 || unequal != 1 {
					t.Errorf("%d after a short time, %d without waiting", short, unequal)
				}
				if _, err := guest.ExportedFunction("unaligned").Call(context.Background()); err == nil {
					t.Error("an address that is not aligned does not trap")
				}
			})
		})
	}
}

// TestWaitersWake wakes one that has waited for many slices, with and without a change of the value.
func TestWaitersWake(t *testing.T) {
	text := `
		(memory (export "m") 1 1 shared)
		(func (export "wait") (result i32) (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const -1)))
		(func (export "change") (result i32) (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))`
	for _, change := range []bool{false, true} {
		out, in := interrupt(t, parse(t, text))
		guest := newHost(t, true).instantiate(t, out.Encode(), in)
		ended := make(chan uint64)
		go func() {
			r, _ := guest.ExportedFunction("wait").Call(context.Background())
			ended <- r[0]
		}()
		time.Sleep(35 * time.Millisecond)
		if r := wake(t, guest, change, ended); r != 0 {
			t.Errorf("returned %d", r)
		}
	}
}

// wake changes the value that is waited for, or notifies until somebody hears it.
func wake(t *testing.T, guest api.Module, change bool, ended <-chan uint64) uint64 {
	if change {
		call(t, guest, "change")
		return <-ended
	}
	for {
		notify(guest, 4)
		select {
		case r := <-ended:
			return r
		case <-time.After(time.Millisecond):
		}
	}
}
