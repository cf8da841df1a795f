package engine

import (
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// All parameters of a tail call arrive, though their number is that of the registers there are.
func TestTailCallsPassAllParameters(t *testing.T) {
	const text = `(module
		(type $seven (func (param i32 i32 i32 i32 i32 i64 i64) (result i64)))
		(import "h" "last" (func $imported (type $seven)))
		(table funcref (elem $own))
		(func $own (type $seven) (i64.add (local.get 5) (local.get 6)))
		(func (export "imported") (type $seven) (return_call $imported
			(local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (i64.const 5) (local.get 6)))
		(func (export "indirect") (type $seven) (return_call_indirect (type $seven)
			(local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (i64.const 0) (local.get 6) (i32.const 0)))
		(func (export "ref") (type $seven) (return_call_ref $seven
			(local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (i64.const 0) (local.get 6) (ref.func $own)))
		(func (export "direct") (type $seven) (return_call $own
			(local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (i64.const 0) (local.get 6))))`
	seven := wasm.FuncType{
		Params:  []wasm.ValType{wasm.I32, wasm.I32, wasm.I32, wasm.I32, wasm.I32, wasm.I64, wasm.I64},
		Results: []wasm.ValType{wasm.I64},
	}
	last := Extern{Kind: wasm.ExternFunc, Type: seven, Host: func(_ *Call, _ api.Module, stack []uint64) {
		stack[0] = stack[6]
	}}
	each(t, func(t *testing.T, s *Store) {
		i := instantiate(t, s, text, last)
		defer i.Close()
		for _, name := range []string{"imported", "indirect", "ref", "direct"} {
			if got := call(t, i, name, 1, 2, 3, 4, 5, 6, 1<<40); got != 1<<40 {
				t.Errorf("%s: %#x, want %#x", name, got, 1<<40)
			}
		}
	})
}
