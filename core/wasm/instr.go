package wasm

import "encoding/binary"

// Iter walks over the instructions of an expression, its final `end` included.
//
//	for it := wasm.NewIter(code.Body); it.Next(); {
//		switch it.Op { … }
//	}
//
// Of an expression that Decode accepted, every instruction is well-formed and Err stays nil.
type Iter struct {
	reader
	Op    Opcode
	Start int // where the instruction starts in the expression

	// The immediates of the instruction. Which of them hold is a matter of Op.Info().Imm.
	Index  uint32    // the first index: label, function, type, local, …; the memory of a memory argument; the default of br_table
	Index2 uint32    // the second index, in the order of the encoding
	Bits   uint64    // a constant (sign-extended if an integer), or the offset of a memory argument
	Align  uint32    // log2 of the alignment of a memory argument
	Lane   byte      // of ImmMemArgLane and ImmLane
	Block  BlockType // of ImmBlock and ImmTryTable
	Heap   HeapType  // of ImmHeapType
	Count  int       // length of the vector in Raw
	Raw    []byte    // the items of ImmBrTable, ImmSelect and ImmTryTable; the 16 bytes of ImmV128 and ImmShuffle

	padded bool // an instruction so far was not in its shortest form; see Module.Shortest
}

// Catch is a catch clause of try_table. Kind is CatchTag, CatchTagRef, CatchAll or CatchAllRef.
type Catch struct {
	Kind       byte
	Tag, Label uint32
}

// NewIter returns an iterator that stands before the first instruction of e.
func NewIter(e Expr) *Iter { return &Iter{reader: reader{b: e.Bytes, base: e.Offset}} }

// Err returns why Next stopped, or nil if it came to the end.
func (it *Iter) Err() error {
	if it.err == nil {
		return nil
	}
	return it.err
}

// Pos returns where the instruction ends in the expression.
func (it *Iter) Pos() int { return it.pos }

// Offset returns where the instruction starts in the file.
func (it *Iter) Offset() int { return it.base + it.Start }

// Bytes returns the encoding of the instruction.
func (it *Iter) Bytes() []byte { return it.b[it.Start:it.pos] }

// Next reads the next instruction and reports whether there was one.
func (it *Iter) Next() bool {
	if it.pos >= len(it.b) {
		return false
	}
	it.Start = it.pos
	op := Opcode(it.b[it.pos])
	it.pos++
	if op >= 0xFB {
		op = it.prefixed(op)
	}
	it.Op = op
	switch imm := opcodeImm[op]; imm {
	case ImmNone:
	case ImmLocal, ImmGlobal, ImmLabel, ImmFunc, ImmType, ImmTable, ImmElem, ImmData, ImmTag:
		it.Index = it.u32()
	case ImmI32:
		it.Bits = uint64(it.s32())
	case ImmMemArg:
		it.memArg()
	case ImmBlock:
		it.Block = it.blockType()
	default:
		it.rareImmediates(imm)
	}
	return it.err == nil
}

// prefixed reads the number after a prefix byte.
func (it *Iter) prefixed(prefix Opcode) Opcode {
	base, end := baseFB, baseFC
	switch prefix {
	case 0xFC:
		base, end = baseFC, baseFD
	case 0xFD:
		base, end = baseFD, baseFE
	case 0xFE:
		base, end = baseFE, opcodeCount
	case 0xFF:
		return opcodeCount - 1 // no opcode: the caller finds no row for it
	}
	start := it.pos
	n := it.u32()
	if size := it.pos - start; size > 2 || size == 2 && n < 0x80 {
		it.padded = true
	}
	if n < uint32(end-base) {
		return base + Opcode(n)
	}
	return opcodeCount - 1
}

func (it *Iter) rareImmediates(imm Imm) {
	switch imm {
	case ImmTypeTable, ImmTableTable, ImmElemTable:
		it.Index = it.u32()
		it.Index2 = it.u32()
	case ImmMemory:
		it.Index = it.memoryIndex()
	case ImmMemoryMemory:
		it.Index = it.memoryIndex()
		it.Index2 = it.memoryIndex()
	case ImmDataMemory:
		it.Index = it.u32()
		it.Index2 = it.memoryIndex()
	case ImmI64:
		it.Bits = uint64(it.s64())
	case ImmF32:
		if b := it.bytes(4); b != nil {
			it.Bits = uint64(binary.LittleEndian.Uint32(b))
		}
	case ImmF64:
		if b := it.bytes(8); b != nil {
			it.Bits = binary.LittleEndian.Uint64(b)
		}
	case ImmMemArgLane:
		it.memArg()
		it.Lane = it.byte()
	case ImmLane:
		it.Lane = it.byte()
	case ImmV128, ImmShuffle:
		it.Raw = it.bytes(16)
	case ImmHeapType:
		it.Heap = it.heapType()
	case ImmFence:
		if it.byte() != 0 {
			it.fail(it.pos-1, "zero byte expected")
		}
	case ImmBrTable, ImmSelect, ImmTryTable:
		it.vector(imm)
	default:
		it.refuseOpcode()
	}
}

// vector reads the immediates that hold a vector.
func (it *Iter) vector(imm Imm) {
	if imm == ImmTryTable {
		it.Block = it.blockType()
	}
	it.Count = it.count()
	start := it.pos
	for i := 0; i < it.Count && it.err == nil; i++ {
		switch imm {
		case ImmBrTable:
			it.u32()
		case ImmSelect:
			it.valType()
		case ImmTryTable:
			it.catch()
		}
	}
	it.Raw = it.b[start:it.pos:it.pos]
	if imm == ImmBrTable {
		it.Index = it.u32()
	}
}

// memArg reads alignment, memory and offset.
//
// https://webassembly.github.io/spec/core/binary/instructions.html#memory-instructions
func (it *Iter) memArg() {
	start := it.pos
	flags := it.u32()
	if flags >= 0x80 {
		it.fail(start, "malformed memop flags")
		return
	}
	it.Index = 0
	if flags&0x40 != 0 {
		it.Index = it.u32()
		it.padded = true
	}
	it.Align = flags &^ 0x40
	start = it.pos
	it.Bits = it.u64()
	it.padded = it.padded || it.pos-start > 5
}

func (it *Iter) memoryIndex() uint32 {
	start := it.pos
	index := it.u32()
	it.padded = it.padded || it.pos-start > 1
	return index
}

func (it *Iter) catch() Catch {
	start := it.pos
	c := Catch{Kind: it.byte()}
	switch c.Kind {
	case CatchTag, CatchTagRef:
		c.Tag = it.u32()
	case CatchAll, CatchAllRef:
	default:
		it.fail(start, "malformed catch clause")
	}
	c.Label = it.u32()
	return c
}

// refuseOpcode reports an opcode that is unknown or belongs to an unsupported feature.
func (it *Iter) refuseOpcode() {
	info := it.Op.Info()
	if info.Name != "" {
		it.refuse(it.Start, info.Feature, info.Name)
		return
	}
	if it.err == nil {
		it.fail(it.Start, illegalOpcode(it.b[it.Start:it.pos]))
	}
}

func illegalOpcode(b []byte) string {
	const hex = "0123456789abcdef"
	msg := []byte("illegal opcode")
	for _, c := range b {
		msg = append(msg, ' ', hex[c>>4], hex[c&15])
	}
	return string(msg)
}
