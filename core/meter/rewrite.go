package meter

import "github.com/pywasm-go/pywasm/core/wasm"

// rewriter writes bodies anew as planned.
type rewriter struct {
	*injector
	plan   *plan
	body   []byte
	it     *wasm.Iter
	out    code
	copied int    // how much of the old body is in out, or replaced
	plain  []bool // of each block that is open: it is a loop without parameters
	loop   int    // the next loop
	test   int    // the next test
	length int64  // the constant before the instruction, or -1
}

// rewrite returns a function with the tests that are planned.
func (r *rewriter) rewrite(c wasm.Code, p *plan) wasm.Code {
	r.plan, r.body, r.it = p, c.Body.Bytes, wasm.NewIter(c.Body)
	r.out, r.copied = make(code, 0, len(r.body)+len(r.body)/8+32), 0
	r.plain, r.loop, r.test, r.length = append(r.plain[:0], false), 0, 0, -1
	for len(r.plain) > 0 && r.it.Next() {
		r.step()
	}
	r.keep(len(r.body))
	c.Body.Bytes = r.out
	return c
}

// keep copies the old body up to a place.
func (r *rewriter) keep(end int) {
	r.out = append(r.out, r.body[r.copied:end]...)
	r.copied = end
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
		if r.plain[len(r.plain)-1-int(r.it.Index)] {
			r.turn()
		}
	default:
		if isBulk(op) && r.isLong(r.it, r.length) {
			r.keep(r.it.Start)
			r.out.at(wasm.OpCall, r.bulkFunction(r.it))
			r.copied = r.it.Pos()
		}
	}
	r.length = constantOf(r.it)
}

// enter starts a loop, which may need a test at each turn. If the loop has parameters, these are on the stack, where the
// block of the test cannot reach them: it cannot branch to the loop.
func (r *rewriter) enter() {
	bt := r.it.Block
	plain := !bt.Indexed || len(r.m.Types[bt.Index].Params) == 0
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

// turn writes br_if to a loop as a branch within an `if`. wazero makes one jump of that, and two of br_if.
func (r *rewriter) turn() {
	r.keep(r.it.Start)
	r.out.block(wasm.OpIf)
	r.out.at(wasm.OpBr, r.it.Index+1)
	r.out.ops(wasm.OpEnd)
	r.copied = r.it.Pos()
}
