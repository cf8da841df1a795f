package differential

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

const (
	maxDepth  = 6  // of blocks
	maxLoops  = 3  // of loops within one another
	maxHeight = 24 // of the operand stack, before values are put away
	maxNested = 3  // of operands that are made for an operand
)

// body makes the body of a function. It keeps to the types of the operand stack as validation does, so that what it
// appends is valid: an instruction takes what lies there if the types are right, and the rest is pushed for it.
type body struct {
	source
	g      *generator
	index  int // of the function
	code   []byte
	locals []wasm.ValType // parameters first
	stack  []value
	frames []frame
	floor  int // height of the stack below which values are taken already
	nested int // see maxNested
	loops  int // see maxLoops
}

// value is an operand. It is exact if it is no float, or if all of its bits are determined; see operator.
type value struct {
	wasm.ValType
	exact bool
}

// frame is a block that is open. Labels are the types that a branch to it takes.
type frame struct {
	labels, results []wasm.ValType
	base            int // height of the stack below
	counter         int // of a loop: the local that counts it down; or none
}

const none = -1

func (g *generator) makeBody(i int, s source, locals []wasm.ValType, step func(*body)) {
	index := i + len(g.funcs) - len(g.m.Funcs)
	t := g.funcType(index)
	b := &body{source: s, g: g, index: index, locals: slices.Clone(t.Params)}
	b.locals = append(b.locals, allTypes...)
	for range maxLoops {
		b.locals = append(b.locals, wasm.I32)
	}
	b.locals = append(b.locals, locals...)
	for range b.below(16) {
		b.locals = append(b.locals, valTypes[b.below(len(valTypes))])
	}
	b.burnFuel()
	b.frames = []frame{{labels: t.Results, results: t.Results, counter: none}}
	for !b.empty() {
		step(b)
	}
	b.settle(t.Results)
	b.op(wasm.OpEnd)
	g.m.Code = append(g.m.Code, wasm.Code{Locals: runs(b.locals[len(t.Params):]), Body: wasm.Expr{Bytes: b.code}})
}

// The locals after the parameters: one of each type for values that are moved, one for each depth of loops. Those
// behind are for the program.
func (b *body) params() int { return len(b.g.funcType(b.index).Params) }

func (b *body) scratch(t wasm.ValType) uint32 { return uint32(b.params() + slices.Index(allTypes, t)) }

func (b *body) counter(depth int) int { return b.params() + len(allTypes) + depth }

// variable returns a local of a type that the program may use, or none.
func (b *body) variable(t wasm.ValType) int {
	var found []int
	for i, local := range b.locals {
		if local == t && (i < b.params() || i >= b.counter(maxLoops)) {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return none
	}
	return found[b.below(len(found))]
}

func runs(types []wasm.ValType) []wasm.LocalRun {
	var out []wasm.LocalRun
	for _, t := range types {
		if n := len(out); n > 0 && out[n-1].Type == t {
			out[n-1].Count++
		} else {
			out = append(out, wasm.LocalRun{Count: 1, Type: t})
		}
	}
	return out
}

// The following append instructions as they are and leave the stack of types alone.

func (b *body) op(op wasm.Opcode, immediates ...uint32) {
	b.code = op.Append(b.code)
	for _, n := range immediates {
		b.code = wasm.AppendU32(b.code, n)
	}
}

func (b *body) i32(n int32) { b.code = wasm.AppendS32(wasm.OpI32Const.Append(b.code), n) }

func (b *body) i64(n int64) { b.code = wasm.AppendS64(wasm.OpI64Const.Append(b.code), n) }

// burnFuel traps if there is no fuel, and takes one from it.
func (b *body) burnFuel() {
	b.op(wasm.OpGlobalGet, fuelGlobal)
	b.op(wasm.OpI32Eqz)
	b.code = wasm.AppendBlockType(wasm.OpIf.Append(b.code), wasm.BlockType{})
	b.op(wasm.OpUnreachable)
	b.op(wasm.OpEnd)
	b.op(wasm.OpGlobalGet, fuelGlobal)
	b.i32(1)
	b.op(wasm.OpI32Sub)
	b.op(wasm.OpGlobalSet, fuelGlobal)
}

// The following work on the stack of types.

func (b *body) top() *frame { return &b.frames[len(b.frames)-1] }

// live are the values that may be taken: of the innermost block, or those of the operand that is being made.
func (b *body) live() []value { return b.stack[max(b.top().base, b.floor):] }

func (b *body) pushed(exact bool, types ...wasm.ValType) {
	for _, t := range types {
		b.stack = append(b.stack, value{t, exact || !isFloat(t)})
	}
}

func (b *body) popped(n int) { b.stack = b.stack[:len(b.stack)-n] }

// dead begins code that is not reached: the stack is what one likes, so it is empty.
func (b *body) dead() { b.stack = b.stack[:b.top().base] }

// matching returns how many of types are on the stack already.
func (b *body) matching(types []wasm.ValType) int {
	live := b.live()
	for n := min(len(live), len(types)); n > 0; n-- {
		same := true
		for i, v := range live[len(live)-n:] {
			same = same && v.ValType == types[i]
		}
		if same {
			return n
		}
	}
	return 0
}

// operands sees to it that values of these types are on the top of the stack.
func (b *body) operands(types ...wasm.ValType) {
	for _, t := range types[b.matching(types):] {
		b.push(t)
	}
}

// push pushes some value of a type.
func (b *body) push(t wasm.ValType) {
	switch choice := b.below(8); {
	case choice >= 6 && b.nested < maxNested && len(operators.producers[t]) > 0:
		floor := b.floor
		b.floor = len(b.stack)
		b.nested++
		b.applyOne(operators.producers[t])
		b.nested--
		b.floor = floor
	case choice == 5:
		b.globalGet(t)
	case choice >= 1:
		if local := b.variable(t); local != none {
			b.op(wasm.OpLocalGet, uint32(local))
			b.pushed(false, t)
			return
		}
		fallthrough
	default:
		b.code = b.source.constant(b.code, t, len(b.g.funcs))
		b.pushed(true, t)
	}
}

// mask pushes a number below a power of two, or rarely any.
func (b *body) mask(bits int32) {
	b.push(wasm.I32)
	if !b.rarely(64) {
		b.i32(bits)
		b.op(opcode("i32.and"))
	}
}

// condition pushes what is as often true as not.
func (b *body) condition() {
	b.push(wasm.I32)
	switch b.below(4) {
	case 0:
		b.op(wasm.OpI32Eqz)
	case 1, 2:
		b.i32(int32(1) << b.below(3))
		b.op(opcode("i32.and"))
	}
}

// sink puts the value on top of the stack somewhere: mostly where it is seen later.
func (b *body) sink() {
	t := b.stack[len(b.stack)-1].ValType
	switch choice := b.below(8); {
	case t.IsRef() || choice == 7:
		b.globalSet(t)
	case choice == 6:
		b.op(wasm.OpDrop)
		b.popped(1)
	case choice == 5 && b.variable(t) != none:
		b.op(wasm.OpLocalSet, uint32(b.variable(t)))
		b.popped(1)
	default:
		b.mix()
	}
}

// mix mixes the bits of a number into a global.
func (b *body) mix() {
	t := b.stack[len(b.stack)-1].ValType
	b.canonical()
	b.popped(1)
	switch t {
	case wasm.F32:
		t = wasm.I32
		b.op(opcode("i32.reinterpret_f32"))
	case wasm.F64:
		t = wasm.I64
		b.op(opcode("i64.reinterpret_f64"))
	}
	global := b.global(t, true)
	b.op(wasm.OpGlobalGet, global)
	if t == wasm.I64 { // so that the order matters
		b.i64(7)
		b.op(opcode("i64.rotl"))
	}
	b.op(opcode(t.String() + ".xor"))
	b.op(wasm.OpGlobalSet, global)
}

// settle leaves values of exactly these types in the block.
func (b *body) settle(types []wasm.ValType) {
	same := 0
	for i, v := range b.live() {
		if i == len(types) || v.ValType != types[i] {
			break
		}
		same++
	}
	for len(b.live()) > same {
		b.sink()
	}
	for _, t := range types[same:] {
		b.push(t)
	}
}

// canonical replaces a NaN on top of the stack by the one NaN of its type, if its bits are not determined.
func (b *body) canonical() {
	v := &b.stack[len(b.stack)-1]
	if v.exact {
		return
	}
	kept := b.scratch(v.ValType)
	bits := "i32"
	if v.ValType == wasm.F64 {
		bits = "i64"
	}
	b.op(wasm.OpLocalTee, kept)
	b.op(opcode(bits + ".reinterpret_" + v.String()))
	if v.ValType == wasm.F64 {
		b.i64(nan64)
	} else {
		b.i32(nan32)
	}
	b.op(wasm.OpLocalGet, kept)
	b.op(wasm.OpLocalGet, kept)
	b.op(opcode(v.String() + ".eq"))
	b.op(wasm.OpSelect)
	b.op(opcode(v.String() + ".reinterpret_" + bits))
	v.exact = true
}

// canonicalLanes does the same for the lanes that eq compares.
func (b *body) canonicalLanes(eq wasm.Opcode) {
	kept := b.scratch(wasm.V128)
	b.op(wasm.OpLocalTee, kept)
	b.op(wasm.OpV128Const)
	for range 2 {
		if eq == opcode("f32x4.eq") {
			b.code = wasm.AppendF32(wasm.AppendF32(b.code, nan32), nan32)
		} else {
			b.code = wasm.AppendF64(b.code, nan64)
		}
	}
	b.op(wasm.OpLocalGet, kept)
	b.op(wasm.OpLocalGet, kept)
	b.op(eq)
	b.op(opcode("v128.bitselect"))
}

// The canonical NaNs.
const (
	nan32 = 0x7FC00000
	nan64 = 0x7FF8000000000000
)
