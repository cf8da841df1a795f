package meter

import "github.com/pywasm-go/pywasm/core/wasm"

// plan says what to do with the body of a function.
type plan struct {
	tests []int  // where to insert a test, ascending
	heads []bool // of each loop, in order: whether to test at each turn
	any   bool   // there is something to do
}

// planner follows the paths through bodies, callees first, and decides where tests are needed.
type planner struct {
	graph *graph
	order *order
	known []bool
	sums  []summary

	// Of the function that is being looked at:
	plan    plan
	node    int32
	size    int // of the body
	it      *wasm.Iter
	length  int64 // the constant before the instruction, or -1
	cur     state
	frames  []frame
	entry   int32 // most work seen before the first test
	labels  []uint32
	catches []wasm.Catch
}

// frame is a block that is open.
type frame struct {
	op    wasm.Opcode
	loop  int   // which loop it is, or -1
	exit  state // at the end, by branches
	other state // of an `if`: where `else` starts
}

func newPlanner(g *graph) *planner {
	n := g.nodes()
	return &planner{graph: g, order: g.order(), known: make([]bool, n), sums: make([]summary, n)}
}

// class sums up what a call through a table or a reference may do.
func (p *planner) class(node int32) {
	sum := summary{pass: -1, exit: -1}
	for _, member := range p.graph.targets(node) {
		sum = sum.or(p.summaryOf(member.node))
	}
	p.sums[node], p.known[node] = sum, true
}

// summaryOf returns what is known of a callee.
func (p *planner) summaryOf(node int32) summary {
	foreign := summary{pass: hostCall, exit: unknown}
	switch {
	case node == toImport:
		return foreign
	case !p.known[node] && p.order.guarded[node] && int(node) < p.graph.defined:
		return summary{pass: -1, exit: unknown}
	case !p.known[node]:
		return summary{entry: unknown, pass: unknown, exit: unknown}
	case p.graph.isForeign(node):
		return foreign.or(p.sums[node])
	}
	return p.sums[node]
}

// function decides about a function. The plan is valid until the next call.
func (p *planner) function(node int32) *plan {
	body := p.graph.Code[node].Body
	p.plan = plan{tests: p.plan.tests[:0], heads: p.plan.heads[:0]}
	p.node, p.size, p.it, p.length = node, len(body.Bytes), wasm.NewIter(body), -1
	p.frames = append(p.frames[:0], frame{loop: -1, exit: dead, other: dead})
	p.cur, p.entry = state{free: 0, clean: 0, since: -1}, 0
	if p.order.guarded[node] {
		p.test(0)
	}
	for len(p.frames) > 0 && p.it.Next() {
		p.step()
	}
	sum := summary{entry: p.entry, pass: -1, exit: p.cur.since}
	if p.cur.clean == 0 {
		sum.pass = p.cur.free
	}
	p.sums[node], p.known[node] = sum, true
	return &p.plan
}

// test plans a test at a place in the body.
func (p *planner) test(at int) {
	p.note()
	if n := len(p.plan.tests); n == 0 || p.plan.tests[n-1] != at {
		p.plan.tests = append(p.plan.tests, at)
	}
	p.cur, p.plan.any = tested, true
}

// note notes how much work may be done before the first test.
func (p *planner) note() {
	if p.cur.clean == 0 {
		p.entry = max(p.entry, p.cur.free)
	}
}

// stop ends the path.
func (p *planner) stop() {
	p.note()
	p.cur = dead
}

func (p *planner) step() {
	if p.cur.work() > limit {
		p.test(p.it.Start)
	}
	p.cur = p.cur.plus(opWork[p.it.Op])
	switch op := p.it.Op; op {
	case wasm.OpBlock, wasm.OpIf, wasm.OpTryTable, wasm.OpLoop:
		p.open()
	case wasm.OpElse:
		top := &p.frames[len(p.frames)-1]
		top.exit = top.exit.or(p.cur)
		p.stop()
		p.cur, top.other = top.other, dead
	case wasm.OpEnd:
		p.end()
	case wasm.OpBrIf, wasm.OpBrOnNull, wasm.OpBrOnNonNull:
		p.branch(p.it.Index, p.cur)
	case wasm.OpBr:
		p.branch(p.it.Index, p.cur)
		p.stop()
	case wasm.OpBrTable:
		p.labels = p.it.Labels(p.labels[:0])
		for _, l := range p.labels {
			p.branch(l, p.cur)
		}
		p.stop()
	case wasm.OpReturn:
		p.returns()
	case wasm.OpUnreachable, wasm.OpThrow, wasm.OpThrowRef:
		p.stop()
	default:
		if isCall(op) {
			p.call()
		} else if p.graph.isSplit(p.it, p.length) {
			p.plan.any = true
		}
	}
	p.length = constantOf(p.it)
}

func (p *planner) returns() {
	p.branch(uint32(len(p.frames)-1), p.cur)
	p.stop()
}

func (p *planner) open() {
	f := frame{op: p.it.Op, loop: -1, exit: dead, other: dead}
	switch f.op {
	case wasm.OpIf:
		f.other = p.cur
	case wasm.OpTryTable:
		p.catches = p.it.Catches(p.catches[:0])
		for _, c := range p.catches {
			p.branch(c.Label, p.caught())
		}
	case wasm.OpLoop:
		f.loop = len(p.plan.heads)
		p.plan.heads = append(p.plan.heads, false)
		p.enter(f.loop)
	}
	p.frames = append(p.frames, f)
}

// caught is the state where an exception arrives, thrown somewhere within a try_table that starts here.
func (p *planner) caught() state {
	s := p.cur
	if s.free >= 0 {
		s.free = max(s.free, unknown)
	}
	if s.since >= 0 {
		s.since = max(s.since, unknown)
	}
	return s
}

// enter starts a loop. One without loops inside is tested. Of others it is not known yet whether there is a way around
// them without a test.
func (p *planner) enter(loop int) {
	kind := p.graph.loops[int(p.graph.loopStart[p.node])+loop]
	switch {
	case p.cur.isDead() || kind&loopUsed == 0:
	case kind == loopInner || p.cur.work() > pending:
		p.note()
		p.testHead(loop)
		p.cur = tested
	default:
		p.note()
		p.cur = state{free: p.cur.work(), clean: min(p.cur.clean, int32(len(p.frames))), since: -1}
	}
}

func (p *planner) testHead(loop int) { p.plan.heads[loop], p.plan.any = true, true }

func (p *planner) end() {
	p.note()
	top := len(p.frames) - 1
	f := &p.frames[top]
	p.cur = p.cur.at(max(top-1, 0)).or(f.exit)
	if f.op == wasm.OpIf {
		p.cur = p.cur.or(f.other)
	}
	p.frames = p.frames[:top]
}

// branch takes a state to a label.
func (p *planner) branch(label uint32, s state) {
	target := len(p.frames) - 1 - int(label)
	f := &p.frames[target]
	s = s.at(target)
	switch {
	case f.loop < 0:
		f.exit = f.exit.or(s)
	case s.free >= 0 || s.since > pending:
		p.testHead(f.loop)
	}
}

func (p *planner) call() {
	if p.cur.isDead() {
		return
	}
	node, _ := p.graph.callee(p.it)
	sum := p.summaryOf(node)
	foreign := p.graph.isForeign(node)
	guard := int(node) >= p.graph.defined && p.order.guarded[node] || foreign && p.cur.clean == 0
	if guard || p.cur.work()+sum.entry > limit {
		p.test(p.it.Start)
	}
	if p.cur.clean == 0 {
		p.entry = max(p.entry, p.cur.free+sum.entry)
	}
	p.cur = p.cur.after(sum)
	if isTailCall(p.it.Op) {
		p.returns()
		return
	}
	recursive := foreign || p.order.recursive[p.node] && p.order.group[p.node] == p.order.group[node]
	if recursive && p.size-p.it.Pos() > shortTail {
		p.test(p.it.Pos())
	}
}
