package differential

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// blockType gives a block up to three parameters, which are on the stack already, and up to three results.
func (b *body) blockType() wasm.FuncType {
	var t wasm.FuncType
	live := b.live()
	for _, v := range live[len(live)-min(len(live), b.below(4)):] {
		t.Params = append(t.Params, v.ValType)
	}
	for range b.below(4) {
		t.Results = append(t.Results, b.valType())
	}
	return t
}

// open appends an instruction that begins a block; the parameters are on the stack.
func (b *body) open(op wasm.Opcode, t wasm.FuncType, counter int) {
	encoded := wasm.BlockType{}
	switch {
	case len(t.Params) > 0 || len(t.Results) > 1:
		encoded = wasm.BlockType{Indexed: true, Index: b.g.typeIndex(t)}
	case len(t.Results) == 1:
		encoded.Result = t.Results[0]
	}
	b.code = wasm.AppendBlockType(op.Append(b.code), encoded)
	f := frame{labels: t.Results, results: t.Results, base: len(b.stack), counter: counter}
	if op == wasm.OpLoop {
		f.labels = t.Params
	}
	b.frames = append(b.frames, f)
}

// enter puts the parameters of the block on the stack, at its beginning and at that of its else.
func (b *body) enter(t wasm.FuncType) {
	b.stack = b.stack[:b.top().base]
	b.pushed(false, t.Params...)
}

// close ends a block.
func (b *body) close() {
	results := b.top().results
	b.settle(results)
	b.op(wasm.OpEnd)
	b.dead()
	b.frames = b.frames[:len(b.frames)-1]
	b.pushed(false, results...)
}

func (b *body) block() {
	if len(b.frames) > maxDepth {
		return
	}
	t := b.blockType()
	b.popped(len(t.Params))
	b.open(wasm.OpBlock, t, none)
	b.enter(t)
	b.sequence()
	b.close()
}

func (b *body) ifElse() {
	if len(b.frames) > maxDepth {
		return
	}
	t := b.blockType()
	b.condition()
	b.popped(1 + len(t.Params))
	b.open(wasm.OpIf, t, none)
	b.enter(t)
	b.sequence()
	if !slices.Equal(t.Params, t.Results) || b.below(2) == 0 {
		b.settle(t.Results)
		b.op(wasm.OpElse)
		b.enter(t)
		b.sequence()
	}
	b.close()
}

// loop appends a loop that is run a few times: a local is counted down by each branch to it.
func (b *body) loop() {
	if len(b.frames) > maxDepth || b.loops == maxLoops {
		return
	}
	t := b.blockType()
	counter := b.counter(b.loops)
	b.loops++
	b.i32(int32(1 + b.below(8)))
	b.op(wasm.OpLocalSet, uint32(counter))
	b.popped(len(t.Params))
	b.open(wasm.OpLoop, t, counter)
	b.enter(t)
	b.burnFuel()
	b.sequence()
	if b.below(4) != 3 {
		b.operands(t.Params...)
		b.countDown(counter)
		b.op(wasm.OpBrIf, 0)
	}
	b.close()
	b.loops--
}

// countDown pushes what is true as long as a loop has turns left. The stack of types is left alone.
func (b *body) countDown(counter int) {
	b.op(wasm.OpLocalGet, uint32(counter))
	b.i32(1)
	b.op(wasm.OpI32Sub)
	b.op(wasm.OpLocalTee, uint32(counter))
	b.i32(0)
	b.op(opcode("i32.gt_s"))
}

// label returns the label of a frame.
func (b *body) label(frame int) uint32 { return uint32(len(b.frames) - 1 - frame) }

// sometimes appends code that does not let control pass, but mostly in an if, so that what comes after it is not dead.
func sometimes(add func(*body)) func(*body) {
	return func(b *body) {
		if len(b.frames) > maxDepth || b.rarely(16) {
			add(b)
			return
		}
		b.condition()
		b.popped(1)
		b.open(wasm.OpIf, wasm.FuncType{}, none)
		add(b)
		b.close()
	}
}

// branch branches to a block.
func (b *body) branch() {
	target := b.below(len(b.frames))
	for b.frames[target].counter != none {
		target-- // the outermost frame is the function
	}
	b.operands(b.frames[target].labels...)
	b.op(wasm.OpBr, b.label(target))
	b.dead()
}

// branchIf branches on a condition.
func (b *body) branchIf() {
	target := b.below(len(b.frames))
	f := &b.frames[target]
	b.operands(f.labels...)
	if f.counter == none {
		b.condition()
		b.popped(1)
	} else {
		b.countDown(f.counter)
	}
	b.op(wasm.OpBrIf, b.label(target))
	b.blur(len(f.labels))
}

// blur forgets what was known of values, which a branch may also have brought.
func (b *body) blur(n int) {
	types := make([]wasm.ValType, n)
	for i, v := range b.stack[len(b.stack)-n:] {
		types[i] = v.ValType
	}
	b.popped(n)
	b.pushed(false, types...)
}

// branchTable appends br_table. If there are loops among the targets, the counter of one chooses: it comes to the
// default at last, which is no loop.
func (b *body) branchTable() {
	last := b.below(len(b.frames))
	for b.frames[last].counter != none {
		last-- // the outermost frame is the function
	}
	labels := b.frames[last].labels
	var same []int
	for i := range b.frames {
		if slices.Equal(b.frames[i].labels, labels) {
			same = append(same, i)
		}
	}
	counter := none
	var targets []uint32
	for range b.below(6) {
		target := same[b.below(len(same))]
		if c := b.frames[target].counter; c != none {
			counter = c
		}
		targets = append(targets, b.label(target))
	}
	b.operands(labels...)
	if counter == none {
		b.mask(7)
	} else {
		b.countDown(counter)
		b.op(wasm.OpDrop)
		b.op(wasm.OpLocalGet, uint32(counter))
		b.i32(1)
		b.op(wasm.OpI32Sub)
	}
	b.op(wasm.OpBrTable, uint32(len(targets)))
	for _, l := range append(targets, b.label(last)) {
		b.code = wasm.AppendU32(b.code, l)
	}
	b.dead()
}

// leave returns or, more rarely, traps.
func (b *body) leave() {
	if b.rarely(4) {
		b.op(wasm.OpUnreachable)
	} else {
		b.operands(b.frames[0].results...)
		b.op(wasm.OpReturn)
	}
	b.dead()
}
