package wasm_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pywasm-go/pywasm/core/wasm"
	"github.com/pywasm-go/pywasm/core/wat"
)

// assemble returns the module that a text stands for.
func assemble(t testing.TB, text string) *wasm.Module {
	t.Helper()
	b, err := wat.ToBinary([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	m, err := wasm.Decode(b)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return m
}

func TestInvalidModules(t *testing.T) {
	tests := []struct{ fields, want string }{
		{`(type (func (param (ref 1)))) (type (func))`, "unknown type 1"},
		{`(import "m" "n" (func (type 1)))`, "unknown type 1"},
		{`(import "m" "n" (global (ref 1)))`, "unknown type 1"},
		{`(func (type 3))`, "unknown type 3"},
		{`(func (local (ref null 3)))`, "unknown type 3"},
		{`(tag (type 3))`, "unknown type 3"},
		{`(tag (result i32))`, "non-empty tag result type"},
		{`(table 0 (ref null 3))`, "unknown type 3"},
		{`(table 2 1 funcref)`, "size minimum must not be greater than maximum"},
		{`(table 0 (ref func))`, "type mismatch: a table of (ref func) needs an initial value"},
		{`(table 0 funcref (ref.null extern))`, "type mismatch: end expects funcref but the stack has externref"},
		{`(memory 65537)`, "memory size must be at most 65536 pages (4GiB)"},
		{`(memory 0 65537)`, "memory size must be at most 65536 pages (4GiB)"},
		{`(memory 2 1)`, "size minimum must not be greater than maximum"},
		{`(memory 1 shared)`, "shared memory must have maximum"},
		{`(memory 0) (memory 0)`, "multiple memories: uses multi-memory: a second memory at offset 0xa, not supported by this engine"},
		{`(global i32 (i64.const 0))`, "type mismatch: end expects i32 but the stack has i64"},
		{`(global i32)`, "type mismatch: end expects i32 but the stack has none"},
		{`(global i32 (i32.const 0) (i32.const 0))`, "type mismatch: values remain on the stack at the end of the block"},
		{`(global i32 (i32.ctz (i32.const 0)))`, "constant expression required"},
		{`(global (mut i32) (i32.const 0)) (global i32 (global.get 0))`, "constant expression required"},
		{`(global i32 (global.get 0))`, "unknown global 0"},
		{`(global i32 (global.get 1)) (global i32 (i32.const 0))`, "unknown global 1"},
		{`(global funcref (ref.func 0))`, "unknown function 0"},
		{`(elem (i32.const 0) func)`, "unknown table 0"},
		{`(table 1 externref) (elem (i32.const 0) func)`, "type mismatch: a segment of (ref func) in a table of externref"},
		{`(table 1 funcref) (elem (i64.const 0) func)`, "type mismatch: end expects i32 but the stack has i64"},
		{`(elem func 0)`, "unknown function 0"},
		{`(elem externref (ref.null func))`, "type mismatch: end expects externref but the stack has funcref"},
		{`(data (i32.const 0) "")`, "unknown memory 0"},
		{`(memory 1) (data (f32.const 0) "")`, "type mismatch: end expects i32 but the stack has f32"},
		{`(start 0)`, "unknown function 0"},
		{`(func (param i32)) (start 0)`, "start function: must have no parameters and no results"},
		{`(export "f" (func 0))`, "unknown function 0"},
		{`(export "t" (table 0))`, "unknown table 0"},
		{`(export "m" (memory 0))`, "unknown memory 0"},
		{`(export "g" (global 0))`, "unknown global 0"},
		{`(export "e" (tag 0))`, "unknown tag 0"},
		{`(func (export "f")) (memory (export "f") 1)`, "duplicate export name"},
		{`(func (param ` + strings.Repeat("i32 ", 1001) + `))`, "too many parameters or results"},
	}
	for _, test := range tests {
		checkInvalid(t, test.fields, test.want)
	}
}

func checkInvalid(t *testing.T, fields, want string) {
	t.Helper()
	err := wasm.Validate(assemble(t, "(module "+fields+")"))
	if e, ok := err.(*wasm.Error); !ok || e.Malformed || e.Msg != want {
		t.Errorf("%s\n%v, want %s", fields, err, want)
	}
}

func TestInvalidBodies(t *testing.T) {
	const context = `(type $s (func (param i32) (result i32))) (memory 1) (table funcref (elem 0)) (table $x 1 externref)
		(global i32 (i32.const 0)) (tag (param i64)) (elem externref) (data "") `
	tests := []struct{ body, want string }{
		{`i32.const 0`, "type mismatch: values remain on the stack at the end of the block"},
		{`i32.add`, "type mismatch: i32.add expects i32 but the stack has none"},
		{`i64.const 0 i32.eqz drop`, "type mismatch: i32.eqz expects i32 but the stack has i64"},
		{`drop`, "type mismatch: drop expects a value but the stack has none"},
		{`unreachable i64.const 0 i32.eqz drop`, "type mismatch: i32.eqz expects i32 but the stack has i64"},
		{`(block (result i32)) drop`, "type mismatch: end expects i32 but the stack has none"},
		{`(block (type 9))`, "unknown type 9"},
		{`(if (then))`, "type mismatch: if expects i32 but the stack has none"},
		{`(if (result i32) (i32.const 0) (then i32.const 1)) drop`, "type mismatch: if without else must have the same parameters and results"},
		{`br 1`, "unknown label 1"},
		{`(block (result i32) br 0) drop`, "type mismatch: br expects i32 but the stack has none"},
		{`(block (block (result i32) (br_table 0 1 (i32.const 0) (i32.const 0))) drop)`, "type mismatch: the labels of br_table take different numbers of values"},
		{`call 9`, "unknown function 9"},
		{`call_indirect 9`, "unknown table 9"},
		{`i32.const 0 call_indirect (type 9)`, "unknown type 9"},
		{`i32.const 0 call_indirect 1 (type $s) drop`, "type mismatch: call_indirect through a table of externref"},
		{`i32.const 0 return_call $f`, "type mismatch: return_call of a function with other results"},
		{`call_ref 9`, "unknown type 9"},
		{`i32.const 0 call_ref $s`, "type mismatch: call_ref expects (ref null 0) but the stack has i32"},
		{`ref.null extern call_ref $s`, "type mismatch: call_ref expects (ref null 0) but the stack has externref"},
		{`i32.const 0 br_on_null 0 drop`, "type mismatch: br_on_null expects a reference but the stack has i32"},
		{`ref.null func br_on_non_null 0`, "type mismatch: the label of br_on_non_null takes no reference"},
		{`throw 9`, "unknown tag 9"},
		{`throw 0`, "type mismatch: throw expects i64 but the stack has none"},
		{`throw_ref`, "type mismatch: throw_ref expects exnref but the stack has none"},
		{`try_table (catch 9 0) end`, "unknown tag 9"},
		{`try_table (catch_all 9) end`, "unknown label 9"},
		{`try_table (catch 0 0) end`, "type mismatch: the label of the catch clause takes other values"},
		{`try_table (catch_ref 0 0) end`, "type mismatch: the label of the catch clause does not take an exception last"},
		{`ref.null func ref.null func i32.const 0 select drop`, "type mismatch: select of references without a type"},
		{`i32.const 0 i64.const 0 i32.const 0 select drop`, "type mismatch: select expects i64 but the stack has i32"},
		{`unreachable select (result i32 i32)`, "invalid result arity"},
		{`local.get 0 drop`, "unknown local 0"},
		{`(local (ref func)) local.get 0 drop`, "uninitialized local"},
		{`(local (ref func)) (block (local.set 0 (ref.func $f))) local.get 0 drop`, "uninitialized local"},
		{`(local i32) i64.const 0 local.set 0`, "type mismatch: local.set expects i32 but the stack has i64"},
		{`global.get 9 drop`, "unknown global 9"},
		{`i32.const 0 global.set 9`, "unknown global 9"},
		{`i32.const 0 global.set 0`, "immutable global"},
		{`i32.const 0 table.get 9 drop`, "unknown table 9"},
		{`i32.const 0 ref.null func table.set $x`, "type mismatch: table.set expects externref but the stack has funcref"},
		{`i32.const 0 i32.const 0 i32.const 0 table.copy 0 $x`, "type mismatch: table.copy of externref to a table of funcref"},
		{`i32.const 0 i32.const 0 i32.const 0 table.init 0 1`, "type mismatch: table.init of externref to a table of funcref"},
		{`elem.drop 9`, "unknown elem segment 9"},
		{`data.drop 9`, "unknown data segment 9"},
		{`i32.const 0 i32.load align=8 drop`, "alignment must not be larger than natural"},
		{`i32.const 0 i32.atomic.load align=2 drop`, "atomic alignment must be natural"},
		{`i32.const 0 i32.load offset=4294967296 drop`, "offset out of range"},
		{`v128.const i32x4 0 0 0 0 i8x16.extract_lane_s 16 drop`, "invalid lane index"},
		{`ref.null 9 drop`, "unknown type 9"},
		{`ref.func 9 drop`, "unknown function 9"},
		{`ref.func 1 drop`, "undeclared function reference"},
		{`i32.const 0 ref.is_null drop`, "type mismatch: ref.is_null expects a reference but the stack has i32"},
	}
	for _, test := range tests {
		checkInvalid(t, context+`(func $f (type $s) local.get 0) (func `+test.body+`)`, test.want)
	}
	checkInvalid(t, `(func i32.const 0 i32.load drop)`, "unknown memory 0")
}

func TestErrorsSayWhere(t *testing.T) {
	m := assemble(t, `(module (import "m" "n" (func)) (func) (func i32.add))`)
	const want = "type mismatch: i32.add expects i32 but the stack has none (function 2, at offset 0x24)"
	if err := wasm.Validate(m); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestValidModules(t *testing.T) {
	tests := []string{
		`(module)`,
		`(module (type $a (func (param (ref null $a)))) (type $b (func (param (ref null $b))))
			(func (param (ref $a)) (result (ref $b)) local.get 0))`,
		`(module (rec (type $a (func (result (ref $b)))) (type $b (func (result (ref $a)))))
			(rec (type $c (func (result (ref $d)))) (type $d (func (result (ref $c)))))
			(func (param (ref $a)) (result (ref $c)) local.get 0))`,
		`(module (global $a i32 (i32.const 1)) (global i32 (i32.mul (global.get $a) (i32.const 3))) (memory 1)
			(data (i32.add (global.get $a) (i32.const 1)) "x"))`,
		`(module (table 3 (ref func) (ref.func $f)) (func $f) (elem (i32.const 0) $f))`,
		`(module (func (local $x (ref func)) (local.set $x (ref.func 0)) (block (drop (local.get $x)))) (export "f" (func 0)))`,
		`(module (func (result i32) unreachable (br_on_null 0 (ref.as_non_null)) drop))`,
		`(module (tag $t (param i32)) (func (result i32 exnref) (try_table (catch_ref $t 0) (throw $t (i32.const 1))) unreachable))`,
		`(module (func (param i32) (block (block (br_table 0 1 2 0 1 2 (local.get 0))))))`,
	}
	for _, text := range tests {
		if err := wasm.Validate(assemble(t, text)); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// Whatever a module holds, validation takes time and memory in proportion to its length.
func TestHostileModules(t *testing.T) {
	repeat := func(b ...byte) []byte { return []byte(strings.Repeat(string(b), 100_000)) }
	function := func(body []byte, locals ...wasm.LocalRun) *wasm.Module {
		return &wasm.Module{
			Types: []wasm.FuncType{{}, {Results: make1000(wasm.I32)}},
			Funcs: []uint32{0, 1}, Code: []wasm.Code{{Locals: locals, Body: wasm.Expr{Bytes: body}}, {Body: wasm.Expr{Bytes: []byte{0, 0x0B}}}},
		}
	}
	var manyLocals wasm.Module
	manyLocals.Types = []wasm.FuncType{{}}
	for range 100_000 {
		manyLocals.Funcs = append(manyLocals.Funcs, 0)
		manyLocals.Code = append(manyLocals.Code, wasm.Code{
			Locals: []wasm.LocalRun{{Count: 50_000, Type: wasm.Ref(wasm.HeapFunc, false)}}, Body: wasm.Expr{Bytes: []byte{0x0B}},
		})
	}
	customs := &wasm.Module{}
	for range 100_000 {
		customs.Customs = append(customs.Customs, wasm.Custom{})
	}
	tests := []struct {
		name string
		m    *wasm.Module
		want string
	}{
		{"nested blocks", function(append(repeat(0x02, 0x40), append(repeat(0x0B), 0x0B)...)), ""},
		{"open blocks", function(repeat(0x02, 0x40, 0x02, 0x40, 0x02, 0x40)), "END opcode expected"},
		{"deep blocks", function(append(append(repeat(0x02, 0x40, 0x02, 0x40, 0x02, 0x40), repeat(0x0B, 0x0B, 0x0B)...), 0x0B)), "blocks are nested too deep"},
		{"wide results", function(append(repeat(0x10, 1), 0x0B)), "too many values on the stack"},
		{"large br_table", function(append(append([]byte{0x41, 0, 0x0E, 0xA0, 0x8D, 0x06}, repeat(0)...), 0, 0x0B)), ""},
		{"many locals", &manyLocals, ""},
		{"many sections", customs, ""},
	}
	for _, test := range tests {
		start := time.Now()
		m, err := wasm.Decode(test.m.Encode())
		if err == nil {
			err = wasm.Validate(m)
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
		if d := time.Since(start); d > 10*time.Second { // what is not linear takes minutes
			t.Errorf("%s took %v", test.name, d)
		}
	}
}

// Modules that were put together in memory may be malformed too.
func TestModulesFromMemory(t *testing.T) {
	tests := map[string]string{
		"":                 "END opcode expected",
		"\x01":             "END opcode expected",
		"\x0b\x0b":         "section size mismatch",
		"\x05\x0b":         "END opcode expected",
		"\xff":             "illegal opcode ff",
		"\x06\x40\x0b\x0b": "uses legacy exceptions: try at offset 0x0, not supported by this engine",
		"\x41":             "unexpected end of section or function",
	}
	for body, want := range tests {
		m := &wasm.Module{Types: []wasm.FuncType{{}}, Funcs: []uint32{0}, Code: []wasm.Code{{Body: wasm.Expr{Bytes: []byte(body)}}}}
		if e, ok := wasm.Validate(m).(*wasm.Error); !ok || e.Msg != want {
			t.Errorf("%x: %v, want %s", body, e, want)
		}
	}
	if err := wasm.Validate(&wasm.Module{Types: []wasm.FuncType{{}}, Funcs: []uint32{0}}); err == nil {
		t.Error("accepted a function without code")
	}
}

// Locals far beyond the length of the body are found as well.
func TestManyLocals(t *testing.T) {
	declare := `(local ` + strings.Repeat("i32 i64 ", 10_000) + strings.Repeat("f32 ", 20_000) + `) `
	for body, want := range map[string]string{
		`local.get 19999 i64.eqz drop`:               "",
		`local.get 39999 f32.abs drop`:               "",
		`local.get 19998 i64.eqz drop`:               "type mismatch: i64.eqz expects i64 but the stack has i32",
		`local.get 40000 drop`:                       "unknown local 40000",
		`f32.const 0 local.tee 30000 local.set 0xff`: "type mismatch: local.set expects i64 but the stack has f32",
	} {
		err := wasm.Validate(assemble(t, "(module (func "+declare+body+"))"))
		if e, _ := err.(*wasm.Error); (err == nil) != (want == "") || err != nil && e.Msg != want {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}

func make1000(t wasm.ValType) []wasm.ValType {
	types := make([]wasm.ValType, 1000)
	for i := range types {
		types[i] = t
	}
	return types
}
