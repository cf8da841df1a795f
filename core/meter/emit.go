package meter

import "github.com/pywasm-go/pywasm/core/wasm"

// Opcodes that package wasm has no names for.
const (
	opI32Eq     wasm.Opcode = 0x46
	opI32LtS    wasm.Opcode = 0x48
	opI32GtU    wasm.Opcode = 0x4B
	opI32LeU    wasm.Opcode = 0x4D
	opI64Eqz    wasm.Opcode = 0x50
	opI64Ne     wasm.Opcode = 0x52
	opI64GtU    wasm.Opcode = 0x56
	opI64LeU    wasm.Opcode = 0x58
	opI64GeS    wasm.Opcode = 0x59
	opI32And    wasm.Opcode = 0x71
	opI32Xor    wasm.Opcode = 0x73
	opI64Shl    wasm.Opcode = 0x86
	opI64ExtU32 wasm.Opcode = 0xAD
)

// code is a sequence of instructions in the making.
type code []byte

func (c *code) ops(ops ...wasm.Opcode) {
	for _, op := range ops {
		*c = op.Append(*c)
	}
}

// at appends an instruction with indices.
func (c *code) at(op wasm.Opcode, indices ...uint32) {
	*c = op.Append(*c)
	for _, i := range indices {
		*c = wasm.AppendU32(*c, i)
	}
}

// block appends the start of a block without parameters and results.
func (c *code) block(op wasm.Opcode) {
	*c = wasm.AppendBlockType(op.Append(*c), wasm.BlockType{})
}

func (c *code) i32(v int32) { *c = wasm.AppendS32(wasm.OpI32Const.Append(*c), v) }

func (c *code) i64(v int64) { *c = wasm.AppendS64(wasm.OpI64Const.Append(*c), v) }
