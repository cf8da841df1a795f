package meter

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// maxLocals is how many locals a function may have.
const maxLocals = 50_000

// refueler inserts charges.
type refueler struct {
	fuelGauge
	*injector
	editor
	divider divider
	found   *regions
	local   *uint32 // the fuel that was left, if there may be one more local
	region  int     // the next region
	load    int     // the next load
}

// rewrite returns a function that pays for its regions.
func (r *refueler) rewrite(c wasm.Code, params int) wasm.Code {
	locals := uint32(0)
	for _, run := range c.Locals {
		locals += run.Count
	}
	r.local = nil
	if locals < maxLocals {
		next := uint32(params) + locals
		r.local = &next
		c.Locals = append(slices.Clone(c.Locals), wasm.LocalRun{Count: 1, Type: wasm.I64})
	}
	r.found = r.divider.divide(c.Body, r.local != nil)
	r.region, r.load = 0, 0
	for r.start(c.Body); r.next(); {
		r.step()
	}
	return r.finish(c)
}

func (r *refueler) step() {
	r.insert(r.it.Start, false)
	switch r.it.Op {
	case wasm.OpBlock, wasm.OpIf, wasm.OpTryTable:
		r.plain = append(r.plain, false)
	case wasm.OpLoop:
		plain := !r.hasParams(r.it.Block)
		r.plain = append(r.plain, plain)
		r.insert(r.it.Pos(), plain)
	case wasm.OpEnd:
		r.plain = r.plain[:len(r.plain)-1]
	case wasm.OpBrIf:
		r.turn()
	default:
		if r.isMetered(r.it, r.length) {
			r.replace().at(wasm.OpCall, r.replacement(r.it))
		}
	}
}

// insert writes what comes at a place. inLoop says that this is the head of a loop that can be turned there.
func (r *refueler) insert(at int, inLoop bool) {
	for ; r.region < len(r.found.all) && r.found.all[r.region].at == at; r.region++ {
		if region := r.found.all[r.region]; region.cost > 0 {
			r.keep(at)
			r.charge(region, inLoop)
		}
	}
	if r.load < len(r.found.loads) && r.found.loads[r.load] == at {
		r.keep(at)
		r.out.at(wasm.OpGlobalGet, r.fuel)
		r.out.at(wasm.OpLocalSet, *r.local)
		r.load++
	}
}

// charge writes the charge for a region. In quiet loops, the local has the same value as the global.
func (r *refueler) charge(of region, inLoop bool) {
	payment{
		code: &r.out, fuelGauge: r.fuelGauge, cost: func() { r.out.i64(of.cost) },
		local: r.local, quiet: of.quiet, inLoop: inLoop,
	}.write()
}

// payment writes the code that pays:
//
//	(loop $again
//	  (local.set $left (i64.sub (global.get $fuel) cost))
//	  (if (i64.ge_s (local.get $left) (global.get $flag)) (then) (else (call $hook) (br $again))))
//	(global.set $fuel (local.get $left))
//
// The flag is 0 or the largest number there is: one test is for both. The guest never writes the flag while it runs, so
// that no store of the host is lost.
type payment struct {
	*code
	fuelGauge
	cost   func()  // pushes it
	local  *uint32 // where to keep what is left, if there is one
	quiet  bool    // the local has the same value as the global
	inLoop bool    // this is the head of a loop, which is $again
}

// fuelGauge is what payments need to know.
type fuelGauge struct{ fuel, flag, call uint32 }

func (p payment) write() {
	if !p.inLoop {
		p.block(wasm.OpLoop)
	}
	p.left()
	if p.local != nil {
		p.at(wasm.OpLocalTee, *p.local)
	}
	p.at(wasm.OpGlobalGet, p.flag)
	p.ops(opI64GeS)
	p.block(wasm.OpIf)
	p.ops(wasm.OpElse)
	p.at(wasm.OpCall, p.call)
	if p.quiet {
		p.at(wasm.OpGlobalGet, p.fuel)
		p.at(wasm.OpLocalSet, *p.local)
	}
	p.at(wasm.OpBr, 1)
	p.ops(wasm.OpEnd)
	if !p.inLoop {
		p.ops(wasm.OpEnd)
	}
	if p.local != nil {
		p.at(wasm.OpLocalGet, *p.local)
	} else {
		p.left()
	}
	p.at(wasm.OpGlobalSet, p.fuel)
}

// left pushes what is left after paying.
func (p payment) left() {
	if p.quiet {
		p.at(wasm.OpLocalGet, *p.local)
	} else {
		p.at(wasm.OpGlobalGet, p.fuel)
	}
	p.cost()
	p.ops(wasm.OpI64Sub)
}
