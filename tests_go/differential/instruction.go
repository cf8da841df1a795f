package differential

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// instructions holds each kind of instruction as often as it is likely.
var instructions []func(*body)

func init() { // the functions refer to the list
	for _, kind := range []struct {
		times int
		add   func(*body)
	}{
		{20, func(b *body) { b.applyOne(operators.numeric) }},
		{20, func(b *body) { b.applyOne(operators.vector) }},
		{8, func(b *body) { b.applyOne(operators.access) }},
		{4, func(b *body) { b.applyOne(operators.vectorAccess) }},
		{3, func(b *body) { b.applyOne(operators.atomic) }},
		{2, func(b *body) { b.applyOne(operators.bulk) }},
		{6, func(b *body) { b.push(b.valType()) }},
		{8, (*body).localSet},
		{4, func(b *body) { b.globalSet(b.valType()) }},
		{4, (*body).choose},
		{6, (*body).block},
		{4, (*body).loop},
		{6, (*body).ifElse},
		{4, func(b *body) { b.meeting(operators.all[b.below(len(operators.all))]) }},
		{5, (*body).branchIf},
		{2, sometimes((*body).branch)},
		{3, sometimes((*body).branchTable)},
		{8, (*body).call},
		{2, sometimes((*body).tailCall)},
		{4, (*body).table},
		{3, (*body).reference},
		{2, sometimes((*body).leave)},
	} {
		instructions = append(instructions, slices.Repeat([]func(*body){kind.add}, kind.times)...)
	}
}

func (b *body) instruction() {
	instructions[b.below(len(instructions))](b)
	for len(b.live()) > maxHeight {
		b.sink()
	}
}

// sequence appends some instructions.
func (b *body) sequence() {
	for range 1 + b.below(10) {
		if !b.empty() {
			b.instruction()
		}
	}
}

func (b *body) valType() wasm.ValType { return valTypes[b.below(len(valTypes))] }

func (b *body) applyOne(list []*operator) { b.apply(list[b.below(len(list))]) }

// localSet sets a local, or tees it, to what is on the stack or to something new.
func (b *body) localSet() {
	t := b.valType()
	if live := b.live(); len(live) > 0 {
		t = live[len(live)-1].ValType
	}
	local := b.variable(t)
	if local == none {
		return
	}
	b.operands(t)
	if b.below(2) == 0 {
		b.op(wasm.OpLocalTee, uint32(local))
		return
	}
	b.op(wasm.OpLocalSet, uint32(local))
	b.popped(1)
}

// global returns a global of a type.
func (b *body) global(t wasm.ValType, mutable bool) uint32 {
	var found []int
	for i, g := range b.g.globals {
		if g.Type == t && i != fuelGlobal && (g.Mutable || !mutable) {
			found = append(found, i)
		}
	}
	return uint32(found[b.below(len(found))])
}

func (b *body) globalGet(t wasm.ValType) {
	b.op(wasm.OpGlobalGet, b.global(t, false))
	b.pushed(false, t)
}

func (b *body) globalSet(t wasm.ValType) {
	b.operands(t)
	b.op(wasm.OpGlobalSet, b.global(t, true))
	b.popped(1)
}

// choose appends select, which must name its type if that is a reference.
func (b *body) choose() {
	t := b.valType()
	b.operands(t, t, wasm.I32)
	if t.IsRef() || b.below(4) == 0 {
		b.op(wasm.OpSelectT, 1)
		b.code = wasm.AppendValType(b.code, t)
	} else {
		b.op(wasm.OpSelect)
	}
	b.popped(3)
	b.pushed(false, t)
}

func (b *body) refType() wasm.ValType {
	return []wasm.ValType{wasm.FuncRef, wasm.ExternRef}[b.below(2)]
}

// reference appends a test of a reference. What is known not to be null is a reference like others here.
func (b *body) reference() {
	t := b.refType()
	target := b.below(len(b.frames))
	f := &b.frames[target]
	last := len(f.labels) - 1
	switch choice := b.below(4); {
	case choice == 1 && b.rarely(4):
		b.operands(t)
		b.op(wasm.OpRefAsNonNull)
	case choice == 2 && f.counter == none:
		b.operands(append(slices.Clone(f.labels), t)...)
		b.op(wasm.OpBrOnNull, b.label(target))
		b.popped(1)
		b.blur(len(f.labels))
		b.pushed(true, t)
	case choice == 3 && last >= 0 && f.labels[last].IsRef() && f.counter == none:
		b.operands(f.labels...)
		b.op(wasm.OpBrOnNonNull, b.label(target))
		b.popped(1)
		b.blur(last)
	default:
		b.operands(t)
		b.op(wasm.OpRefIsNull)
		b.popped(1)
		b.pushed(true, wasm.I32)
	}
}

// table appends an instruction on a table.
func (b *body) table() {
	t := b.refType()
	index := uint32(tableOf(t))
	switch b.below(5) {
	case 0:
		b.op(wasm.OpTableSize, index)
		b.pushed(true, wasm.I32)
	case 1:
		b.mask(7)
		b.op(wasm.OpTableGet, index)
		b.popped(1)
		b.pushed(true, t)
	case 2:
		b.mask(7)
		b.push(t)
		b.op(wasm.OpTableSet, index)
		b.popped(2)
	case 3:
		b.operands(t)
		b.mask(1)
		b.op(wasm.OpTableGrow, index)
		b.popped(2)
		b.pushed(true, wasm.I32)
	case 4:
		b.mask(3)
		b.push(t)
		b.mask(3)
		b.op(wasm.OpTableFill, index)
		b.popped(3)
	}
}
