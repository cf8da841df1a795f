package engine

import (
	"errors"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/buffer/linear"
	"github.com/pywasm-go/pywasm/core/wasm"
	"github.com/pywasm-go/pywasm/core/wat"
)

// each runs a test with a store of each compiler.
func each(t *testing.T, test func(t *testing.T, s *Store)) {
	for _, compiler := range []Compiler{Optimizing, Interpreter} {
		t.Run(string(compiler), func(t *testing.T) {
			s, err := NewStore(Config{Compiler: compiler})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			test(t, s)
		})
	}
}

func compile(t *testing.T, s *Store, text string) *Module {
	t.Helper()
	binary, err := wat.ToBinary([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Compile(binary)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func instantiate(t *testing.T, s *Store, text string, imports ...Extern) *Instance {
	t.Helper()
	i, err := compile(t, s, text).Instantiate(imports, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// call calls an exported function and returns its first slot.
func call(t *testing.T, i *Instance, name string, args ...uint64) uint64 {
	t.Helper()
	stack := append(args, make([]uint64, 8)...)
	if err := exported(t, i, name).Call(stack, nil); err != nil {
		t.Fatal(err)
	}
	return stack[0]
}

func exported(t *testing.T, i *Instance, name string) *Function {
	t.Helper()
	for _, e := range i.module.source.Exports {
		if e.Name == name {
			return i.Function(e.Index)
		}
	}
	t.Fatalf("no export %s", name)
	return nil
}

func export(t *testing.T, i *Instance, name string) Extern {
	t.Helper()
	for _, e := range i.module.source.Exports {
		if e.Name == name {
			return i.Export(e.Kind, e.Index)
		}
	}
	t.Fatalf("no export %s", name)
	return Extern{}
}

// constant is a host function that returns a number.
func constant(n uint64) Extern {
	return Extern{
		Kind: wasm.ExternFunc, Type: wasm.FuncType{Results: []wasm.ValType{wasm.I32}},
		Host: func(_ *Call, _ api.Module, stack []uint64) { stack[0] = n },
	}
}

// The small program of wazero#2503: a local that is changed before a throw keeps its new value.
func TestExceptionsKeepLocals(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		i := instantiate(t, s, `(module
			(tag $e)
			(func (export "f") (result i32) (local $x i32)
				(block $caught
					(try_table (catch $e $caught)
						(local.set $x (i32.const 1))
						(throw $e)))
				(local.get $x)))`)
		if got := call(t, i, "f"); got != 1 {
			t.Fatalf("the local is %d after the throw", got)
		}
		if i.module.Compiler() != Interpreter {
			t.Fatal("the module does not say that it is interpreted")
		}
	})
}

func TestExceptionModulesCallCompiledOnes(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		plain := instantiate(t, s, `(module
			(memory (export "m") 1)
			(func (export "f") (param i32) (result i32) (i32.div_u (i32.const 42) (local.get 0))))`)
		const text = `(module
			(import "a" "f" (func $f (param i32) (result i32)))
			(tag $e)
			(func (export "g") (param i32) (result i32) (call $f (local.get 0)))
			(func (throw $e)))`
		throwing := instantiate(t, s, text, export(t, plain, "f"))
		if got := call(t, throwing, "g", 2); got != 21 {
			t.Fatalf("got %d", got)
		}
		err := exported(t, throwing, "g").Call([]uint64{0}, nil)
		if own := (*Error)(nil); !errors.As(err, &own) || own.Trap != "integer divide by zero" {
			t.Fatalf("the trap arrives as %v", err)
		}
		_, err = compile(t, s, `(module (import "a" "m" (memory 1)) (tag $e) (func (throw $e)))`).
			Instantiate([]Extern{export(t, plain, "m")}, nil, nil)
		if (err != nil) != (s.compiler == Optimizing) {
			t.Fatalf("sharing a memory: %v", err)
		}
	})
}

// wazero#2512: closing an instance that imports a memory freed its owner's.
func TestClosingAnImporterKeepsTheMemory(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		owner := instantiate(t, s, `(module
			(memory (export "m") 1)
			(func (export "load") (result i32) (i32.load (i32.const 8))))`)
		importer := instantiate(t, s, `(module
			(import "a" "m" (memory 1))
			(func (export "store") (i32.store (i32.const 8) (i32.const 7))))`, export(t, owner, "m"))
		call(t, importer, "store")
		importer.Close()
		if got := call(t, owner, "load"); got != 7 {
			t.Fatalf("got %d", got)
		}
		view := owner.Memory()
		view.View()
		owner.Close()
		if view.Size() != linear.PageSize {
			t.Fatal("the view lost the memory")
		}
		view.ReleaseView()
	})
}

// wazero#2506: at the end of a memory of 65,536 pages the interpreter's upper bound overflows.
func TestFullMemoriesAreRefused(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		if _, err := compile(t, s, `(module (memory 65536))`).Instantiate(nil, nil, nil); err == nil {
			t.Fatal("a memory of 4 GiB was made")
		}
		i := instantiate(t, s, `(module (memory 65535)
			(func (export "grow") (result i32) (memory.grow (i32.const 1))))`)
		if got := uint32(call(t, i, "grow")); got != ^uint32(0) {
			t.Fatalf("a memory grew to 4 GiB: %d", got)
		}
	})
}

// A host function in a shared table is found by the instance whose import it is, whoever calls it.
func TestHostFunctionsThatEscape(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		const text = `(module
			(type $t (func (result i32)))
			(import "h" "f" (func $f (result i32)))
			(import "h" "t" (table $table 4 funcref))
			(elem declare func $f)
			(func (export "put") (param i32) (table.set $table (local.get 0) (ref.func $f)))
			(func (export "call") (param i32) (result i32) (call_indirect $table (type $t) (local.get 0)))
			(export "again" (func $f)))`
		table := instantiate(t, s, `(module (table (export "t") 4 funcref))`)
		first := instantiate(t, s, text, constant(1), export(t, table, "t"))
		second := instantiate(t, s, text, constant(2), export(t, table, "t"))
		call(t, first, "put", 0)
		call(t, second, "put", 1)
		for index, want := range []uint64{1, 2} {
			for _, caller := range []*Instance{first, second} {
				if got := call(t, caller, "call", uint64(index)); got != want {
					t.Errorf("element %d gives %d", index, got)
				}
			}
		}
		if got := call(t, second, "again"); got != 2 {
			t.Errorf("the import that is exported gives %d", got)
		}
	})
}

// TestInternals checks what internals.go reads of wazero.
func TestInternals(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		i := instantiate(t, s, `(module
			(import "h" "f" (func $f (result i32)))
			(func $own (export "own") (result i32) (i32.const 7))
			(table (export "t") 3 5 funcref)
			(elem (i32.const 0) $own $f)
			(global (export "g") (mut v128) (v128.const i64x2 1 2)))`, constant(3))
		ref, ok := i.GetTable(0, 0)
		if owner, number, host, found := i.Resolve(ref); !ok || !found || host || owner != i || number != 1 {
			t.Errorf("the function resolves to %v %d %t %t", owner, number, host, found)
		}
		ref, _ = i.GetTable(0, 1)
		if owner, number, host, found := i.Resolve(ref); !found || !host || owner != i || number != 0 {
			t.Errorf("the host function resolves to %v %d %t %t", owner, number, host, found)
		}
		if size, ok := i.GrowTable(0, 2, ref); !ok || size != 3 || i.TableSize(0) != 5 {
			t.Errorf("the table grew from %d to %d: %t", size, i.TableSize(0), ok)
		}
		if _, ok := i.GrowTable(0, 1, 0); ok {
			t.Error("the table grew beyond its maximum")
		}
		i.SetGlobal(0, 3, 4)
		if lo, hi := i.GetGlobal(0); lo != 3 || hi != 4 {
			t.Errorf("the global is %d %d", lo, hi)
		}
	})
}

func TestMalformedNamesAreIgnored(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		const names = "\x00\x0d\x04name\x00\xff\xff\xff\xff\x0fxx"
		if _, err := s.Compile([]byte("\x00asm\x01\x00\x00\x00" + names)); err != nil {
			t.Fatal(err)
		}
	})
}

// An exponential constant expression is refused, not computed.
func TestConstantExpressionsAreBounded(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		m := &wasm.Module{}
		get := func(b []byte, i int) []byte { return wasm.AppendU32(wasm.OpGlobalGet.Append(b), uint32(i)) }
		for i := range 64 {
			init := wasm.AppendS32(wasm.OpI32Const.Append(nil), 1)
			if i > 0 {
				init = opcode("i32.add").Append(get(get(nil, i-1), i-1))
			}
			m.Globals = append(m.Globals, wasm.Global{
				GlobalType: wasm.GlobalType{Type: wasm.I32}, Init: wasm.Expr{Bytes: wasm.OpEnd.Append(init)},
			})
		}
		if _, err := s.Compile(m.Encode()); err == nil {
			t.Fatal("2^63 additions were accepted")
		}
	})
}

func TestRemainders(t *testing.T) {
	binary, err := wat.ToBinary([]byte(`(module
		(func (export "i32.rem_u") (param i32 i32) (result i32) (i32.rem_u (local.get 0) (local.get 1)))
		(func (export "i32.rem_s") (param i32 i32) (result i32) (i32.rem_s (local.get 0) (local.get 1)))
		(func (export "i64.rem_u") (param i64 i64) (result i64) (i64.rem_u (local.get 0) (local.get 1)))
		(func (export "i64.rem_s") (param i64 i64) (result i64) (local f32) (i64.rem_s (local.get 0) (local.get 1))))`))
	if err != nil {
		t.Fatal(err)
	}
	m, err := wasm.Decode(binary)
	if err != nil {
		t.Fatal(err)
	}
	expand(m, remainders())
	replaced := m.Encode()
	values := []uint64{0, 1, 2, 3, 7, 1 << 31, 1<<31 - 1, 1 << 63, 1<<63 - 1, ^uint64(0), ^uint64(1), 0xFFFFFFFF}
	each(t, func(t *testing.T, s *Store) {
		instance := func(b []byte) *Instance {
			m, err := s.Compile(b)
			if err != nil {
				t.Fatal(err)
			}
			i, err := m.Instantiate(nil, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			return i
		}
		want, got := instance(binary), instance(replaced)
		for _, name := range []string{"i32.rem_u", "i32.rem_s", "i64.rem_u", "i64.rem_s"} {
			f, g := exported(t, want, name), exported(t, got, name)
			for _, a := range values {
				for _, b := range values {
					x, y := []uint64{a, b}, []uint64{a, b}
					errX, errY := f.Call(x, nil), g.Call(y, nil)
					if (errX == nil) != (errY == nil) || errX == nil && x[0] != y[0] {
						t.Errorf("%s(%d, %d) = %d %v, want %d %v", name, a, b, y[0], errY, x[0], errX)
					}
				}
			}
		}
	})
}

// What replaceSelects makes means the same, for operands of all types and in code that cannot be reached.
func TestSelects(t *testing.T) {
	binary, err := wat.ToBinary([]byte(`(module
		(func (export "f32") (param i32) (result i32) (local f32)
			(i32.reinterpret_f32 (select (f32.const 1) (f32.const nan:0x200001) (local.get 0))))
		(func (export "f64") (param i32) (result i64)
			(i64.reinterpret_f64 (select (result f64) (f64.const -0) (f64.const 2) (local.get 0))))
		(func (export "v128") (param i32) (result i64)
			(i64x2.extract_lane 1 (select (v128.const i64x2 1 2) (v128.const i64x2 3 4) (local.get 0))))
		(func (export "i64") (param i32) (result i64)
			(select (i64.const 5) (i64.const 6) (local.get 0)))
		(func (export "dead") (param i32) (result i32)
			(return (local.get 0)) (f32.const 1) (i32.const 1) (select) (drop) (i32.const 0)))`))
	if err != nil {
		t.Fatal(err)
	}
	source, err := decode(binary)
	if err != nil {
		t.Fatal(err)
	}
	replaced := *source
	replaceSelects(&replaced, source.Selects())
	if len(source.Selects()) != 4 || len(replaced.Encode()) <= len(binary) {
		t.Fatalf("%d selects were seen", len(source.Selects()))
	}
	each(t, func(t *testing.T, s *Store) {
		want := instantiateBinary(t, s, binary)
		got := instantiateBinary(t, s, replaced.Encode())
		for _, e := range source.Exports {
			for _, condition := range []uint64{0, 1, 1 << 31} {
				if w, g := call(t, want, e.Name, condition), call(t, got, e.Name, condition); w != g {
					t.Errorf("%s(%d) = %#x, want %#x", e.Name, condition, g, w)
				}
			}
		}
	})
}

func instantiateBinary(t *testing.T, s *Store, binary []byte) *Instance {
	t.Helper()
	m, err := s.Compile(binary)
	if err != nil {
		t.Fatal(err)
	}
	i, err := m.Instantiate(nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// wazero takes the padded opcode of v128.and for i64x2.add.
func TestPaddedOpcodes(t *testing.T) {
	one := append(wasm.OpV128Const.Append(nil), 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	body := append(append([]byte{}, one...), one...)
	body = append(body, 0xFD, 0xCE, 0x00, 0xFD, 0x1D, 0x00, 0x0B) // v128.and, i64x2.extract_lane 0
	m := &wasm.Module{
		Types:   []wasm.FuncType{{Results: []wasm.ValType{wasm.I64}}},
		Funcs:   []uint32{0},
		Code:    []wasm.Code{{Body: wasm.Expr{Bytes: body}}},
		Exports: []wasm.Export{{Name: "f"}},
	}
	each(t, func(t *testing.T, s *Store) {
		if got := call(t, instantiateBinary(t, s, m.Encode()), "f"); got != 3 {
			t.Fatalf("3 and 3 is %d", got)
		}
	})
}
