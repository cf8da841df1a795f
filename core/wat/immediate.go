package wat

import (
	"math/bits"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// instruction parses the immediates of an instruction and appends its encoding.
func (p *parser) instruction(info *wasm.OpInfo, dst []byte) []byte {
	if info.Op == wasm.OpSelect {
		return p.selectOp(dst)
	}
	return p.immediate(info, info.Op.Append(dst))
}

// immediate parses and encodes immediates, all but those of blocks:
// https://webassembly.github.io/spec/core/text/instructions.html
func (p *parser) immediate(info *wasm.OpInfo, dst []byte) []byte {
	switch info.Imm {
	case wasm.ImmNone:
		return dst
	case wasm.ImmLabel:
		return wasm.AppendU32(dst, p.label())
	case wasm.ImmLocal:
		return wasm.AppendU32(dst, p.local())
	case wasm.ImmMemArg, wasm.ImmMemArgLane:
		return p.memArg(info, dst)
	case wasm.ImmI32, wasm.ImmI64, wasm.ImmF32, wasm.ImmF64:
		return p.number(info.Imm, dst)
	case wasm.ImmV128:
		return p.vector(dst)
	case wasm.ImmBrTable:
		return p.brTable(dst)
	case wasm.ImmHeapType:
		return wasm.AppendHeapType(dst, p.heapType())
	case wasm.ImmTypeTable:
		return p.indirect(dst)
	case wasm.ImmLane:
		return append(dst, p.lane())
	case wasm.ImmShuffle:
		return p.shuffle(dst)
	case wasm.ImmFence:
		return append(dst, 0)
	}
	return p.indices(info.Imm, dst)
}

// immSpaces are the index spaces of immediates that are one index.
var immSpaces = map[wasm.Imm]spaceID{
	wasm.ImmFunc: spaceFunc, wasm.ImmType: spaceType, wasm.ImmGlobal: spaceGlobal, wasm.ImmTag: spaceTag,
	wasm.ImmElem: spaceElem, wasm.ImmData: spaceData, wasm.ImmTable: spaceTable,
}

// indices parses and encodes immediates that are indices. Where the text leaves
// a table or a memory out, it is the first; where there are two indices, the
// binary format may order them differently.
func (p *parser) indices(imm wasm.Imm, dst []byte) []byte {
	p.usesData = p.usesData || imm == wasm.ImmData || imm == wasm.ImmDataMemory
	first, second := uint32(0), uint32(0)
	switch imm {
	case wasm.ImmTable:
		return wasm.AppendU32(dst, p.optIndex(spaceTable))
	case wasm.ImmMemory:
		return wasm.AppendU32(dst, p.optIndex(spaceMemory))
	case wasm.ImmTableTable:
		if p.atIndex() {
			first, second = p.index(spaceTable), p.index(spaceTable)
		}
	case wasm.ImmMemoryMemory:
		if p.atIndex() {
			first, second = p.index(spaceMemory), p.index(spaceMemory)
		}
	case wasm.ImmElemTable:
		if p.indexBehind() {
			second = p.index(spaceTable)
		}
		first = p.index(spaceElem)
	case wasm.ImmDataMemory:
		if p.indexBehind() {
			second = p.optIndex(spaceMemory)
		}
		first = p.index(spaceData)
	default:
		return wasm.AppendU32(dst, p.index(immSpaces[imm]))
	}
	return wasm.AppendU32(wasm.AppendU32(dst, first), second)
}

// indexBehind tells whether two indices are ahead.
func (p *parser) indexBehind() bool {
	if !p.atIndex() {
		return false
	}
	k := p.toks[p.pos+1].kind
	return k == tokNat || k == tokID
}

// selectOp parses select, which is another instruction if types are given.
func (p *parser) selectOp(dst []byte) []byte {
	if !p.atForm("result") {
		return wasm.OpSelect.Append(dst)
	}
	t := p.signature(p.noNames)
	dst = wasm.AppendU32(wasm.OpSelectT.Append(dst), uint32(len(t.Results)))
	for _, r := range t.Results {
		dst = wasm.AppendValType(dst, r)
	}
	return dst
}

func (p *parser) indirect(dst []byte) []byte {
	table := p.optIndex(spaceTable)
	typ, _ := p.typeUse(p.noNames)
	return wasm.AppendU32(wasm.AppendU32(dst, typ), table)
}

// brTable parses labels, the last of which is the default.
func (p *parser) brTable(dst []byte) []byte {
	p.clauses = p.clauses[:0]
	n, last := uint32(0), p.label()
	for ; p.atIndex(); n++ {
		p.clauses = wasm.AppendU32(p.clauses, last)
		last = p.label()
	}
	dst = append(wasm.AppendU32(dst, n), p.clauses...)
	return wasm.AppendU32(dst, last)
}

// memArg parses a memory, an offset and an alignment, all optional:
// https://webassembly.github.io/spec/core/text/instructions.html#memory-instructions
func (p *parser) memArg(info *wasm.OpInfo, dst []byte) []byte {
	memory := uint32(0)
	// A number alone is the lane, of those that have one.
	if p.kind() == tokID || p.kind() == tokNat && (info.Imm == wasm.ImmMemArg || p.memArgBehind()) {
		memory = p.optIndex(spaceMemory)
	}
	offset, align := uint64(0), uint32(info.Align)
	if t, value := p.keyValue("offset="); t != nil {
		offset = p.keyNat(t, value)
	}
	if t, value := p.keyValue("align="); t != nil {
		n := p.keyNat(t, value)
		if bits.OnesCount64(n) != 1 {
			p.failAt(t.off, "alignment must be a power of two")
		}
		align = uint32(bits.TrailingZeros64(n))
	}
	if memory != 0 {
		const hasMemory = 0x40
		dst = wasm.AppendU32(wasm.AppendU32(dst, align|hasMemory), memory)
	} else {
		dst = wasm.AppendU32(dst, align)
	}
	dst = wasm.AppendU64(dst, offset)
	if info.Imm == wasm.ImmMemArgLane {
		dst = append(dst, p.lane())
	}
	return dst
}

// memArgBehind tells whether the number at hand has more of a memory argument,
// or a lane, behind it.
func (p *parser) memArgBehind() bool {
	t := &p.toks[p.pos+1]
	w := p.spelling(t)
	return t.kind == tokNat ||
		t.kind == tokKeyword && (hasKey(w, "offset=") || hasKey(w, "align="))
}

func hasKey(w []byte, key string) bool { return len(w) > len(key) && string(w[:len(key)]) == key }

// keyValue passes a word such as "align=4" and returns it and its value.
func (p *parser) keyValue(key string) (*token, []byte) {
	if p.kind() != tokKeyword || !hasKey(p.text(), key) {
		return nil, nil
	}
	t := p.next()
	return t, p.spelling(t)[len(key):]
}

func (p *parser) keyNat(t *token, value []byte) uint64 {
	if numberKind(value) != tokNat {
		p.failAt(t.off, "unknown operator %s, expected a natural number behind =", shorten(p.spelling(t)))
		return 1
	}
	v, ok := parseUint(value)
	if !ok {
		p.failAt(t.off, "i64 constant out of range: %s", shorten(p.spelling(t)))
	}
	return v
}

// number parses and encodes the constant of a numeric type.
func (p *parser) number(imm wasm.Imm, dst []byte) []byte {
	switch imm {
	case wasm.ImmI32:
		return wasm.AppendS32(dst, int32(p.integer(32)))
	case wasm.ImmI64:
		return wasm.AppendS64(dst, int64(p.integer(64)))
	case wasm.ImmF32:
		return wasm.AppendF32(dst, uint32(p.float(binary32)))
	}
	return wasm.AppendF64(dst, p.float(binary64))
}
