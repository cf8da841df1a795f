package engine

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// pressed is an instruction whose operands lie where wazero's compiler for amd64 goes wrong: some on the stack, while
// other code, which what follows has to agree with, holds them in registers.
type pressed struct {
	instruction string
	result      string
	operands    []string // their types
	late        int      // the operand that is not on the stack, or -1
	order       []int    // of operands: the one that comes first gets the first register
	others      int      // more values, so that no register is free; without them, something is called
}

var miscompiledUnderPressure = []pressed{
	{"f32.copysign", "f32", []string{"f32", "f32"}, -1, []int{0}, 0},
	{"f64.copysign", "f64", []string{"f64", "f64"}, -1, []int{0}, 0},
	{"v128.bitselect", "v128", []string{"v128", "v128", "v128"}, -1, []int{0, 1, 2}, 0},
	{"i8x16.relaxed_laneselect", "v128", []string{"v128", "v128", "v128"}, -1, []int{0, 1, 2}, 0},
	{"f64x2.replace_lane 0", "v128", []string{"v128", "f64"}, -1, []int{1}, 0},
	{"f64x2.convert_low_i32x4_u", "v128", []string{"v128"}, -1, []int{0}, 0},
	{"f32x4.max", "v128", []string{"v128", "v128"}, 1, []int{0, 1}, 0},
	{"f64x2.max", "v128", []string{"v128", "v128"}, 1, []int{0, 1}, 0},
	{"f32x4.relaxed_max", "v128", []string{"v128", "v128"}, 1, []int{0, 1}, 0},
	{"f32x4.min", "v128", []string{"v128", "v128"}, 0, []int{0, 1}, 13},
	{"f64x2.min", "v128", []string{"v128", "v128"}, 0, []int{0, 1}, 13},
	{"i64x2.mul", "v128", []string{"v128", "v128"}, 0, []int{1, 0}, 0},
	{"i64x2.mul", "v128", []string{"v128", "v128"}, -1, []int{0, 1}, 14},
	{"i8x16.popcnt", "v128", []string{"v128"}, -1, []int{0}, 15},
	{"f32x4.convert_i32x4_u", "v128", []string{"v128"}, -1, []int{0}, 15},
	{"select", "f32", []string{"f32", "f32", "i32"}, -1, []int{0, 1}, 0},
	{"select", "f64", []string{"f64", "f64", "i32"}, -1, []int{0, 1}, 0},
	{"select", "v128", []string{"v128", "v128", "i32"}, -1, []int{0, 1}, 0},
}

// The compilers agree on what wazero's alone would compile wrong.
func TestMiscompiledUnderPressure(t *testing.T) {
	for _, p := range miscompiledUnderPressure {
		t.Run(p.instruction+" "+p.result, func(t *testing.T) {
			var got [][2]uint64
			each(t, func(t *testing.T, s *Store) {
				i := instantiate(t, s, p.module())
				defer i.Close()
				stack := make([]uint64, 2)
				if err := exported(t, i, "f").Call(stack, nil); err != nil {
					t.Fatal(err)
				}
				got = append(got, [2]uint64(stack))
			})
			if got[0] != got[1] {
				t.Fatalf("compiled %#x, interpreted %#x", got[0], got[1])
			}
		})
	}
}

// module loads the operands from memory, applies the instruction to them if its parameter is 0, and returns the result.
func (p pressed) module() string {
	var b strings.Builder
	b.WriteString(`(module (memory 1) (func $nop)
		(data (i32.const 0) "\01\23\45\67\89\ab\cd\40\12\34\56\78\9b\bc\01\00")
		(data (i32.const 16) "\02\33\44\55\66\77\88\42\21\43\65\87\a9\cb\ed\f0")
		(func (export "f") (param $c i32) (result i64 i64)`)
	for i, t := range p.operands {
		fmt.Fprintf(&b, " (local $%d %s)", i, t)
	}
	for i := range p.others {
		fmt.Fprintf(&b, " (local $other%d %s)", i, p.operands[0])
	}
	for i := range p.operands {
		if i != p.late {
			p.load(&b, i)
		}
	}
	call := "(call $nop)"
	if p.others > 0 {
		call = ""
	}
	b.WriteString(call)
	if p.late >= 0 {
		p.load(&b, p.late)
	}
	for i := range p.others {
		fmt.Fprintf(&b, " (local.set $other%d (%s.load (i32.const %d)))", i, p.operands[0], 64+i)
	}
	fmt.Fprintf(&b, "\n(if (local.get $c) (then %s", call)
	if p.others == 0 {
		p.store(&b)
	}
	b.WriteString(")\n(else ")
	fmt.Fprintf(&b, "(%s.store (i32.const 512) (%s", p.result, p.instruction)
	for i := range p.operands {
		fmt.Fprintf(&b, " (local.get $%d)", i)
	}
	b.WriteString("))")
	b.WriteString("))\n")
	p.store(&b)
	for i := range p.others {
		fmt.Fprintf(&b, " (%s.store (i32.const %d) (local.get $other%d))", p.operands[0], 1024+16*i, i)
	}
	b.WriteString(" (i64.load (i32.const 512)) (i64.load (i32.const 520))))")
	return b.String()
}

func (p pressed) load(b *strings.Builder, i int) {
	fmt.Fprintf(b, " (local.set $%d (%s.load (i32.const %d)))", i, p.operands[i], 16*i)
}

func (p pressed) store(b *strings.Builder) {
	for _, i := range p.order {
		fmt.Fprintf(b, " (%s.store (i32.const %d) (local.get $%d))", p.operands[i], 256+16*i, i)
	}
}

// A conversion of more values than there are registers for.
func TestConversionsUnderPressure(t *testing.T) {
	const lasting, passing = 9, 4
	var b strings.Builder
	b.WriteString(`(module (global $in (mut i64) (i64.const -5)) (global $out (mut i64) (i64.const 0))
		(global $f32.convert_i64_u (mut f32) (f32.const 0)) (global $f64.convert_i64_u (mut f64) (f64.const 0))`)
	for _, conversion := range []string{"f32.convert_i64_u", "f64.convert_i64_u"} {
		fmt.Fprintf(&b, "(func (export %q) (param $x i64) (param $c i32) (result f64)", conversion)
		for i := range lasting + passing {
			fmt.Fprintf(&b, " (local $%d i64)", i)
		}
		for i := range lasting {
			fmt.Fprintf(&b, " (local.set $%d (i64.add (global.get $in) (i64.const %d)))", i, i)
		}
		b.WriteString("\n(if (local.get $c) (then) (else")
		for i := lasting; i < lasting+passing; i++ {
			fmt.Fprintf(&b, " (local.set $%d (i64.add (local.get $x) (i64.const %d)))", i, i)
		}
		fmt.Fprintf(&b, " (global.set $%s (%s (local.get $x)))", conversion, conversion)
		b.WriteString(keep(lasting, lasting+passing) + "))\n(global.set $out (local.get $x))" + keep(0, lasting))
		b.WriteString(" (f64.add (global.get $f64.convert_i64_u) (f64.promote_f32 (global.get $f32.convert_i64_u))))\n")
	}
	each(t, func(t *testing.T, s *Store) {
		for _, name := range []string{"f32.convert_i64_u", "f64.convert_i64_u"} {
			i := instantiate(t, s, b.String()+")")
			if got := math.Float64frombits(call(t, i, name, 0xF<<60, 0)); got != 0xF<<60 {
				t.Errorf("%s: %v, want %v", name, got, float64(0xF<<60))
			}
		}
	})
}

// keep makes locals be of use.
func keep(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, " (global.set $out (i64.add (global.get $out) (local.get $%d)))", i)
	}
	return b.String()
}
