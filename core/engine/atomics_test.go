package engine

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pywasm-go/pywasm/core/wat"
)

// Each exchange loop returns and leaves what the instruction does, and traps as it does.
func TestExchangeLoops(t *testing.T) {
	rules := exchangeLoops()
	names := []string{"memory"}
	text := `(module (memory 1 1 shared) (data (i32.const 8) "\f0\e1\d2\c3\b4\a5\96\87")
		(func (export "memory") (param i32 i64) (result i64) (i64.load (i32.const 8)))`
	for op := range rules {
		name := op.Info().Name
		call := fmt.Sprintf("(%s offset=8 (local.get 0) (local.get 1))", name)
		if strings.HasPrefix(name, "i32") {
			call = fmt.Sprintf("(i64.extend_i32_u (%s offset=8 (local.get 0) (i32.wrap_i64 (local.get 1))))", name)
		}
		text += fmt.Sprintf("(func (export %q) (param i32 i64) (result i64) %s)", name, call)
		names = append(names, name)
	}
	if slices.Sort(names[1:]); len(names) != 22 {
		t.Fatalf("%q", names)
	}
	binary, err := wat.ToBinary([]byte(text + ")"))
	if err != nil {
		t.Fatal(err)
	}
	expanded, err := decode(binary)
	if err != nil {
		t.Fatal(err)
	}
	expand(expanded, rules)
	each(t, func(t *testing.T, s *Store) {
		want, got := instantiateBinary(t, s, binary), instantiateBinary(t, s, expanded.Encode())
		for _, name := range names {
			for _, address := range []uint64{0, 1, 1 << 20} {
				x, y := []uint64{address, 0x123456789ABCDEF0}, []uint64{address, 0x123456789ABCDEF0}
				errX, errY := exported(t, want, name).Call(x, nil), exported(t, got, name).Call(y, nil)
				if fmt.Sprint(errX) != fmt.Sprint(errY) || errX == nil && x[0] != y[0] {
					t.Errorf("%s(%d) = %#x %v, want %#x %v", name, address, y[0], errY, x[0], errX)
				}
			}
			x, y := call(t, want, "memory", 0, 0), call(t, got, "memory", 0, 0)
			if x != y {
				t.Fatalf("%s leaves %#x, want %#x", name, y, x)
			}
		}
	})
}

// Two threads that each flip a bit of the same word, an even number of times, lose none.
func TestExchangeLoopsContend(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		owner := instantiate(t, s, `(module (memory (export "m") 1 1 shared)
			(func (export "word") (result i32) (i32.load (i32.const 0))))`)
		var wait sync.WaitGroup
		for thread := range uint64(2) {
			i := instantiate(t, s, `(module (import "o" "m" (memory 1 1 shared))
				(func (export "flip") (param $bit i32) (local $n i32)
					(loop $again
						(drop (i32.atomic.rmw.xor (i32.const 0) (local.get $bit)))
						(br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 200000))))))`,
				export(t, owner, "m"))
			flip := exported(t, i, "flip")
			wait.Go(func() {
				if err := flip.Call([]uint64{1 << thread}, nil); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if got := call(t, owner, "word"); got != 0 {
			t.Errorf("%#b, want 0", got)
		}
	})
}

// wazero's compiler for amd64 sees none of the instructions that it makes a loop of.
func TestExchangeLoopsReplaceAll(t *testing.T) {
	for op := range exchangeLoops() {
		if miscompiled["amd64"]()[op] == nil {
			t.Errorf("%s is handed to wazero", op.Info().Name)
		}
	}
}
