package wat

import (
	"bytes"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// TestAbbreviations checks that what the specification calls abbreviations
// means what it says: https://webassembly.github.io/spec/core/text/index.html
func TestAbbreviations(t *testing.T) {
	for _, c := range []struct{ short, long string }{
		{"(module)", ""},
		{
			`(func (export "a") (export "b"))`,
			`(func) (export "a" (func 0)) (export "b" (func 0))`,
		},
		{
			`(func (export "a") (import "m" "n") (param i32))`,
			`(import "m" "n" (func (param i32))) (export "a" (func 0))`,
		},
		{
			`(global (import "m" "n") (mut i32)) (table (import "m" "n") 1 funcref) (memory (import "m" "n") 1 2) (tag (import "m" "n"))`,
			`(import "m" "n" (global (mut i32))) (import "m" "n" (table 1 funcref)) (import "m" "n" (memory 1 2)) (import "m" "n" (tag))`,
		},
		{
			"(func (param i32) (result i64) unreachable) (func (param i32) (result i64) unreachable)",
			"(type (func (param i32) (result i64))) (func (type 0) unreachable) (func (type 0) unreachable)",
		},
		// Types that abbreviations add come behind all others, in the order of the text.
		{
			"(func block (param i32) (param i64) end) (type (func (param f32))) (func (param f64))",
			"(type (func (param f32))) (type (func)) (type (func (param i32 i64))) (type (func (param f64))) (func (type 1) block (type 2) end) (func (type 3))",
		},
		{
			"(func (param i32) (param) (param i64 f32) (local) (local f64) (local f64 v128))",
			"(func (param i32 i64 f32) (local f64 f64 v128))",
		},
		{
			"(func (param $a i32) (param $b i64) (local $c f32) (drop (local.get $a)) (drop (local.get $b)) (drop (local.get $c)))",
			`(func (param i32 i64) (local f32) local.get 0 drop local.get 1 drop local.get 2 drop)
			 (@custom "name" "\02\0c\01\00\03\00\01a\01\01b\02\01c")`,
		},
		{
			"(func (result i32) (i32.add (i32.const 1) (i32.mul (i32.const 2) (i32.const 3))))",
			"(func (result i32) i32.const 1 i32.const 2 i32.const 3 i32.mul i32.add)",
		},
		// Not the specification's: wasmer's parser takes these.
		{
			"(func (param $x i32) (result i32) (i32.add local.get $x (i32.const 1)))",
			"(func (param $x i32) (result i32) local.get $x i32.const 1 i32.add)",
		},
		{"(func (drop block (result i32) i32.const 1 end))", "(func block (result i32) i32.const 1 end drop)"},
		{
			"(func (block (loop (br 0))) (if (i32.const 1) (then nop) (else unreachable)))",
			"(func block loop br 0 end end i32.const 1 if nop else unreachable end)",
		},
		{
			"(func (drop (if (result i32) (i32.const 0) (i32.const 1) (then (i32.const 2)) (else (i32.const 3)))))",
			"(func i32.const 0 i32.const 1 if (result i32) i32.const 2 else i32.const 3 end drop)",
		},
		{
			"(tag) (func (block (try_table (catch 0 0) (catch_all 0) (throw 0))))",
			"(tag (type 0)) (type (func)) (func (type 0) block try_table (catch 0 0) (catch_all 0) throw 0 end end)",
		},
		{
			"(table funcref (elem 0 0)) (func)",
			"(table 2 2 funcref) (elem (offset i32.const 0) func 0 0) (func)",
		},
		{
			"(table externref (elem (ref.null extern) (item ref.null extern)))",
			"(table 2 2 externref) (elem (i32.const 0) externref (item ref.null extern) (item ref.null extern))",
		},
		{
			"(type $t (func)) (func $f (type $t)) (table (ref null $t) (elem $f))",
			`(type (func)) (func (type 0)) (table 1 1 (ref null 0)) (elem (i32.const 0) (ref null 0) (ref.func 0))
			 (@custom "name" "\01\04\01\00\01f\04\04\01\00\01t")`,
		},
		{
			`(memory (data "ab" "\63"))`,
			`(memory 1 1) (data (offset (i32.const 0)) "abc")`,
		},
		{`(memory (data))`, `(memory 0 0) (data (i32.const 0))`},
		{
			"(func) (table 1 funcref) (elem (i32.const 0) 0 0) (elem 0 (i32.const 0) 0)",
			"(func) (table 1 funcref) (elem (i32.const 0) func 0 0) (elem (i32.const 0) func 0)",
		},
		{
			"(table 1 funcref) (table 1 funcref) (func (table.copy) table.size drop table.get 0)",
			"(table 1 funcref) (table 1 funcref) (func table.copy 0 0 table.size 0 drop table.get 0)",
		},
		{
			"(memory 1) (func i32.load i32.load8_u align=1 i64.store offset=0 align=8 memory.size memory.copy)",
			"(memory 1) (func i32.load offset=0 align=4 i32.load8_u i64.store memory.size 0 memory.copy 0 0)",
		},
		{
			"(memory 1) (func v128.load8_lane 3 v128.load16_lane 0 1 v128.load32_lane offset=4 align=4 1)",
			"(memory 1) (func v128.load8_lane offset=0 align=1 3 v128.load16_lane 1 v128.load32_lane 0 offset=4 1)",
		},
		{"(table 1 funcref) (func call_indirect)", "(table 1 funcref) (func call_indirect 0 (type 0)) (type (func))"},
		{"(func (param funcref externref exnref))", "(func (param (ref null func)) (param (ref null extern) (ref null exn)))"},
		{"(func select (result i32))", "(func select (result) (result i32))"},
		{
			"(memory 1) (memory 1) (func memory.copy 1 0 i32.load 1 offset=4 memory.size 1 memory.init 1 0) (data $a (memory 1) (i32.const 0))",
			`(memory 1) (memory $n 1) (func memory.copy $n 0 i32.load $n offset=4 memory.size $n memory.init $n $a) (data $a 1 (i32.const 0))
			 (@custom "name" "\09\04\01\00\01a")`,
		},
		{"(rec (type $a (func)))(func (type $a))", `(rec (type (func))) (func (type 0)) (@custom "name" "\04\04\01\00\01a")`},
		{"(rec (type (func (result i32))) (type (func)))(func)", "(rec (type (func (result i32))) (type (func)))(type (func))(func (type 2))"},
	} {
		short, err := ToBinary([]byte(c.short))
		if err != nil {
			t.Errorf("%s: %v", c.short, err)
			continue
		}
		long, err := ToBinary([]byte(c.long))
		if err != nil {
			t.Errorf("%s: %v", c.long, err)
		} else if !bytes.Equal(short, long) {
			text, _ := FromBinary(short)
			t.Errorf("%s\nis %x\nnot %x\n%s", c.short, short, long, text)
		}
	}
}

// TestBranchHints checks where hints point to.
func TestBranchHints(t *testing.T) {
	m, err := Parse([]byte(`(func) (func (local i32 i64)
		(block (@metadata.code.branch_hint "\00") (br_if 0 (i32.const 7)))
		i32.const 0 (@metadata.code.branch_hint "\01") if end
		(@metadata.code.branch_hint "\01") (if (i32.const 0) (then)))`))
	if err != nil {
		t.Fatal(err)
	}
	section := m.Customs[0]
	want := []byte{1, 1, 3, 9, 1, 0, 14, 1, 1, 19, 1, 1}
	if section.Name != hintAnnotation || !bytes.Equal(section.Bytes, want) {
		t.Errorf("%q %v, want %v", section.Name, section.Bytes, want)
	}
	body := m.Code[1].Body.Bytes
	locals := 5
	for i, op := range map[int]wasm.Opcode{9: wasm.OpBrIf, 14: wasm.OpIf, 19: wasm.OpIf} {
		if wasm.Opcode(body[i-locals]) != op {
			t.Errorf("at %d is no %v in %x", i, op, body)
		}
	}
}

// TestDataCount checks that the section is there if an instruction needs it.
func TestDataCount(t *testing.T) {
	for text, want := range map[string]bool{
		`(memory 1) (data "a")`:                                       false,
		`(memory 1) (data $d "a") (func data.drop $d)`:                true,
		`(memory 1) (data "a") (func memory.init 0)`:                  true,
		`(memory 1) (data "a") (func memory.copy)`:                    false,
		`(memory 1) (data "a") (func (memory.init $d)) (data $d "b")`: true,
	} {
		m, err := Parse([]byte(text))
		if err != nil {
			t.Error(err)
		} else if (m.DataCount != nil) != want {
			t.Errorf("%s: data count %v", text, m.DataCount)
		}
	}
}

// TestCatchLabelsAreThoseOutside checks that the clauses of try_table do not
// see its own label.
func TestCatchLabelsAreThoseOutside(t *testing.T) {
	m, err := Parse([]byte("(func block $l try_table $l (catch_all $l) br $l end end)"))
	if err != nil {
		t.Fatal(err)
	}
	want := []byte{
		byte(wasm.OpBlock), 0x40, byte(wasm.OpTryTable), 0x40, 1, wasm.CatchAll, 0, byte(wasm.OpBr), 0,
		byte(wasm.OpEnd), byte(wasm.OpEnd), byte(wasm.OpEnd),
	}
	if got := m.Code[0].Body.Bytes; !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
	if _, err := Parse([]byte("(func try_table $l (catch_all $l) end)")); err == nil {
		t.Error("a clause sees the label of its try_table")
	}
}

// TestSourceIsNotKept checks that a module survives changes of its source.
func TestSourceIsNotKept(t *testing.T) {
	src := []byte(`(module $name (import "mod" "field" (func $f)) (export "export" (func $f)) (memory (data "data")) (@custom "custom" "custom"))`)
	m, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	before := m.Encode()
	clear(src)
	if !bytes.Equal(m.Encode(), before) {
		t.Error("the module changed with its source")
	}
}
