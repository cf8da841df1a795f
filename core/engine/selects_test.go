package engine

import "testing"

// A type of more than one byte is no instruction.
func TestSelectsBetweenReferences(t *testing.T) {
	const text = `(module
		(type $f (func (result i32)))
		(elem declare func $seven $eight)
		(func $seven (type $f) (i32.const 7))
		(func $eight (type $f) (i32.const 8))
		(func (export "nullable") (param i32) (result i32)
			(call_ref $f (select (result (ref null $f)) (ref.func $seven) (ref.func $eight) (local.get 0))))
		(func (export "not null") (param i32) (result i32)
			(call_ref $f (select (result (ref $f)) (ref.func $seven) (ref.func $eight) (local.get 0))))
		(func (export "abstract") (param i32) (result i32)
			(ref.is_null (select (result funcref) (ref.func $seven) (ref.null func) (local.get 0))))
		(func (export "different") (param i32) (result i32)
			(ref.is_null (select (result (ref null func))
				(ref.as_non_null (select (result funcref) (ref.func $seven) (ref.func $eight) (local.get 0)))
				(ref.null $f) (local.get 0))))
		(func (export "extern") (param i32) (result i32)
			(ref.is_null (select (result externref) (ref.null extern) (ref.null extern) (local.get 0)))))`
	each(t, func(t *testing.T, s *Store) {
		i := instantiate(t, s, text)
		defer i.Close()
		for _, c := range []struct {
			name            string
			chosen, refused uint64
		}{
			{"nullable", 7, 8},
			{"not null", 7, 8},
			{"abstract", 0, 1},
			{"different", 0, 1},
			{"extern", 1, 1},
		} {
			if got := call(t, i, c.name, 1); got != c.chosen {
				t.Errorf("%s(1) = %d, want %d", c.name, got, c.chosen)
			}
			if got := call(t, i, c.name, 0); got != c.refused {
				t.Errorf("%s(0) = %d, want %d", c.name, got, c.refused)
			}
		}
	})
}
