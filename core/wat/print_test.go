package wat

import (
	"bytes"
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// TestPrinted checks how modules are printed.
func TestPrinted(t *testing.T) {
	for _, text := range []string{
		"(module)\n",
		`(module
  (type (;0;) (func (param i32) (result i32)))
  (func (;0;) (type 0) (param i32) (result i32)
    local.get 0)
  (export "a" (func 0)))
`,
		`(module $m
  (type $t (;0;) (func (param i32 i64) (result f32 f64)))
  (rec
    (type (;1;) (func))
    (type (;2;) (func (param (ref $t) (ref null 1) (ref func)))))
  (import "mod" "f" (func $f (;0;) (type $t) (param $x i32) (param i64) (result f32 f64)))
  (import "mod" "t" (table $u (;0;) 1 2 funcref))
  (import "mod" "m" (memory $n (;0;) 1 2 shared))
  (import "mod" "g" (global $g (;0;) (mut i32)))
  (import "mod" "e" (tag $e (;0;) (type 1)))
  (func $h (;1;) (type $t) (param i32) (param $y i64) (result f32 f64)
    (local $z i32) (local i32 v128) (local $w f64)
    local.get $z
    local.get 0
    call $f
    ref.func $h
    drop)
  (table (;1;) 0 externref)
  (table (;2;) 3 (ref $t) (ref.func $h))
  (tag (;1;) (type 1))
  (global (;1;) i32 (i32.const -1))
  (global (;2;) i32 i32.const 1 global.get $g i32.add)
  (export "t\u{1}\"\\ü" (table $u))
  (start $h)
  (elem $s (;0;) (i32.const 0) func $f $h)
  (elem (;1;) (table $u) (offset i32.const 0 i32.const 1 i32.add) func)
  (elem (;2;) (table 1) (i32.const 0) externref (ref.null extern) (item i32.const 0 drop ref.null extern))
  (elem (;3;) declare func $h)
  (elem (;4;) func)
  (elem (;5;) (ref $t) (ref.func $f))
  (data $d (;0;) (i32.const 0) "a\"\\\00\ff")
  (data (;1;) (memory $n) (i32.const 0) "")
  (data (;2;) "x"))
`,
		`(module
  (type (;0;) (func))
  (type (;1;) (func (param i32) (result i32)))
  (func (;0;) (type 0)
    block  ;; label = @1
      loop $l
        br 1 (;@1;)
        br $l
        block $l
          br $l
          br 1 (;@2;)
          br 7
        end
        br_table $l 1 (;@1;) $l
      end
    end
    i32.const 0
    if (result i32)  ;; label = @1
      i32.const 1
    else
      i32.const 2
    end
    loop (type 1) (param i32) (result i32)  ;; label = @1
    end
    drop
    try_table (catch_all 0) (catch_all_ref 0)  ;; label = @1
    end
    call_indirect (type 1)
    call_indirect 1 (type 1)
    select
    select (result i32)
    i32.load
    i32.load offset=4 align=1
    v128.load8_lane offset=1 7
    i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31
    i8x16.extract_lane_s 3
    v128.const i32x4 0x00000001 0x80000000 0x00000000 0xffffffff
    i64.const -9223372036854775808
    f32.const 0x1.8p+01 (;=3;)
    f64.const -0x0p+00 (;=-0;)
    f32.const -nan:0x200000
    f64.const inf
    ref.null func
    ref.null 1
    memory.size
    memory.init 1
    memory.copy
    memory.fill
    table.get 0
    table.init 0 1
    table.copy 1 0
    table.size 1
    elem.drop 1
    data.drop 0
    atomic.fence
    i32.atomic.rmw.add offset=4)
  (data (;0;) "")
  (data (;1;) ""))
`,
		`(module
  (@custom "a" (before first) "x")
  (@custom "b" (after func) "\00")
  (@custom "c" (after code) "")
  (@custom "d" "y")
  (type (;0;) (func))
  (func $f (;0;) (type 0)))
`,
	} {
		m, err := Parse([]byte(text))
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := Print(m)
		if err != nil || got != text {
			t.Errorf("%v\ngot  %s\nwant %s", err, got, text)
		}
	}
}

// nameModule is a module with two functions, one parameter and one block each,
// and these names.
func nameModule(n *wasm.Names) *wasm.Module {
	body := wasm.Expr{Bytes: []byte{byte(wasm.OpBlock), 0x40, byte(wasm.OpBr), 0, byte(wasm.OpEnd), byte(wasm.OpEnd)}}
	m := &wasm.Module{
		Types: []wasm.FuncType{{Params: []wasm.ValType{wasm.I32}}},
		Funcs: []uint32{0, 0},
		Code:  []wasm.Code{{Body: body}, {Body: body}},
	}
	names := wasm.Custom{Name: nameSection, After: wasm.SectionCode, Bytes: wasm.AppendNames(nil, n)}
	m.Customs = []wasm.Custom{names}
	return m
}

// TestNamesReadBack checks that names of any kind survive, and how they look.
func TestNamesReadBack(t *testing.T) {
	for _, c := range []struct {
		name  string
		names wasm.Names
		want  []string
	}{
		{"plain", wasm.Names{Module: "m", Funcs: wasm.NameMap{0: "f", 1: "g"}}, []string{"(module $m", "(func $f (;0;)", "(func $g (;1;)"}},
		{"quoted", wasm.Names{Funcs: wasm.NameMap{0: "a b", 1: "ü\n\"\\"}}, []string{`(func $"a b" (;0;)`, `(func $"ü\u{a}\"\\" (;1;)`}},
		{"twice", wasm.Names{Funcs: wasm.NameMap{0: "f", 1: "f"}}, []string{"(func $f (;0;)", `(func (@name "f") (;1;)`}},
		{"empty", wasm.Names{Funcs: wasm.NameMap{0: ""}}, []string{`(func (@name "") (;0;)`}},
		{"locals", wasm.Names{Locals: map[uint32]wasm.NameMap{0: {0: "x"}, 1: {0: "x"}}}, []string{"(param $x i32)"}},
		{"labels", wasm.Names{Labels: map[uint32]wasm.NameMap{1: {0: "l"}}}, []string{"block $l\n      br $l"}},
		{"out of range", wasm.Names{Funcs: wasm.NameMap{9: "f"}}, []string{`(@custom "name" (after code) "\01\04\01\09\01f")`}},
		{"locals out of range", wasm.Names{Locals: map[uint32]wasm.NameMap{0: {0: "x", 7: "y"}}}, []string{`(@custom "name"`, "(param $x i32)"}},
		{"labels out of range", wasm.Names{Labels: map[uint32]wasm.NameMap{0: {1: "l"}}}, []string{`(@custom "name"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bin := nameModule(&c.names).Encode()
			text, err := FromBinary(bin)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %s in\n%s", want, text)
				}
			}
			if again, err := ToBinary([]byte(text)); err != nil || !bytes.Equal(again, bin) {
				t.Errorf("%v: read back as %x, was %x\n%s", err, again, bin, text)
			}
		})
	}
}

// TestCustomSectionsReadBack checks that custom sections keep their places,
// the name section among them.
func TestCustomSectionsReadBack(t *testing.T) {
	names := wasm.Custom{Name: nameSection, After: wasm.SectionCode, Bytes: []byte("\x01\x04\x01\x00\x01f")}
	at := func(name string, after wasm.SectionID) wasm.Custom {
		return wasm.Custom{Name: name, After: after, Bytes: []byte(name)}
	}
	early := names
	early.After = wasm.SectionType
	for _, customs := range [][]wasm.Custom{
		{at("a", 0), at("b", 0), at("c", wasm.SectionType), at("d", wasm.SectionFunction), at("e", wasm.SectionCode)},
		{at("a", wasm.SectionCode), names, at("b", wasm.SectionCode)},
		{at("a", wasm.SectionDataCount)},
		{names, at("a", wasm.SectionCode), at("b", wasm.SectionCode)},
		{early, at("a", wasm.SectionType)},
		{names, names},
		{{Name: nameSection, After: wasm.SectionCode}},
		{{Name: nameSection, After: wasm.SectionCode, Bytes: []byte("\x01\xff")}},
		{at("\u202e", wasm.SectionCode)},
	} {
		m := nameModule(&wasm.Names{})
		m.Customs = customs
		if customs[0].After == wasm.SectionDataCount {
			m.DataCount, m.Data = new(uint32), nil
			m.Code[0].Body.Bytes = append(wasm.OpDataDrop.Append(nil), 0, byte(wasm.OpEnd))
		}
		bin := m.Encode()
		text, err := FromBinary(bin)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ToBinary([]byte(text)); err != nil || !bytes.Equal(again, bin) {
			t.Errorf("%v: read back as %x, was %x\n%s", err, again, bin, text)
		}
	}
}

// TestSmallBinariesDoNotMakeHugeTexts prints a module in which a few bytes
// stand for many locals.
func TestSmallBinariesDoNotMakeHugeTexts(t *testing.T) {
	m := &wasm.Module{Types: []wasm.FuncType{{}}}
	code := wasm.Code{Locals: []wasm.LocalRun{{Count: 50_000, Type: wasm.V128}}, Body: wasm.Expr{Bytes: []byte{byte(wasm.OpEnd)}}}
	for range 100_000 {
		m.Funcs = append(m.Funcs, 0)
		m.Code = append(m.Code, code)
	}
	if _, err := Print(m); err == nil || !strings.HasPrefix(err.Error(), "text too long") {
		t.Error(err)
	}
}

// TestSuiteReadsBack prints every module of the specification's test suite.
func TestSuiteReadsBack(t *testing.T) {
	modules := 0
	for _, bin := range suiteModules(t) {
		text, err := FromBinary(bin)
		if err != nil {
			continue
		}
		modules++
		if again, err := ToBinary([]byte(text)); err != nil || !bytes.Equal(again, bin) {
			t.Errorf("%v: read back as %x, was %x\n%s", err, again, bin, text)
		}
	}
	t.Log(modules, "modules")
}
