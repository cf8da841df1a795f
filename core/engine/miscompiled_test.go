package engine

import (
	"fmt"
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
}

var miscompiledUnderPressure = []pressed{
	{"f32.copysign", "f32", []string{"f32", "f32"}, -1, []int{0}},
	{"f64.copysign", "f64", []string{"f64", "f64"}, -1, []int{0}},
	{"v128.bitselect", "v128", []string{"v128", "v128", "v128"}, -1, []int{0, 1, 2}},
	{"i8x16.relaxed_laneselect", "v128", []string{"v128", "v128", "v128"}, -1, []int{0, 1, 2}},
	{"f64x2.replace_lane 0", "v128", []string{"v128", "f64"}, -1, []int{1}},
	{"f64x2.convert_low_i32x4_u", "v128", []string{"v128"}, -1, []int{0}},
	{"f32x4.max", "v128", []string{"v128", "v128"}, 1, []int{0, 1}},
	{"f64x2.max", "v128", []string{"v128", "v128"}, 1, []int{0, 1}},
	{"f32x4.relaxed_max", "v128", []string{"v128", "v128"}, 1, []int{0, 1}},
	{"i64x2.mul", "v128", []string{"v128", "v128"}, 0, []int{1, 0}},
	{"select", "f32", []string{"f32", "f32", "i32"}, -1, []int{0, 1}},
	{"select", "f64", []string{"f64", "f64", "i32"}, -1, []int{0, 1}},
	{"select", "v128", []string{"v128", "v128", "i32"}, -1, []int{0, 1}},
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
		(data (i32.const 0) "\01\23\45\67\89\ab\cd\40\12\34\56\78\9a\bc\de\71")
		(data (i32.const 16) "\02\33\44\55\66\77\88\3f\21\43\65\87\a9\cb\ed\70")
		(func (export "f") (param $c i32) (result i64 i64)`)
	for i, t := range p.operands {
		fmt.Fprintf(&b, " (local $%d %s)", i, t)
	}
	for i := range p.operands {
		if i != p.late {
			p.load(&b, i)
		}
	}
	b.WriteString(" (call $nop)")
	if p.late >= 0 {
		p.load(&b, p.late)
	}
	b.WriteString("\n(if (local.get $c) (then (call $nop)")
	p.store(&b)
	fmt.Fprintf(&b, ")\n(else (%s.store (i32.const 512) (%s", p.result, p.instruction)
	for i := range p.operands {
		fmt.Fprintf(&b, " (local.get $%d)", i)
	}
	b.WriteString("))))\n")
	p.store(&b)
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
