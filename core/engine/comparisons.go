package engine

import (
	"runtime"
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// For a branch on the comparison of an and with zero, wazero's compilers test the bits, as if it was asked for equality:
// zero may be the left operand, and on arm64 the test does not say which is the greater number without a sign. So the
// right operand becomes something else, v or v, where it may be an and, or on arm64 zero.
const zeroesMislead = runtime.GOARCH == "arm64"

var (
	firstI32, lastI32 = opcode("i32.lt_s"), opcode("i32.ge_u")
	firstI64, lastI64 = opcode("i64.lt_s"), opcode("i64.ge_u")
	andI32, andI64    = opcode("i32.and"), opcode("i64.and")
)

// orders reports whether an instruction asks which of two integers is greater; each second one is for those without a
// sign.
func orders(op wasm.Opcode) (unsigned, ok bool) {
	switch {
	case op >= firstI32 && op <= lastI32:
		return (op-firstI32)%2 == 1, true
	case op >= firstI64 && op <= lastI64:
		return (op-firstI64)%2 == 1, true
	}
	return false, false
}

// producer is the instruction before another one: mostly, what made its last operand.
type producer struct {
	op    wasm.Opcode
	index uint32 // of a local
	zero  bool   // of a constant
}

// comparison is a comparison: its opcode, where it stands, and what may have made its right operand.
type comparison struct {
	op    wasm.Opcode
	start int
	right producer
}

// origins says of the locals of a function what they may hold.
type origins struct {
	params int
	ands   map[uint32]bool
	copies [][2]uint32 // to one local, from another
}

// replaceComparisons sees to it that a comparison is not taken for a test of bits.
func replaceComparisons(p *wasm.Module, zeroes bool) {
	p.Code = slices.Clone(p.Code)
	for i := range p.Code {
		p.Code[i] = withoutTests(p.Code[i], len(p.Types[p.Funcs[i]].Params), zeroes)
	}
}

func withoutTests(c wasm.Code, params int, zeroes bool) wasm.Code {
	o := origins{params: params, ands: map[uint32]bool{}}
	comparisons := o.find(c.Body)
	o.spread()
	i32 := uint32(params)
	for _, run := range c.Locals {
		i32 += run.Count
	}
	var out []byte
	copied := 0
	for _, cmp := range comparisons {
		unsigned, _ := orders(cmp.op)
		if !o.mayBeAnd(cmp.right) && !(zeroes && unsigned && o.mayBeZero(cmp.right)) {
			continue
		}
		local, or := i32, opcode("i32.or")
		if cmp.op >= firstI64 {
			local, or = i32+1, opcode("i64.or")
		}
		out = append(out, c.Body.Bytes[copied:cmp.start]...)
		out = or.Append(localGet(localGet(localSet(out, local), local), local))
		copied = cmp.start
	}
	if out == nil {
		return c
	}
	c.Body.Bytes = append(out, c.Body.Bytes[copied:]...)
	c.Locals = append(slices.Clone(c.Locals), wasm.LocalRun{Count: 1, Type: wasm.I32}, wasm.LocalRun{Count: 1, Type: wasm.I64})
	return c
}

// find returns the comparisons of a body, and notes what its locals are set to.
func (o *origins) find(x wasm.Expr) []comparison {
	var found []comparison
	var last producer
	for it := wasm.NewIter(x); it.Next(); {
		switch {
		case it.Op == wasm.OpLocalSet, it.Op == wasm.OpLocalTee:
			if last.isLocal() {
				o.copies = append(o.copies, [2]uint32{it.Index, last.index})
			} else if o.mayBeAnd(last) {
				o.ands[it.Index] = true
			}
		default:
			if _, ok := orders(it.Op); ok {
				found = append(found, comparison{it.Op, it.Start, last})
			}
		}
		constant := it.Op == wasm.OpI32Const || it.Op == wasm.OpI64Const
		last = producer{it.Op, it.Index, constant && it.Bits == 0}
	}
	return found
}

// spread follows the copies.
func (o *origins) spread() {
	for changed := true; changed; {
		changed = false
		for _, c := range o.copies {
			if o.ands[c[1]] && !o.ands[c[0]] {
				o.ands[c[0]], changed = true, true
			}
		}
	}
}

func (p producer) isLocal() bool { return p.op == wasm.OpLocalGet || p.op == wasm.OpLocalTee }

// mayBeAnd reports whether what is on the stack after an instruction may be the result of an and.
func (o *origins) mayBeAnd(p producer) bool {
	switch info := p.op.Info(); {
	case p.op == andI32, p.op == andI64:
		return true
	case p.isLocal():
		return o.ands[p.index]
	case p.op == wasm.OpSelect, p.op == wasm.OpGlobalGet:
		return false
	default: // what makes no value leaves what was there before
		return !info.Simple || len(info.Results) != 1
	}
}

// mayBeZero reports whether it may be the constant zero, which locals are at first.
func (o *origins) mayBeZero(p producer) bool {
	return p.zero || p.isLocal() && int(p.index) >= o.params || !p.isLocal() && o.mayBeAnd(p)
}
