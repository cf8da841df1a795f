package engine

import (
	"errors"
	"testing"
)

// limiting runs a test on both compilers, in stores of a configuration.
func limiting(t *testing.T, config Config, test func(t *testing.T, s *Store)) {
	for _, compiler := range []Compiler{Optimizing, Interpreter} {
		t.Run(string(compiler), func(t *testing.T) {
			config.Compiler = compiler
			s, err := NewStore(config)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			test(t, s)
		})
	}
}

const growing = `(module
	(memory 1)
	(table $a 2 funcref)
	(table $b 1 externref)
	(func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
	(func (export "a") (param i32) (result i32) (table.grow $a (ref.null func) (local.get 0)))
	(func (export "b") (param i32) (result i32) (table.grow $b (ref.null extern) (local.get 0))))`

func TestLimitsOfAnInstance(t *testing.T) {
	limiting(t, Config{}, func(t *testing.T, s *Store) {
		i, err := compile(t, s, growing).Link(Limits{Memory: 3 << 16, Tables: 10, Depth: 1}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			function string
			by, want uint64
		}{{"memory", 2, 1}, {"memory", 1, none}, {"a", 5, 2}, {"b", 3, none}, {"b", 2, 1}, {"a", 1, none}, {"a", 0, 7}} {
			if got := call(t, i, step.function, step.by); got != step.want {
				t.Errorf("%s grows by %d: %d, not %d", step.function, step.by, int32(got), int32(step.want))
			}
		}
	})
}

const none = 0xFFFFFFFF

func TestLimitsOfAStore(t *testing.T) {
	limiting(t, Config{Limits: &Limits{Memory: 4 << 16, Tables: 8}, Instances: 2}, func(t *testing.T, s *Store) {
		first, second := instantiate(t, s, growing), instantiate(t, s, growing)
		if got := call(t, first, "memory", 3); got != none {
			t.Errorf("grew to 4 pages beside 1 of another: %d", int32(got))
		}
		if got := call(t, first, "memory", 2); got != 1 {
			t.Errorf("did not grow: %d", int32(got))
		}
		if got := call(t, second, "a", 2) + call(t, second, "b", 1); got != 2+none {
			t.Errorf("tables grew: %d", int32(got))
		}
		_, err := compile(t, s, growing).Instantiate(nil, nil, nil)
		if own := (*Error)(nil); !errors.As(err, &own) || own.Code != CodeLimit {
			t.Errorf("more memory than there may be: %v", err)
		}
		if _, err = compile(t, s, `(module)`).Instantiate(nil, nil, nil); !errors.As(err, new(*Error)) {
			t.Errorf("a third instance: %v", err)
		}
		first.Close()
		instantiate(t, s, growing)
	})
}

func TestLimitsRaise(t *testing.T) {
	limiting(t, Config{RaiseAtLimit: true, Limits: &Limits{Memory: 4 << 16, Tables: 8}}, func(t *testing.T, s *Store) {
		i := instantiate(t, s, growing)
		for _, f := range []string{"memory", "a", "b"} {
			err := exported(t, i, f).Call([]uint64{100}, nil)
			if own := (*Error)(nil); !errors.As(err, &own) || own.Code != CodeLimit {
				t.Errorf("%s: %v", f, err)
			}
		}
		if _, ok := i.Grow(100); ok {
			t.Error("the host grew it")
		}
		if got := call(t, i, "memory", 1); got != 1 {
			t.Errorf("within the limit: %d", got)
		}
	})
}

func TestDepth(t *testing.T) {
	limiting(t, Config{Depth: 10}, func(t *testing.T, s *Store) {
		inner := instantiate(t, s, `(module
			(func $f (export "f") (param i32) (result i32)
				(if (result i32) (local.get 0)
					(then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
					(else (i32.const 0)))))`)
		outer := instantiate(t, s, `(module
			(import "a" "f" (func $f (param i32) (result i32)))
			(func (export "g") (param i32) (result i32) (call $f (local.get 0))))`, export(t, inner, "f"))
		for range 3 {
			if got := call(t, outer, "g", 9); got != 9 {
				t.Fatalf("ten calls returned %d", got)
			}
			err := exported(t, outer, "g").Call([]uint64{10}, nil)
			if own := (*Error)(nil); !errors.As(err, &own) || own.Trap != stackExhausted {
				t.Fatalf("eleven: %v", err)
			}
		}
	})
}
