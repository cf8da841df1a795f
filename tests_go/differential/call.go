package differential

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// Direct calls go to the host or to functions further on, so they come to an end by themselves. Calls through
// references may go anywhere: what ends them is the fuel.

// callee returns a function that may be called directly and gives these results, or any if they are nil.
func (b *body) callee(results []wasm.ValType) (index int, ok bool) {
	var found []int
	for i := range b.g.funcs {
		if (i == hostFunction || i > b.index) && (results == nil || slices.Equal(b.g.funcType(i).Results, results)) {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return 0, false
	}
	return found[b.below(len(found))], true
}

func (b *body) called(t wasm.FuncType) {
	b.popped(len(t.Params))
	b.pushed(false, t.Results...)
}

func (b *body) call() {
	index, _ := b.callee(nil)
	t := b.g.funcType(index)
	b.operands(t.Params...)
	b.op(wasm.OpCall, uint32(index))
	b.called(t)
}

func (b *body) callIndirect() {
	index := uint32(b.below(b.g.types))
	if b.below(4) > 0 { // a type that some function has
		index = b.g.funcs[b.below(len(b.g.funcs))]
	}
	t := b.g.m.Types[index]
	b.operands(t.Params...)
	b.mask(7)
	b.op(wasm.OpCallIndirect, index, funcTable)
	b.popped(1)
	b.called(t)
}

// callRef calls through a reference to a known function.
func (b *body) callRef() {
	index := b.below(len(b.g.funcs))
	t := b.g.funcType(index)
	b.operands(t.Params...)
	b.op(wasm.OpRefFunc, uint32(index))
	b.op(wasm.OpCallRef, b.g.funcs[index])
	b.called(t)
}

// tailCall returns what another function returns.
func (b *body) tailCall() {
	results := b.frames[0].results
	if b.below(2) == 0 {
		for i := range b.g.types {
			if t := b.g.m.Types[i]; slices.Equal(t.Results, results) && b.below(2) == 0 {
				b.operands(t.Params...)
				b.mask(7)
				b.op(wasm.OpReturnCallIndirect, uint32(i), funcTable)
				b.dead()
				return
			}
		}
	}
	index, ok := b.callee(append([]wasm.ValType{}, results...))
	if !ok {
		return
	}
	t := b.g.funcType(index)
	b.operands(t.Params...)
	switch b.below(4) {
	case 0:
		b.op(wasm.OpRefFunc, uint32(index))
		b.op(wasm.OpReturnCallRef, b.g.funcs[index])
	default:
		b.op(wasm.OpReturnCall, uint32(index))
	}
	b.dead()
}
