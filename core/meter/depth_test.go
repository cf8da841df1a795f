package meter_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/meter"
	"github.com/pywasm-go/pywasm/core/wasm"
)

func depth(t testing.TB, m *wasm.Module) (*wasm.Module, meter.Injected) {
	return rewritten(t, m, meter.Depth)
}

// TestDepthIsGivenBack calls programs with enough calls allowed: they do as before, and nothing is missing then.
func TestDepthIsGivenBack(t *testing.T) {
	for _, p := range slices.Concat(programs, deep) {
		t.Run(p.name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, compiled bool) { givesBack(t, p.text, 20_000, compiled) })
		})
	}
	for _, p := range slices.Concat(caught, deepCaught) {
		t.Run(p.name, func(t *testing.T) { givesBack(t, p.text, 100, false) })
	}
}

func givesBack(t *testing.T, text string, allowed uint32, compiled bool) {
	m := parse(t, text)
	out, in := depth(t, m)
	h := newHost(t, compiled)
	h.onHook = func() { panic(errDeep) }
	want := outcomes(m, h.instantiate(t, m.Encode(), meter.Injected{}))
	guest := h.instantiate(t, out.Encode(), in)
	if !in.Any {
		return
	}
	left := insides(guest).global(in.Global)
	*left = uint64(allowed)
	if got := outcomes(m, guest); got != want {
		t.Errorf("before %s, after %s", want, got)
	}
	if uint32(*left) != allowed {
		t.Errorf("%d is left of %d", uint32(*left), allowed)
	}
}

var errDeep = errors.New("too deep")

// TestDepthIsBounded calls functions that need n calls at once with n and with n - 1 allowed.
func TestDepthIsBounded(t *testing.T) {
	const n = 100
	for _, p := range deep {
		t.Run(p.name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, compiled bool) {
				m := parse(t, p.text)
				out, in := depth(t, m)
				h := newHost(t, compiled)
				h.onHook = func() { panic(errDeep) }
				guest := h.instantiate(t, out.Encode(), in)
				left := insides(guest).global(in.Global)
				for _, allowed := range []uint64{n, n - 1} {
					*left = allowed
					_, err := guest.ExportedFunction("a").Call(context.Background())
					if errors.Is(err, errDeep) != (allowed < n) || allowed == n && err != nil {
						t.Errorf("with %d calls allowed: %v", allowed, err)
					}
					if err != nil && uint32(*left) != 0 {
						t.Errorf("stopped with %d calls left", uint32(*left))
					}
				}
			})
		})
	}
}

// deep programs have a function "a" that needs 100 calls at once.
var deep = []program{
	{"returns in blocks", `
		(func $f (param i32) (result i32)
			(block (loop
				(if (i32.eqz (local.get 0)) (then (return (i32.const 5))))
				(br_if 1 (i32.and (local.get 0) (i32.const 1)))
				(br 2 (call $f (i32.sub (local.get 0) (i32.const 1))))))
			(return (call $f (i32.sub (local.get 0) (i32.const 1)))))
		(func (export "a") (result i32) (call $f (i32.const 99)))`},
	{"several results", `
		(func $f (param i32) (result i32 i64 f32)
			(if (result i32 i64 f32) (local.get 0)
				(then (call $f (i32.sub (local.get 0) (i32.const 1))) (br_table 0 1 (i32.const 1)))
				(else (i32.const 1) (i64.const 2) (f32.const 3))))
		(func (export "a") (result i32 i64 f32) (call $f (i32.const 99)))`},
	{"one after another", `
		(func $f (param i32)
			(if (local.get 0) (then
				(call $f (i32.sub (local.get 0) (i32.const 1))) (call $g (i32.const 3)))))
		(func $g (param i32) (if (local.get 0) (then (call $g (i32.sub (local.get 0) (i32.const 1))))))
		(func (export "a") (call $f (i32.const 90)) (call $f (i32.const 15)) (call $g (i32.const 99)))`},
	{"each other", `
		(func $f (param i32) (if (local.get 0) (then (call $g (i32.sub (local.get 0) (i32.const 1))))))
		(func $g (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))))))
		(func (export "a") (call $f (i32.const 99)))`},
	{"through a table", `
		(type $t (func (param i32))) (table 1 funcref) (elem (i32.const 0) $f)
		(func $f (type $t) (if (local.get 0) (then (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))
		(func (export "a") (call $f (i32.const 99)))`},
	{"through a table that is filled later", `
		(type $t (func (param i32))) (table 1 funcref) (elem declare func $f)
		(func $f (type $t) (if (local.get 0) (then (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))
		(func (export "a") (table.set (i32.const 0) (ref.func $f)) (call $f (i32.const 99)))`},
	{"through a reference", `
		(type $t (func (param i32))) (elem declare func $f)
		(func $f (type $t) (if (local.get 0) (then (call_ref $t (i32.sub (local.get 0) (i32.const 1)) (ref.func $f)))))
		(func (export "a") (call $f (i32.const 99)))`},
	{"through other modules", `
		(type $t (func (param i32))) (type $u (func (param i32 i32)))
		(table (export "t") 1 funcref) (elem (i32.const 0) $other)
		(func $other (type $u) (call $f (local.get 0)))
		(func $f (type $t) (if (local.get 0) (then (call_indirect (type $u) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0) (i32.const 0)))))
		(func (export "a") (call $f (i32.const 49)))`},
	{"tail calls", `
		(type $t (func (param i32 i32)))
		(table 1 funcref) (elem (i32.const 0) $f)
		(func $f (type $t)
			(if (i32.eqz (local.get 0)) (then (return_call $g (local.get 1))))
			(if (i32.and (local.get 0) (i32.const 1)) (then (return_call $f (i32.sub (local.get 0) (i32.const 1)) (local.get 1))))
			(return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (i32.const 0)))
		(func $g (param i32) (if (local.get 0) (then (call $g (i32.sub (local.get 0) (i32.const 1))))))
		(func (export "a") (call $f (i32.const 1000) (i32.const 99)))`},
}

var deepCaught = []program{
	{"exceptions through many calls", `
		(tag $e (param i32))
		(func $f (param i32) (result i32)
			(if (i32.eqz (local.get 0)) (then (throw $e (i32.const 7))))
			(i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
		(func (export "a") (result i32)
			(block $h (result i32) (try_table (catch $e $h) (drop (call $f (i32.const 50)))) (unreachable)))
		(func $outermost (export "b") (result i32)
			(try_table (result i32) (catch $e 0) (call $f (i32.const 50))))
		(func $loops (export "c") (result i32) (local $n i32)
			(i32.const 1)
			(loop $l (param i32) (result i32)
				(if (param i32) (result i32) (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 9))
					(then (try_table (param i32) (result i32) (catch $e $l) (i32.add (call $f (local.get $n))))))))
		(func $g (param i32) (result i32)
			(if (i32.eqz (local.get 0)) (then (return (call $outermost))))
			(if (result i32) (i32.and (local.get 0) (i32.const 1))
				(then (call $g (i32.sub (local.get 0) (i32.const 1))))
				(else (block $h (result i32)
					(try_table (result i32) (catch $e $h) (drop (call $g (i32.sub (local.get 0) (i32.const 1)))) (call $f (local.get 0)))))))
		(func (export "d") (result i32) (call $g (i32.const 10)))
		(func (export "e") (result i32)
			(drop (block $h (result i32) (try_table (catch $e $h) (drop (call $f (i32.const 70)))) (unreachable)))
			(block $h (result i32) (try_table (catch $e $h) (drop (call $f (i32.const 70)))) (unreachable)))`},
}

// TestPassesCompose bounds what was rewritten before: no more functions count, and fuel is what it was.
func TestPassesCompose(t *testing.T) {
	for _, p := range slices.Concat(programs, deep) {
		t.Run(p.name, func(t *testing.T) {
			m := parse(t, p.text)
			h := newHost(t, true)
			want := outcomes(m, h.instantiate(t, m.Encode(), meter.Injected{}))
			_, alone := depth(t, m)
			for _, mode := range modes {
				metered, in := rewritten(t, m, mode.rewrite)
				out, deep := depth(t, metered)
				if deep.Any != alone.Any {
					t.Errorf("%s: there is something to count: %t, was %t", mode.name, deep.Any, alone.Any)
				}
				plain, guest := h.instantiate(t, metered.Encode(), in), h.instantiate(t, out.Encode(), in)
				var left []uint64
				for _, g := range []api.Module{plain, guest} {
					if in.Fuel != 0 {
						insides(g).fuel(in).Store(plenty)
					}
					if g == guest && deep.Any {
						insides(g).setTable(deep.Hook, h.hooks[:])
						*insides(g).global(deep.Global) = 20_000
					}
					if got := outcomes(m, g); got != want {
						t.Errorf("%s: before %s, after %s", mode.name, want, got)
					}
					if in.Fuel != 0 {
						left = append(left, insides(g).fuel(in).Load())
					}
				}
				if in.Fuel != 0 && left[0] != left[1] {
					t.Errorf("%d is left, with a bound %d", left[0], left[1])
				}
			}
		})
	}
}

// TestNothingToDo checks that a module without need is the one that was given.
func TestNothingToDo(t *testing.T) {
	m := parse(t, `(func $f (result i32) (i32.const 1)) (func (export "a") (result i32) (i32.add (call $f) (call $f)))`)
	before := m.Encode()
	for _, pass := range []pass{meter.Interrupt, meter.Depth} {
		if out, in := rewritten(t, m, pass); out != m || in != (meter.Injected{}) {
			t.Errorf("changed: %+v", in)
		}
	}
	if _, in := refuel(t, m); !in.Any || !bytes.Equal(m.Encode(), before) {
		t.Error("the module was changed, or costs nothing")
	}
}
