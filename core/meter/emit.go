package meter

import "github.com/pywasm-go/pywasm/core/wasm"

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
