package differential

import (
	"math"
	"strings"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// apply appends an operator with its operands.
func (b *body) apply(o *operator) {
	switch {
	case o.accesses():
		b.access(o)
	case o.Imm == wasm.ImmNone, o.Imm == wasm.ImmLane, o.Imm == wasm.ImmShuffle:
		b.operands(o.Params...)
		b.avoidTrap(o)
		b.finish(o)
	default:
		b.bulk(o)
	}
}

// finish appends the instruction, its operands being there.
func (b *body) finish(o *operator) {
	if o.observes {
		b.canonical()
	}
	n := len(o.Params)
	exact := o.exact || o.keeps && b.stack[len(b.stack)-n].exact
	b.op(o.Op)
	b.immediates(o)
	b.popped(n)
	b.pushed(exact, o.Results...)
	if o.lanes != 0 {
		b.canonicalLanes(o.lanes)
	}
}

func (b *body) immediates(o *operator) {
	switch o.Imm {
	case wasm.ImmNone:
	case wasm.ImmMemArg:
		b.memArg(o)
	case wasm.ImmMemArgLane:
		b.memArg(o)
		b.lanes(1, o.Lanes)
	case wasm.ImmLane:
		b.lanes(1, o.Lanes)
	case wasm.ImmShuffle:
		b.lanes(16, o.Lanes)
	default:
		b.indices(o)
	}
}

// lanes appends n lanes of as many as there are.
func (b *body) lanes(n int, of uint8) {
	for range n {
		b.code = append(b.code, byte(b.below(int(of))))
	}
}

// avoidTrap makes the last operand one that mostly does not trap: programs should not all end at the first division.
func (b *body) avoidTrap(o *operator) {
	_, name, _ := strings.Cut(o.Name, ".")
	if o.Feature != wasm.MVP || len(o.Params) == 0 || b.rarely(16) {
		return
	}
	t := b.stack[len(b.stack)-1].ValType
	switch {
	case strings.HasPrefix(name, "trunc_f"):
		limit := []float64{100, 1 << 30, 1 << 31, 1 << 62}[b.below(4)]
		b.float(t, limit)
		b.op(opcode(t.String() + ".min"))
		b.float(t, -0.5)
		b.op(opcode(t.String() + ".max"))
	case !isFloat(t) && (strings.HasPrefix(name, "div_") || strings.HasPrefix(name, "rem_")):
		odd := int32(1 + 2*b.below(4))
		if t == wasm.I32 {
			b.i32(odd)
		} else {
			b.i64(int64(odd))
		}
		b.op(opcode(t.String() + ".or"))
	}
}

func (b *body) float(t wasm.ValType, f float64) {
	if t == wasm.F32 {
		b.code = wasm.AppendF32(wasm.OpF32Const.Append(b.code), math.Float32bits(float32(f)))
		return
	}
	b.code = wasm.AppendF64(wasm.OpF64Const.Append(b.code), math.Float64bits(f))
}

// access appends a load, a store or an atomic instruction. The address comes first, so a value that lies on the stack is
// moved above it.
func (b *body) access(o *operator) {
	rest := o.Params[1:]
	live := b.live()
	if len(rest) == 1 && len(live) > 0 && live[len(live)-1].ValType == rest[0] && !b.rarely(4) {
		moved := live[len(live)-1]
		kept := b.scratch(moved.ValType)
		b.op(wasm.OpLocalSet, kept)
		b.popped(1)
		nested := b.nested
		b.nested = maxNested // what pushes the address must not use the same local
		b.address(o)
		b.nested = nested
		b.op(wasm.OpLocalGet, kept)
		b.pushed(moved.exact, moved.ValType)
	} else {
		b.address(o)
		b.rest(o, rest)
	}
	b.finish(o)
}

// rest pushes what an access takes beside the address; of the instructions that wait, a time that is short.
func (b *body) rest(o *operator, types []wasm.ValType) {
	for i, t := range types {
		if i == 1 && waits(o) {
			b.i64(int64(b.byte()))
			b.pushed(true, t)
		} else {
			b.push(t)
		}
	}
}

func waits(o *operator) bool { return o.Op == wasm.OpAtomicWait32 || o.Op == wasm.OpAtomicWait64 }

// address pushes an address.
func (b *body) address(o *operator) {
	b.push(wasm.I32)
	b.maskAddress(o)
}

// maskAddress makes an address of a number, one that mostly is in bounds, and aligned where it must be. It gives at most
// one reason to trap, since which of two is told is open.
func (b *body) maskAddress(o *operator) {
	mask := []int32{0xFF, 0xFF, 0xFFFF, 0x3F}[b.below(4)]
	switch {
	case waits(o) && !b.g.memory.Shared:
		mask = 0xF8 // that the memory is not shared is the only reason
	case o.Feature == wasm.Threads && mask == 0x3F && b.g.memory.Min > 0 && b.rarely(16):
		// not aligned
	default:
		if b.rarely(64) {
			mask = -1
		}
		if o.Feature == wasm.Threads {
			mask &^= 1<<o.Align - 1
		}
	}
	b.i32(mask)
	b.op(opcode("i32.and"))
}

// memArg appends alignment and offset.
//
// https://webassembly.github.io/threads/core/valid/instructions.html#atomic-memory-instructions
func (b *body) memArg(o *operator) {
	align, offset := o.Align, uint64(0)
	choice := b.below(64)
	if choice >= 32 {
		offset = uint64(b.byte())
	}
	if o.Feature == wasm.Threads {
		offset &^= 1<<align - 1
	} else {
		align = uint8(b.below(int(align) + 1))
		if choice == 63 {
			offset = uint64(uint32(b.integer()))
		}
	}
	b.code = wasm.AppendMemArg(b.code, uint32(align), offset)
}

// bulk appends an instruction on a whole memory, table or segment.
func (b *body) bulk(o *operator) {
	bits := int32(0xFF)
	switch o.Imm {
	case wasm.ImmMemory, wasm.ImmElemTable, wasm.ImmTableTable:
		bits = 3
	}
	for range o.Params {
		b.mask(bits)
	}
	b.finish(o)
}

// indices appends the indices of memories, tables and segments.
func (b *body) indices(o *operator) {
	index := func(n int) { b.code = wasm.AppendU32(b.code, uint32(n)) }
	m := b.g.m
	switch o.Imm {
	case wasm.ImmFence, wasm.ImmMemory:
		index(0)
	case wasm.ImmMemoryMemory:
		index(0)
		index(0)
	case wasm.ImmData:
		index(b.below(len(m.Data)))
	case wasm.ImmDataMemory:
		index(b.below(len(m.Data)))
		index(0)
	case wasm.ImmElem:
		index(b.below(len(m.Elements)))
	case wasm.ImmElemTable:
		segment := b.below(len(m.Elements))
		index(segment)
		index(tableOf(m.Elements[segment].Type))
	case wasm.ImmTableTable:
		table := []int{funcTable, externTable}[b.below(2)]
		index(table)
		index(table)
	default:
		panic("immediates of " + o.Name)
	}
}

// tableOf returns the table of references of a type.
func tableOf(t wasm.ValType) int {
	if t == wasm.ExternRef {
		return externTable
	}
	return funcTable
}
