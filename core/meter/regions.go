package meter

import "github.com/pywasm-go/pywasm/core/wasm"

// region is code that is run as often as its start is, if nothing traps: what it costs is charged there, at once. It need
// not be contiguous. In
//
//	(block $b  …a…  (br_if $b …)  …b…)  …c…
//
// a and c are one region, and b is another.
type region struct {
	at    int // where it starts in the body
	cost  int64
	work  int32
	quiet bool // it is in a quiet loop
}

// regions are the regions of a function.
type regions struct {
	all []region // in the order in which they start
	// loads are the places before quiet loops: outermost loops without calls.
	loads []int
}

// divider divides bodies into regions.
type divider struct {
	*module
	found  regions
	it     *wasm.Iter
	length int64  // the constant before the instruction, or -1
	cur    int    // the region
	dead   bool   // this code cannot be reached
	open   []part // blocks
	quiet  []bool // of each loop: it is without calls
	around []int  // the loops that are open
	loop   int    // the next loop
	labels []uint32
}

// part is an open block.
type part struct {
	op     wasm.Opcode
	start  int  // region where it starts
	dead   bool // it cannot be reached
	quiet  bool // it is in a quiet loop
	joined bool // its end is reached by branches, or by the other arm of an `if`
	// farthest is the depth of the outermost block that branches from within lead to.
	farthest int
}

// divide returns the regions of a body. They are valid until the next call. Without quiet, no loop counts as quiet.
func (d *divider) divide(body wasm.Expr, quiet bool) *regions {
	d.findQuiet(body, quiet)
	d.found = regions{all: append(d.found.all[:0], region{}), loads: d.found.loads[:0]}
	d.it, d.length, d.cur, d.dead, d.loop = wasm.NewIter(body), -1, 0, false, 0
	d.open = append(d.open[:0], part{})
	for len(d.open) > 0 && d.it.Next() {
		d.step()
		d.length = constantOf(d.it)
	}
	return &d.found
}

// findQuiet finds the loops without calls.
func (d *divider) findQuiet(body wasm.Expr, quiet bool) {
	d.quiet, d.around, d.open = d.quiet[:0], d.around[:0], append(d.open[:0], part{})
	for it := wasm.NewIter(body); len(d.open) > 0 && it.Next(); {
		switch op := it.Op; {
		case op == wasm.OpBlock, op == wasm.OpIf, op == wasm.OpTryTable:
			d.open = append(d.open, part{op: op})
		case op == wasm.OpLoop:
			d.open, d.around = append(d.open, part{op: op}), append(d.around, len(d.quiet))
			d.quiet = append(d.quiet, quiet)
		case op == wasm.OpEnd:
			d.endQuiet()
		case isCall(op), isBulk(op), isWait(op), op == wasm.OpTableGrow:
			d.loud(len(d.around) - 1)
		}
	}
}

func (d *divider) endQuiet() {
	top := len(d.open) - 1
	if d.open[top].op == wasm.OpLoop {
		inner := len(d.around) - 1
		if !d.quiet[d.around[inner]] {
			d.loud(inner - 1)
		}
		d.around = d.around[:inner]
	}
	d.open = d.open[:top]
}

// loud notes that there is a call in the loop at place i of around.
func (d *divider) loud(i int) {
	if i >= 0 {
		d.quiet[d.around[i]] = false
	}
}

func (d *divider) step() {
	if !d.dead {
		if d.found.all[d.cur].work > limit {
			d.divideAt(d.it.Start)
		}
		d.found.all[d.cur].work += opWork[d.it.Op]
		d.found.all[d.cur].cost += d.cost()
	}
	switch op := d.it.Op; op {
	case wasm.OpBlock, wasm.OpIf, wasm.OpTryTable, wasm.OpLoop:
		d.enter(op)
	case wasm.OpElse:
		top := &d.open[len(d.open)-1]
		top.op, top.joined = op, top.joined || !d.dead
		d.dead = top.dead
		d.divideHere()
	case wasm.OpEnd:
		d.leave()
	case wasm.OpBrIf, wasm.OpBrOnNull, wasm.OpBrOnNonNull:
		d.branch(d.it.Index)
		d.divideHere()
	case wasm.OpBr:
		d.branch(d.it.Index)
		d.dead = true
	case wasm.OpBrTable:
		d.labels = d.it.Labels(d.labels[:0])
		for _, l := range d.labels {
			d.branch(l)
		}
		d.dead = true
	case wasm.OpReturn, wasm.OpReturnCall, wasm.OpReturnCallIndirect, wasm.OpReturnCallRef, wasm.OpThrow, wasm.OpThrowRef:
		d.branch(uint32(len(d.open) - 1))
		d.dead = true
	case wasm.OpUnreachable:
		d.dead = true
	}
}

// cost returns what the instruction costs. Bulk operations whose length is not known pay for it when they run.
func (d *divider) cost() int64 {
	switch op := d.it.Op; {
	case isFree(op):
		return 0
	case isBulk(op) && d.length >= 0 && !d.isSplit(d.it, d.length):
		return 1 + d.length/unit(op)
	}
	return 1
}

// divideHere starts a region after the instruction.
func (d *divider) divideHere() {
	if !d.dead {
		d.divideAt(d.it.Pos())
	}
}

func (d *divider) divideAt(at int) {
	d.cur = len(d.found.all)
	d.found.all = append(d.found.all, region{at: at, quiet: d.open[len(d.open)-1].quiet})
}

func (d *divider) enter(op wasm.Opcode) {
	depth := len(d.open)
	p := part{op: op, start: d.cur, dead: d.dead, quiet: d.open[depth-1].quiet, farthest: depth}
	switch op {
	case wasm.OpTryTable:
		for _, c := range d.it.Catches(nil) {
			d.branch(c.Label)
		}
	case wasm.OpLoop:
		if d.quiet[d.loop] && !p.quiet {
			p.quiet = true
			d.found.loads = append(d.found.loads, d.it.Start)
		}
		d.loop++
	}
	d.open = append(d.open, p)
	if op == wasm.OpLoop || op == wasm.OpIf {
		d.divideHere()
	}
}

// branch notes a branch.
func (d *divider) branch(label uint32) {
	if d.dead {
		return
	}
	top := len(d.open) - 1
	target := top - int(label)
	if t := &d.open[target]; t.op != wasm.OpLoop {
		t.joined = true
	}
	d.open[top].farthest = min(d.open[top].farthest, target)
}

// leave ends a block. If every path through it leads to its end, the region at its start goes on there.
func (d *divider) leave() {
	depth := len(d.open) - 1
	p := d.open[depth]
	d.open = d.open[:depth]
	if depth > 0 {
		up := &d.open[depth-1]
		up.farthest = min(up.farthest, p.farthest)
	}
	if p.op == wasm.OpIf {
		p.joined = p.joined || !p.dead
	}
	whole := p.farthest >= depth
	switch {
	case depth == 0:
	case p.op == wasm.OpLoop:
		if whole && !d.dead {
			d.cur = p.start
		}
	case p.joined:
		d.dead = false
		if whole {
			d.cur = p.start
		} else {
			d.divideHere()
		}
	}
}
