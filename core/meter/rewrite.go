package meter

import "github.com/pywasm-go/pywasm/core/wasm"

// editor writes a body anew, instruction by instruction.
type editor struct {
	body   []byte
	it     *wasm.Iter
	out    code
	copied int    // how much of the old body is in out, or replaced
	plain  []bool // of each block that is open: it is a loop without parameters
	length int64  // the constant before the instruction, or -1
}

func (e *editor) start(body wasm.Expr) {
	e.body, e.it = body.Bytes, wasm.NewIter(body)
	e.out, e.copied = make(code, 0, len(e.body)+len(e.body)/4+32), 0
	e.plain, e.length = append(e.plain[:0], false), -1
}

// next goes to the next instruction.
func (e *editor) next() bool {
	if e.it.Start < e.it.Pos() {
		e.length = constantOf(e.it)
	}
	return len(e.plain) > 0 && e.it.Next()
}

// keep copies the old body up to a place.
func (e *editor) keep(end int) {
	e.out = append(e.out, e.body[e.copied:end]...)
	e.copied = end
}

// replace leaves the instruction out, and returns where to write what stands in its place.
func (e *editor) replace() *code {
	e.keep(e.it.Start)
	e.copied = e.it.Pos()
	return &e.out
}

// turn writes br_if to a loop as a branch within an `if`. wazero makes one jump of that, and two of br_if.
func (e *editor) turn() {
	if !e.plain[len(e.plain)-1-int(e.it.Index)] {
		return
	}
	c := e.replace()
	c.block(wasm.OpIf)
	c.at(wasm.OpBr, e.it.Index+1)
	c.ops(wasm.OpEnd)
}

func (e *editor) finish(c wasm.Code) wasm.Code {
	e.keep(len(e.body))
	c.Body.Bytes = e.out
	return c
}

// rewriter inserts tests as planned.
type rewriter struct {
	*injector
	editor
	plan *plan
	loop int // the next loop
	test int // the next test
}

// rewrite returns a function with the tests that are planned.
func (r *rewriter) rewrite(c wasm.Code, p *plan) wasm.Code {
	r.plan, r.loop, r.test = p, 0, 0
	for r.start(c.Body); r.next(); {
		r.step()
	}
	return r.finish(c)
}

func (r *rewriter) step() {
	if r.test < len(r.plan.tests) && r.plan.tests[r.test] == r.it.Start {
		r.keep(r.it.Start)
		r.safePoint(&r.out)
		r.test++
	}
	switch op := r.it.Op; op {
	case wasm.OpBlock, wasm.OpIf, wasm.OpTryTable:
		r.plain = append(r.plain, false)
	case wasm.OpLoop:
		r.enter()
	case wasm.OpEnd:
		r.plain = r.plain[:len(r.plain)-1]
	case wasm.OpBrIf:
		r.turn()
	default:
		if r.isSplit(r.it, r.length) {
			r.replace().at(wasm.OpCall, r.replacement(r.it))
		}
	}
}

// enter starts a loop, which may need a test at each turn. If the loop has parameters, these are on the stack, where the
// block of the test cannot reach them: it cannot branch to the loop.
func (r *rewriter) enter() {
	plain := !r.hasParams(r.it.Block)
	if r.plan.heads[r.loop] {
		r.keep(r.it.Pos())
		if plain {
			r.testAndTurn(&r.out)
		} else {
			r.safePoint(&r.out)
		}
	}
	r.plain = append(r.plain, plain)
	r.loop++
}
