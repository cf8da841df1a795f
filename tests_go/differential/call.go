package differential

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// way is a set of instructions that call a function.
type way struct{ direct, indirect, reference wasm.Opcode }

var (
	normally = way{wasm.OpCall, wasm.OpCallIndirect, wasm.OpCallRef}
	asTail   = way{wasm.OpReturnCall, wasm.OpReturnCallIndirect, wasm.OpReturnCallRef}
)

// callee returns a function, of those that matches takes, or none. Mostly it is one further on, or the host's, so that
// calls come to an end by themselves. What ends all others is the fuel.
func (b *body) callee(matches func(wasm.FuncType) bool) int {
	any := b.rarely(8)
	var found []int
	for i := range b.g.funcs {
		if (any || i == hostFunction || i > b.index) && matches(b.g.funcType(i)) {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return none
	}
	return found[b.below(len(found))]
}

func (b *body) call() {
	function := b.callee(func(wasm.FuncType) bool { return true })
	b.invoke(function, normally)
	b.pushed(false, b.g.funcType(function).Results...)
}

// tailCall returns what another function returns.
func (b *body) tailCall() {
	results := b.frames[0].results
	function := b.callee(func(t wasm.FuncType) bool { return slices.Equal(t.Results, results) })
	if function == none {
		return
	}
	b.invoke(function, asTail)
	b.dead()
}

// invoke calls a function directly, through the table or through a reference. It takes the operands away.
func (b *body) invoke(function int, by way) {
	t := b.g.funcType(function)
	typeIndex := b.g.funcs[function]
	b.operands(t.Params...)
	switch b.below(4) {
	case 0, 1:
		b.op(by.direct, uint32(function))
	case 2:
		b.op(wasm.OpRefFunc, uint32(function))
		b.op(by.reference, typeIndex)
	case 3:
		if b.rarely(8) { // whatever is there
			b.mask(7)
			b.popped(1)
		} else {
			b.i32(int32(b.g.first + function))
		}
		b.op(by.indirect, typeIndex, funcTable)
	}
	b.popped(len(t.Params))
}
