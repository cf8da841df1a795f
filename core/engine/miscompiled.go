package engine

import "github.com/pywasm-go/pywasm/core/wasm"

// miscompiled are instructions whose result may be wrong on amd64, where an operand that was spilled is wanted in the
// register that the instruction works in: found by comparing the compilers on generated modules. What stands for them
// works on other instructions.
var miscompiled = sequences(map[string]string{
	"v128.bitselect": bitselect,
	"f64x2.convert_low_i32x4_u": "=0 $0 i32x4.extract_lane:0 f64.convert_i32_u i64.reinterpret_f64 i64x2.splat " +
		"$0 i32x4.extract_lane:1 f64.convert_i32_u i64.reinterpret_f64 i64x2.replace_lane:1",
})

const bitselect = "=2 =1 =0 $0 $2 v128.and $1 $2 v128.andnot v128.or"

func init() {
	miscompiled[opcode("f32.copysign")] = copysign32
	miscompiled[opcode("f64.copysign")] = copysign64
}

func copysign32(b []byte, first uint32) []byte {
	b = wasm.AppendS32(wasm.OpI32Const.Append(opcode("i32.reinterpret_f32").Append(b)), -1<<31)
	b = localSet(opcode("i32.and").Append(b), first+scratchI32)
	b = wasm.AppendS32(wasm.OpI32Const.Append(opcode("i32.reinterpret_f32").Append(b)), 1<<31-1)
	b = localGet(opcode("i32.and").Append(b), first+scratchI32)
	return opcode("f32.reinterpret_i32").Append(opcode("i32.or").Append(b))
}

func copysign64(b []byte, first uint32) []byte {
	b = wasm.AppendS64(wasm.OpI64Const.Append(opcode("i64.reinterpret_f64").Append(b)), -1<<63)
	b = localSet(opcode("i64.and").Append(b), first+scratchI64)
	b = wasm.AppendS64(wasm.OpI64Const.Append(opcode("i64.reinterpret_f64").Append(b)), 1<<63-1)
	b = localGet(opcode("i64.and").Append(b), first+scratchI64)
	return opcode("f64.reinterpret_i64").Append(opcode("i64.or").Append(b))
}
