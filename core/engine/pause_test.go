package engine

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/pywasm-go/pywasm/core/meter"
)

// pausing runs a test on both compilers, in stores whose guests end at their third pause.
func pausing(t *testing.T, test func(t *testing.T, s *Store, pauses *int)) {
	for _, compiler := range []Compiler{Optimizing, Interpreter} {
		t.Run(string(compiler), func(t *testing.T) {
			pauses := 0
			var s *Store
			s, err := NewStore(Config{Compiler: compiler, Pause: func(*Call) error {
				pauses++
				if pauses == 3 {
					return fail(CodeRuntime, "enough")
				}
				s.setFlags()
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			test(t, s, &pauses)
		})
	}
}

// setFlags asks all instances to pause.
func (s *Store) setFlags() {
	for _, i := range s.instances {
		if i.flag != nil {
			atomic.StoreUint64(i.flag, meter.Raised)
		}
	}
}

func TestPauses(t *testing.T) {
	pausing(t, func(t *testing.T, s *Store, pauses *int) {
		i := instantiate(t, s, `(module
			(global i64 (i64.const 7))
			(func (export "f") (loop (br 0))))`)
		s.setFlags()
		err := exported(t, i, "f").Call(nil, nil)
		if own := (*Error)(nil); !errors.As(err, &own) || own.Text != "enough" || *pauses != 3 {
			t.Fatalf("%v after %d pauses", err, *pauses)
		}
	})
}

// The flag is that of the instance whose code runs, whoever was called first.
func TestPausesInImports(t *testing.T) {
	pausing(t, func(t *testing.T, s *Store, pauses *int) {
		loop := instantiate(t, s, `(module (func (export "f") (loop (br 0))))`)
		i := instantiate(t, s, `(module (import "a" "f" (func $f)) (func (export "g") (call $f)))`, export(t, loop, "f"))
		s.setFlags()
		if err := exported(t, i, "g").Call(nil, nil); err == nil || *pauses != 3 {
			t.Fatalf("%v after %d pauses", err, *pauses)
		}
	})
}

// What is added does not show in what the user sees of the module, and comes after all that is the user's.
func TestPausesBesideWrappersAndReferences(t *testing.T) {
	pausing(t, func(t *testing.T, s *Store, pauses *int) {
		i := instantiate(t, s, `(module
			(import "h" "f" (func $f (result i32)))
			(table (export "t") funcref (elem $f $g))
			(func $g (result i32) (loop (br_if 0 (i32.const 0))) (i32.const 2))
			(func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))
			(start $s) (func $s (loop (br_if 0 (i32.const 0)))))`, constant(1))
		for k := range uint64(2) {
			if got := call(t, i, "call", k); got != k+1 {
				t.Fatalf("element %d returned %d", k, got)
			}
		}
		if *pauses != 0 {
			t.Fatalf("%d pauses that nobody asked for", *pauses)
		}
	})
}

func TestFuel(t *testing.T) {
	var counts []uint64
	for _, compiler := range []Compiler{Optimizing, Interpreter} {
		t.Run(string(compiler), func(t *testing.T) {
			s, err := NewStore(Config{Compiler: compiler, Fuel: true})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			i := instantiate(t, s, `(module
				(import "h" "f" (func $f (result i32)))
				(export "f" (func $f))
				(func (export "loop") (param i32)
					(loop (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if 0 (local.get 0)))))`, constant(1))
			i.SetFuel(1000)
			call(t, i, "f")
			if err := exported(t, i, "loop").Call([]uint64{10}, nil); err != nil {
				t.Fatal(err)
			}
			left, _ := i.Fuel()
			counts = append(counts, left)
			err = exported(t, i, "loop").Call([]uint64{100_000}, nil)
			if own := (*Error)(nil); !errors.As(err, &own) || own.Code != CodeFuel {
				t.Fatal(err)
			}
			i.SetFuel(MaxFuel)
			if err := exported(t, i, "loop").Call([]uint64{100_000}, nil); err != nil {
				t.Fatal(err)
			}
		})
	}
	if counts[0] >= 1000 || counts[0] != counts[1] {
		t.Fatalf("left of 1000: %v", counts)
	}
}
