package engine

import (
	"maps"
	"sync"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// miscompiled are, by machine, the instructions that wazero's compiler may give wrong results for. What stands for them
// works on others. docs/RATIONALE.md tells how they were found.
var miscompiled = map[string]func() map[wasm.Opcode]expansion{"amd64": halfDone, "arm64": remainders}

// halfDone are those that take an operand back from the stack when they are half done, into a register that the other
// half may be in. An operand that was made for an instruction alone (v or v is v) goes wherever there is room.
var halfDone = sync.OnceValue(func() map[wasm.Opcode]expansion {
	rules := exchangeLoops()
	maps.Copy(rules, halfDoneSequences())
	return rules
})

var halfDoneSequences = sequences(map[string]string{
	"f32.copysign": "i32.reinterpret_f32 i32.const:-2147483648 i32.and =3 " +
		"i32.reinterpret_f32 i32.const:2147483647 i32.and $3 i32.or f32.reinterpret_i32",
	"f64.copysign": "i64.reinterpret_f64 i64.const:-9223372036854775808 i64.and =6 " +
		"i64.reinterpret_f64 i64.const:9223372036854775807 i64.and $6 i64.or f64.reinterpret_i64",
	"v128.bitselect":     "=2 =1 =0 $0 $2 v128.and $1 $2 v128.andnot v128.or",
	"f64x2.replace_lane": "i64.reinterpret_f64 i64x2.replace_lane",
	// 2^52 has the bits 0x4330000000000000, and 2^52 + n has those of n beside them.
	"f64x2.convert_low_i32x4_u": "i64x2.extend_low_i32x4_u i64.const:4841369599423283200 i64x2.splat =0 $0 v128.or " +
		"$0 f64x2.sub",
	"f32x4.min":             "=0 $0 $0 v128.or f32x4.min",
	"f32x4.max":             "=0 $0 $0 v128.or f32x4.max",
	"f64x2.min":             "=0 $0 $0 v128.or f64x2.min",
	"f64x2.max":             "=0 $0 $0 v128.or f64x2.max",
	"i64x2.mul":             "=1 =0 $0 $0 v128.or $1 $1 v128.or i64x2.mul",
	"i8x16.popcnt":          "=0 $0 $0 v128.or i8x16.popcnt",
	"f32x4.convert_i32x4_u": "=0 $0 $0 v128.or f32x4.convert_i32x4_u",
	"f32.convert_i64_u":     "=6 $6 $6 i64.or f32.convert_i64_u",
	"f64.convert_i64_u":     "=6 $6 $6 i64.or f64.convert_i64_u",
	// Where the processor has no instruction for it.
	"i32.clz": "=3 $3 $3 i32.or i32.clz",
	"i32.ctz": "=3 $3 $3 i32.or i32.ctz",
	"i64.clz": "=6 $6 $6 i64.or i64.clz",
	"i64.ctz": "=6 $6 $6 i64.or i64.ctz",
})
