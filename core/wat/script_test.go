package wat

import (
	"fmt"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasm"
)

func TestScript(t *testing.T) {
	script, err := ParseScript([]byte(`(module $m (func (export "f")))
(module definition $d binary "\00asm" "\01\00\00\00")
(module instance $i $d)
(register "M" $m)
(invoke $m "f" (i32.const -1) (f32.const 1))
(assert_return (get "g") (i64.const 1))
(assert_trap (invoke "f") "unreachable")
(assert_trap (module (func $s unreachable) (start $s)) "unreachable")
(assert_exhaustion (invoke "f") "call stack exhausted")
(assert_exception (invoke "f"))
(assert_invalid (module (func (result i32))) "type mismatch")

(assert_malformed (module quote "(fun" "c" ")" "x") "unexpected token")
(assert_unlinkable (module (import "a" "b" (func))) "unknown import")
(module (bad)) (module)
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		line int
		kind CommandKind
	}{
		{1, CommandModule},
		{2, CommandModule},
		{3, CommandInstance},
		{4, CommandRegister},
		{5, CommandAction},
		{6, AssertReturn},
		{7, AssertTrap},
		{8, AssertTrap},
		{9, AssertExhaustion},
		{10, AssertException},
		{11, AssertInvalid},
		{13, AssertMalformed},
		{14, AssertUnlinkable},
		{15, CommandModule},
		{15, CommandModule},
	}
	if len(script.Commands) != len(want) {
		t.Fatalf("%d commands, want %d", len(script.Commands), len(want))
	}
	for i, c := range script.Commands {
		if c.Line != want[i].line || c.Kind != want[i].kind {
			t.Errorf("command %d: kind %d on line %d, want %v", i, c.Kind, c.Line, want[i])
		}
	}
	c := script.Commands
	if c[1].Module.ID != "d" || !c[1].Module.Definition || c[1].Module.Text {
		t.Errorf("%+v", c[1].Module)
	}
	if c[2].ID != "i" || c[2].Of != "d" || c[3].ID != "m" || c[3].Name != "M" || !c[5].Action.Get {
		t.Errorf("%+v %+v %+v", c[2], c[3], c[5])
	}
	if a := fmt.Sprint(c[4].Action.Args); a != "[{i32 [4294967295 0] false} {f32 [1065353216 0] false}]" {
		t.Error(a)
	}
	if _, err := c[11].Module.Binary(); err == nil || c[11].Message != "unexpected token" {
		t.Errorf("%v %q", err, c[11].Message)
	}
	if _, err := c[13].Module.Binary(); err == nil {
		t.Error("a bad module is accepted")
	}
	if b, err := c[14].Module.Binary(); err != nil || len(b) != 8 {
		t.Error(b, err)
	}
}

func TestScriptOfFieldsAlone(t *testing.T) {
	script, err := ParseScript([]byte(`(func) (memory 0) (func (export "f"))`))
	if err != nil || len(script.Commands) != 1 || !script.Commands[0].Module.Text {
		t.Errorf("%v %v", script, err)
	}
}

// TestPatterns checks which values expected results match.
func TestPatterns(t *testing.T) {
	const canonical, arithmetic, signalling = 0x7fc0_0000, 0x7fc0_0001, 0x7fa0_0000
	f32 := func(bits uint64) Value { return Value{Type: wasm.F32, Bits: [2]uint64{bits}} }
	ref := func(t wasm.ValType, id uint64, null bool) Value {
		return Value{Type: t, Bits: [2]uint64{id}, Null: null}
	}
	for _, c := range []struct {
		pattern string
		yes, no []Value
	}{
		{"(i32.const -1)", []Value{{Type: wasm.I32, Bits: [2]uint64{0xffff_ffff}}}, []Value{{Type: wasm.I32}, {Type: wasm.I64, Bits: [2]uint64{0xffff_ffff}}}},
		{"(f32.const nan:canonical)", []Value{f32(canonical), f32(canonical | 1<<31)}, []Value{f32(arithmetic), f32(signalling), f32(0)}},
		{"(f32.const nan:arithmetic)", []Value{f32(canonical), f32(arithmetic)}, []Value{f32(signalling), f32(0x7f80_0000)}},
		{"(f32.const -0)", []Value{f32(1 << 31)}, []Value{f32(0)}},
		{
			"(v128.const f64x2 nan:canonical 1)",
			[]Value{{Type: wasm.V128, Bits: [2]uint64{0xfff8 << 48, 0x3ff << 52}}},
			[]Value{{Type: wasm.V128, Bits: [2]uint64{0xfff8 << 48, 0}}, {Type: wasm.V128, Bits: [2]uint64{0x3ff << 52, 0xfff8 << 48}}},
		},
		{
			"(v128.const i16x8 0 1 2 3 4 5 6 -7)",
			[]Value{{Type: wasm.V128, Bits: [2]uint64{0x0003_0002_0001_0000, 0xfff9_0006_0005_0004}}},
			[]Value{{Type: wasm.V128, Bits: [2]uint64{0x0003_0002_0001_0000, 0x0007_0006_0005_0004}}},
		},
		{"(ref.null)", []Value{ref(wasm.FuncRef, 0, true)}, []Value{ref(wasm.FuncRef, 0, false), {Type: wasm.I32}}},
		{"(ref.extern 3)", []Value{ref(wasm.ExternRef, 3, false)}, []Value{ref(wasm.ExternRef, 4, false), ref(wasm.ExternRef, 3, true), ref(wasm.FuncRef, 3, false)}},
		{"(ref.func)", []Value{ref(wasm.FuncRef, 9, false)}, []Value{ref(wasm.ExternRef, 9, false), ref(wasm.FuncRef, 0, true)}},
		{"(either (i32.const 1) (i32.const 2))", []Value{{Type: wasm.I32, Bits: [2]uint64{2}}}, []Value{{Type: wasm.I32}}},
		{"(ref.struct)", nil, []Value{ref(wasm.ExternRef, 0, false)}},
	} {
		script, err := ParseScript([]byte(`(assert_return (invoke "f") ` + c.pattern + ")"))
		if err != nil {
			t.Error(err)
			continue
		}
		p := script.Commands[0].Results[0]
		for _, v := range c.yes {
			if !p.Match(v) {
				t.Errorf("%s does not match %+v", c.pattern, v)
			}
		}
		for _, v := range c.no {
			if p.Match(v) {
				t.Errorf("%s matches %+v", c.pattern, v)
			}
		}
	}
}
