package wasm

import (
	"fmt"
	"sync"
)

// Opcode identifies an instruction: the byte itself, or for a prefixed instruction the number after the prefix plus
// the base of that prefix.
type Opcode uint16

// The bases of the prefixed opcodes.
const (
	baseFB Opcode = 0x100 // GC
	baseFC Opcode = 0x200 // saturating conversions, bulk memory, tables
	baseFD Opcode = 0x300 // SIMD
	baseFE Opcode = 0x500 // threads

	opcodeCount = 0x600
)

// Imm is the kind of immediates that follow an opcode.
type Imm uint8

// The kinds of immediates, in the order in which they are encoded.
const (
	ImmNone         Imm = iota
	ImmBlock            // block type
	ImmLabel            // label
	ImmBrTable          // vector of labels, default label
	ImmFunc             // function
	ImmType             // type
	ImmTypeTable        // type, table
	ImmLocal            // local
	ImmGlobal           // global
	ImmTable            // table
	ImmTableTable       // destination table, source table
	ImmElem             // element segment
	ImmElemTable        // element segment, table
	ImmData             // data segment
	ImmDataMemory       // data segment, memory
	ImmMemory           // memory
	ImmMemoryMemory     // destination memory, source memory
	ImmTag              // tag
	ImmMemArg           // alignment, offset
	ImmMemArgLane       // alignment, offset, lane
	ImmLane             // lane
	ImmShuffle          // 16 lanes
	ImmI32              // s32
	ImmI64              // s64
	ImmF32              // 4 bytes
	ImmF64              // 8 bytes
	ImmV128             // 16 bytes
	ImmHeapType         // heap type
	ImmSelect           // vector of value types
	ImmTryTable         // block type, vector of catch clauses
	ImmFence            // a zero byte
	immUnknown          // of an instruction that is only recognised
)

// OpInfo describes an instruction.
type OpInfo struct {
	Op      Opcode
	Name    string // in the text format
	Imm     Imm
	Feature Feature
	// Simple says that Params and Results are the whole type of the instruction. Where it depends on immediates or on
	// the stack, they are empty.
	Simple          bool
	Params, Results []ValType
	Align           uint8 // log2 of the natural alignment, of instructions that access memory
	Lanes           uint8 // number of lanes, of instructions that select one
}

// Opcodes that code refers to by name. The rest is known by the table alone.
const (
	OpUnreachable        Opcode = 0x00
	OpNop                Opcode = 0x01
	OpBlock              Opcode = 0x02
	OpLoop               Opcode = 0x03
	OpIf                 Opcode = 0x04
	OpElse               Opcode = 0x05
	OpThrow              Opcode = 0x08
	OpThrowRef           Opcode = 0x0A
	OpEnd                Opcode = 0x0B
	OpBr                 Opcode = 0x0C
	OpBrIf               Opcode = 0x0D
	OpBrTable            Opcode = 0x0E
	OpReturn             Opcode = 0x0F
	OpCall               Opcode = 0x10
	OpCallIndirect       Opcode = 0x11
	OpReturnCall         Opcode = 0x12
	OpReturnCallIndirect Opcode = 0x13
	OpCallRef            Opcode = 0x14
	OpReturnCallRef      Opcode = 0x15
	OpDrop               Opcode = 0x1A
	OpSelect             Opcode = 0x1B
	OpSelectT            Opcode = 0x1C
	OpTryTable           Opcode = 0x1F
	OpLocalGet           Opcode = 0x20
	OpLocalSet           Opcode = 0x21
	OpLocalTee           Opcode = 0x22
	OpGlobalGet          Opcode = 0x23
	OpGlobalSet          Opcode = 0x24
	OpTableGet           Opcode = 0x25
	OpTableSet           Opcode = 0x26
	OpMemorySize         Opcode = 0x3F
	OpMemoryGrow         Opcode = 0x40
	OpI32Const           Opcode = 0x41
	OpI64Const           Opcode = 0x42
	OpF32Const           Opcode = 0x43
	OpF64Const           Opcode = 0x44
	OpI32Eqz             Opcode = 0x45
	OpI32Eq              Opcode = 0x46
	OpI32Add             Opcode = 0x6A
	OpI32Sub             Opcode = 0x6B
	OpI32Mul             Opcode = 0x6C
	OpI32DivS            Opcode = 0x6D
	OpI32DivU            Opcode = 0x6E
	OpI32RemS            Opcode = 0x6F
	OpI32RemU            Opcode = 0x70
	OpI64Eqz             Opcode = 0x50
	OpI64Add             Opcode = 0x7C
	OpI64Sub             Opcode = 0x7D
	OpI64Mul             Opcode = 0x7E
	OpI64DivS            Opcode = 0x7F
	OpI64DivU            Opcode = 0x80
	OpI64RemS            Opcode = 0x81
	OpI64RemU            Opcode = 0x82
	OpRefNull            Opcode = 0xD0
	OpRefIsNull          Opcode = 0xD1
	OpRefFunc            Opcode = 0xD2
	OpRefAsNonNull       Opcode = 0xD4
	OpBrOnNull           Opcode = 0xD5
	OpBrOnNonNull        Opcode = 0xD6

	OpMemoryInit = baseFC + 0x08
	OpDataDrop   = baseFC + 0x09
	OpMemoryCopy = baseFC + 0x0A
	OpMemoryFill = baseFC + 0x0B
	OpTableInit  = baseFC + 0x0C
	OpElemDrop   = baseFC + 0x0D
	OpTableCopy  = baseFC + 0x0E
	OpTableGrow  = baseFC + 0x0F
	OpTableSize  = baseFC + 0x10
	OpTableFill  = baseFC + 0x11

	OpV128Const    = baseFD + 0x0C
	OpI8x16Shuffle = baseFD + 0x0D

	OpAtomicNotify = baseFE + 0x00
	OpAtomicWait32 = baseFE + 0x01
	OpAtomicWait64 = baseFE + 0x02
	OpAtomicFence  = baseFE + 0x03
)

// The catch clauses of try_table, as encoded.
const (
	CatchTag    = 0x00 // catch: tag, label
	CatchTagRef = 0x01 // catch_ref: tag, label
	CatchAll    = 0x02 // catch_all: label
	CatchAllRef = 0x03 // catch_all_ref: label
)

var (
	opcodeInfo = readTables()
	opcodeImm  = immediates() // as in opcodeInfo, but unknown for what is not supported; dense for the reader
)

// opRow is a row of the opcode tables. sig is "params>results" in the letters of sigTypes, or "" if the type of the
// instruction is not simple.
type opRow struct {
	op      Opcode
	name    string
	imm     Imm
	sig     string
	feature Feature
	align   uint8
	lanes   uint8
}

var sigTypes = map[rune]ValType{'i': I32, 'I': I64, 'f': F32, 'F': F64, 'v': V128}

func readTables() *[opcodeCount]OpInfo {
	infos := new([opcodeCount]OpInfo)
	for op := range infos {
		infos[op].Imm = immUnknown
	}
	for _, table := range [...][]opRow{controlOps, numericOps, memoryOps, simdOps, simdMemoryOps, atomicOps, refusedOps} {
		for _, row := range table {
			infos[row.op] = row.info()
		}
	}
	return infos
}

func (row *opRow) info() OpInfo {
	info := OpInfo{
		Op: row.op, Name: row.name, Imm: row.imm, Feature: row.feature,
		Simple: row.sig != "", Align: row.align, Lanes: row.lanes,
	}
	results := false
	for _, c := range row.sig {
		switch {
		case c == '>':
			results = true
		case results:
			info.Results = append(info.Results, sigTypes[c])
		default:
			info.Params = append(info.Params, sigTypes[c])
		}
	}
	return info
}

func immediates() *[opcodeCount]Imm {
	imms := new([opcodeCount]Imm)
	for op := range imms {
		if imms[op] = opcodeInfo[op].Imm; !opcodeInfo[op].Feature.Supported() {
			imms[op] = immUnknown
		}
	}
	return imms
}

// opcodesByName is only needed for text.
var opcodesByName = sync.OnceValue(func() map[string]Opcode {
	names := make(map[string]Opcode, 640)
	for op := range opcodeInfo {
		name := opcodeInfo[op].Name
		if _, taken := names[name]; name != "" && !taken { // "select" has two opcodes and stands for the first
			names[name] = Opcode(op)
		}
	}
	return names
})

// Info returns what is known of the opcode; the name is empty if it is not an opcode.
func (op Opcode) Info() *OpInfo {
	if op >= opcodeCount {
		return &opcodeInfo[opcodeCount-1]
	}
	return &opcodeInfo[op]
}

// OpcodeByName returns the opcode with this name in the text format. "select" gives OpSelect.
func OpcodeByName(name string) (op Opcode, ok bool) {
	op, ok = opcodesByName()[name]
	return op, ok
}

// String returns the name of the instruction in the text format.
func (op Opcode) String() string {
	if name := op.Info().Name; name != "" {
		return name
	}
	return fmt.Sprintf("opcode %#x", uint16(op))
}

// Append appends the encoding of the opcode, without immediates.
func (op Opcode) Append(b []byte) []byte {
	switch {
	case op < baseFB:
		return append(b, byte(op))
	case op < baseFC:
		return AppendU32(append(b, 0xFB), uint32(op-baseFB))
	case op < baseFD:
		return AppendU32(append(b, 0xFC), uint32(op-baseFC))
	case op < baseFE:
		return AppendU32(append(b, 0xFD), uint32(op-baseFD))
	}
	return AppendU32(append(b, 0xFE), uint32(op-baseFE))
}
