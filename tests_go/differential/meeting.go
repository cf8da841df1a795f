package differential

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// meeting appends an if whose arms call something, mostly, and then use the same locals, as does what follows; one of
// the arms applies o to some of them. What lies on the stack after a call comes back to registers, in an order that matters to
// the instructions that want it, and where the arms meet the registers have to agree.
func (b *body) meeting(o *operator) {
	if len(b.frames) > maxDepth || waits(o) {
		return
	}
	var operands []uint32
	for _, t := range o.Params {
		local := b.scratch(t)
		if variable := b.variable(t); variable != none {
			local = uint32(variable)
		}
		operands = append(operands, local)
	}
	locals := slices.Clone(operands)
	others := 4
	if b.rarely(4) { // more than there are registers
		others = 32
	}
	for range b.below(others) {
		t := b.valType()
		if len(o.Params) > 0 && b.below(4) > 0 { // rivals for the same registers
			t = o.Params[b.below(len(o.Params))]
		}
		if local := b.variable(t); local != none {
			locals = append(locals, uint32(local))
		}
	}
	exact := b.below(8) > 0
	if exact {
		b.refresh(locals)
	}
	if b.below(2) == 0 { // some on the stack, some not
		b.spill()
		b.refresh(b.part(locals))
	}
	b.condition()
	b.popped(1)
	b.open(wasm.OpIf, wasm.FuncType{}, none)
	b.spill()
	b.use(locals)
	b.settle(nil)
	b.op(wasm.OpElse)
	if b.below(4) > 0 {
		b.spill()
	}
	if b.below(4) == 3 {
		b.use(locals)
	}
	b.applyTo(o, operands, exact)
	b.close()
	b.use(locals)
}

// part returns some of the locals, from the first or to the last.
func (b *body) part(locals []uint32) []uint32 {
	n := b.below(len(locals) + 1)
	if b.below(2) == 0 {
		return locals[:n]
	}
	return locals[n:]
}

// applyTo appends an operator with these locals as operands; exact says that they hold what was in memory.
func (b *body) applyTo(o *operator, operands []uint32, exact bool) {
	for i, local := range operands {
		b.op(wasm.OpLocalGet, local)
		b.pushed(exact && local != b.scratch(o.Params[i]), o.Params[i])
		if i == 0 && o.accesses() {
			b.maskAddress(o)
		}
	}
	b.avoidTrap(o)
	b.finish(o)
}

// refresh sets locals to what is in memory, so that they are no constants.
func (b *body) refresh(locals []uint32) {
	for i, local := range locals {
		t := b.locals[local]
		if t.IsRef() {
			continue
		}
		b.i32(int32(16 * i))
		b.op(opcode(t.String() + ".load"))
		b.code = wasm.AppendMemArg(b.code, 0, uint64(b.byte()))
		b.op(wasm.OpLocalSet, local)
	}
}

// spill has the compiler put everything on the stack: it calls something.
func (b *body) spill() {
	if b.rarely(4) {
		b.call()
		return
	}
	for range 3 {
		b.i32(0)
	}
	b.op(wasm.OpMemoryFill, 0)
}

// use looks at some of the locals, in some order.
func (b *body) use(locals []uint32) {
	locals = slices.Clone(locals)
	for len(locals) > 0 && !b.rarely(8) {
		i := b.below(len(locals))
		b.op(wasm.OpLocalGet, locals[i])
		b.pushed(false, b.locals[locals[i]])
		if b.locals[locals[i]].IsRef() {
			b.sink()
		} else {
			b.mix()
		}
		locals = slices.Delete(locals, i, i+1)
	}
}
