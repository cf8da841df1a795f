package engine

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// held returns how many modules, and instances of modules, wazero keeps for a store.
func held(t *testing.T, s *Store) (n int) {
	t.Helper()
	runtime := reflect.ValueOf(s.runtimes[s.compiler].Runtime)
	store, err := inside(runtime, "store")
	if err != nil {
		t.Fatal(err)
	}
	for i := store.Elem().FieldByName("moduleList"); !i.IsNil(); i = i.Elem().FieldByName("next") {
		n++
	}
	compiled := "compiledModules"
	if s.compiler == Interpreter {
		compiled = "compiledFunctions"
	}
	modules, err := inside(store.Elem().FieldByName("Engine"), compiled)
	if err != nil {
		t.Fatal(err)
	}
	return n + modules.Len()
}

func TestModulesLeaveNothingInTheirStore(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		before := held(t, s)
		for range 3 {
			i := instantiate(t, s, `(module (import "h" "f" (func $f (result i32)))
				(func (export "f") (result i32) (call $f)))`, constant(7))
			if got := call(t, i, "f"); got != 7 {
				t.Fatalf("the host function gave %d", got)
			}
			i.module.Close()
			if got := call(t, i, "f"); got != 7 {
				t.Fatalf("when the module was closed, the host function gave %d", got)
			}
			i.Close()
		}
		if after := held(t, s); after != before {
			t.Errorf("wazero holds %d, and held %d before", after, before)
		}
	})
}

func TestGeneratedModulesAreFew(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		before := held(t, s)
		for size := range uint64(3 * mostMade) {
			m, err := s.MakeMemory(wasm.Limits{Min: size})
			if err != nil {
				t.Fatal(err)
			}
			i, err := m.Instantiate(nil, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			m.Close()
			i.Close()
		}
		if after := held(t, s); after-before > mostMade {
			t.Errorf("wazero holds %d more", after-before)
		}
	})
}

func TestTablesForgetInstancesThatImportedThem(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		owner := instantiate(t, s, `(module (table (export "t") 1 externref))`)
		table := export(t, owner, "t")
		m := compile(t, s, `(module (import "o" "t" (table 1 externref)) (memory 2))`)
		for range 3 {
			i, err := m.Instantiate([]Extern{table}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			i.Close()
		}
		owner.guts.involved(0, func(list []unsafe.Pointer) []unsafe.Pointer {
			if len(list) != 1 {
				t.Errorf("the table keeps %d instances", len(list))
			}
			return list
		})
	})
}

// The compiler has an object for each reference to a function that is made.
func TestFunctionsAreReferredToByOneReference(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		i := instantiate(t, s, `(module
			(type $t (func (result i32)))
			(import "h" "f" (func $host (type $t)))
			(global i32 (i32.const 0))
			(table 1 funcref)
			(elem declare func $own $host)
			(func $own (type $t) (i32.const 3))
			(func (export "refer") (param i32) (result i32)
				(loop
					(table.set (i32.const 0) (ref.func $host))
					(drop (call_ref $t (ref.func $own)))
					(br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
				(i32.add (call_indirect (type $t) (i32.const 0)) (call_ref $t (ref.func $own)))))`, constant(4))
		made := reflect.ValueOf(i.guts.engine).Elem().FieldByName("localFunctionInstances")
		if s.compiler == Interpreter {
			made = reflect.ValueOf([]int{}) // it makes none
		}
		before := made.Len()
		if got := call(t, i, "refer", 100); got != 7 {
			t.Fatalf("the functions returned %d", got)
		}
		if made.Len() != before {
			t.Errorf("%d references were made", made.Len()-before)
		}
	})
}
