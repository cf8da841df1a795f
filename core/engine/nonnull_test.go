package engine

import "testing"

// wazero's interpreter leaves a value below what br_on_non_null brings to its label.
func TestBrOnNonNullLeavesNothing(t *testing.T) {
	const text = `(module
		(type $f (func (result i32)))
		(elem declare func $seven)
		(func $seven (type $f) (i32.const 7))
		(func $pick (param i32) (result funcref)
			(if (result funcref) (local.get 0) (then (ref.func $seven)) (else (ref.null func))))
		(func (export "block") (param i32) (result i32)
			(i32.const 1)
			(block $l (result i32 funcref)
				(i32.const 2) (i32.const 3) (i32.const 4)
				(br_on_non_null $l (call $pick (local.get 0)))
				(drop) (drop) (ref.null func))
			(drop) (i32.sub))
		(func (export "loop") (param i32) (result i32) (local $n i32)
			(i32.const 10) (ref.func $seven)
			(loop $l (param i32 (ref $f)) (result i32)
				(call_ref $f) (i32.add)
				(local.set $n (i32.add (local.get $n) (i32.const 1)))
				(i32.const 99) (drop) (i32.const 5) (i32.const 20)
				(br_on_non_null $l (select (result (ref null $f))
					(ref.func $seven) (ref.null $f) (i32.lt_u (local.get $n) (local.get 0))))
				(i32.add) (i32.add)))
		(func (export "function") (param i32) (result i32)
			(call_ref $f (call $typed (local.get 0))))
		(func $typed (param i32) (result (ref $f))
			(i32.const 1) (i32.const 2)
			(br_on_non_null 0 (select (result (ref null $f)) (ref.func $seven) (ref.null $f) (local.get 0)))
			(drop) (drop) (ref.func $seven))
		(func (export "dead") (param i32) (result i32)
			(block $l (result funcref) (return (local.get 0)) (br_on_non_null $l) (unreachable)) (drop) (i32.const 0)))`
	each(t, func(t *testing.T, s *Store) {
		i := instantiate(t, s, text)
		defer i.Close()
		for _, c := range []struct {
			name      string
			arg, want uint64
		}{
			{"block", 0, 0xFFFFFFFF},
			{"block", 1, 0xFFFFFFFD},
			{"loop", 0, 42},
			{"loop", 3, 52},
			{"function", 0, 7},
			{"function", 1, 7},
			{"dead", 5, 5},
		} {
			if got := call(t, i, c.name, c.arg); got != c.want {
				t.Errorf("%s(%d) = %d, want %d", c.name, c.arg, int32(got), int32(c.want))
			}
		}
	})
}
