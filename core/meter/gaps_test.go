// Nothing here is concurrent, and the race detector makes the interpreter take minutes.
//go:build !race

package meter_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasm"
)

const (
	opI64GtS wasm.Opcode = 0x55
	opI64GtU wasm.Opcode = 0x56
)

const (
	// longestGap is how many instructions may come between two tests. The slowest take about 20 ns.
	longestGap = 50_000
	// enough instructions to see what a program does.
	enough = 1_000_000
)

// gaps returns a module that counts the instructions between two tests of the flag. Of its globals, the one that is
// returned holds the count of all, the next the count at the last test, and the next the longest gap. It traps at a test
// when it has run for long enough.
func gaps(m *wasm.Module, flag uint32) (*wasm.Module, uint32) {
	c := newCounter(m, 3)
	last, longest := c.count+1, c.count+2
	gap := func() {
		c.at(wasm.OpGlobalGet, c.count)
		c.at(wasm.OpGlobalGet, last)
		c.b = wasm.OpI64Sub.Append(c.b)
	}
	return c.module(func(it *wasm.Iter) {
		if it.Op != wasm.OpGlobalGet || it.Index != flag {
			return
		}
		gap()
		c.at(wasm.OpGlobalGet, longest)
		c.b = wasm.AppendBlockType(wasm.OpIf.Append(opI64GtU.Append(c.b)), wasm.BlockType{})
		gap()
		c.at(wasm.OpGlobalSet, longest)
		c.b = wasm.OpEnd.Append(c.b)
		c.at(wasm.OpGlobalGet, c.count)
		c.at(wasm.OpGlobalSet, last)
		c.at(wasm.OpGlobalGet, c.count)
		c.b = wasm.AppendS64(wasm.OpI64Const.Append(c.b), enough)
		c.b = wasm.AppendBlockType(wasm.OpIf.Append(opI64GtS.Append(c.b)), wasm.BlockType{})
		c.b = wasm.OpEnd.Append(wasm.OpUnreachable.Append(c.b))
	}), c.count
}

// TestTestsAreClose counts the instructions between tests.
func TestTestsAreClose(t *testing.T) {
	for _, mode := range modes {
		for _, p := range slices.Concat(programs, caught, endless, endlessCaught, long) {
			t.Run(mode.name+"/"+p.name, func(t *testing.T) { testsAreClose(t, parse(t, p.text), mode) })
		}
	}
}

func testsAreClose(t *testing.T, m *wasm.Module, mode mode) {
	out, in := rewritten(t, m, mode.rewrite)
	if !in.Any {
		return
	}
	counting, count := gaps(out, in.Global)
	guest := newHost(t, false).instantiate(t, counting.Encode(), in)
	at := insides(guest)
	if in.Fuel != 0 {
		at.fuel(in).Store(plenty)
	}
	for _, e := range m.Exports {
		if e.Kind != wasm.ExternFunc {
			continue
		}
		*at.global(count), *at.global(count + 1), *at.global(count + 2) = 0, 0, 0
		_, _ = guest.ExportedFunction(e.Name).Call(context.Background()) // traps when it is enough
		gap := max(*at.global(count + 2), *at.global(count)-*at.global(count + 1))
		if gap > longestGap {
			t.Errorf("%s: %d instructions without a test", e.Name, gap)
		}
		t.Logf("%s: of %d instructions, %d at most without a test", e.Name, *at.global(count), gap)
	}
}

// long programs run for long, some without loops.
var long = []program{
	{"a long line", `(func (export "run") (local i32)` +
		strings.Repeat("(local.set 0 (i32.add (local.get 0) (i32.const 1)))", 100_000) + ")"},
	{"a long line of blocks", `(func (export "run") (local i32)` +
		strings.Repeat("(block (br_if 0 (local.get 0)))", 100_000) + ")"},
	{"a long line of calls", `(func $f (param i32) (result i32) (local.get 0)) (func (export "run") (local i32)` +
		strings.Repeat("(local.set 0 (call $f (local.get 0)))", 100_000) + ")"},
	{"a tree of calls of a line", `(func $f0 (local i32)` + strings.Repeat("(local.set 0 (i32.const 1))", 30_000) + `)
		(func $f1 (call $f0) (call $f0)) (func $f2 (call $f1) (call $f1)) (func $f3 (call $f2) (call $f2))
		(func $f4 (call $f3) (call $f3)) (func $f5 (call $f4) (call $f4)) (func (export "run") (call $f5) (call $f5))`},
	{"a tree of calls through a table", `
		(type $t (func)) (table 4 funcref) (elem (i32.const 0) $f0 $f1)
		(func $f0 (type $t)` + strings.Repeat("(nop) (drop (i32.const 1))", 20_000) + `)
		(func $f1 (type $t)` + strings.Repeat("(call_indirect (type $t) (i32.const 0))", 100) + `)
		(func (export "run")` + strings.Repeat("(call_indirect (type $t) (i32.const 1))", 10) + ")"},
	{"a short loop in a loop that is left", `
		(func (export "run") (local $i i32) (local $j i32)
			(loop $l
				(local.set $j (i32.const 0))
				(block $out (loop $m
					(br_if $out (i32.ge_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 1)))
					(br $m)))
				(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000000)))))`},
	{"loops in loops that are not entered", `
		(func (export "run") (local $i i32)
			(loop $l
				(if (i32.eqz (i32.const 1)) (then (loop $m (loop $n (br_if $n (local.get $i))) (br_if $m (local.get $i)))))
				(local.set $i (i32.add (local.get $i) (i32.const 1)))
				(block $a (block $b (br_table $a $b $l (i32.gt_u (local.get $i) (i32.const 1000000)))) (br $l))))`},
	{"filling, copying", `
		(memory 4096) (func (export "run")
			(memory.fill (i32.const 0) (i32.const 1) (i32.const 0x10000000))
			(memory.copy (i32.const 1) (i32.const 0) (i32.const 0x0fffffff))
			(memory.copy (i32.const 0) (i32.const 1) (i32.const 0x0fffffff)))`},
	{"filling a little, often", `
		(memory 8) (func $f (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0)))
		(func (export "run") (local $i i32)
			(loop $l (call $f (i32.const 250000))
				(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000)))))`},
	{"recursion through references", `
		(type $t (func (param i32))) (elem declare func $f)
		(func $f (type $t) (if (local.get 0) (then
			(call_ref $t (i32.sub (local.get 0) (i32.const 1)) (ref.func $f))
			(call_ref $t (i32.sub (local.get 0) (i32.const 1)) (ref.func $f)))))
		(func (export "run") (call $f (i32.const 40)))`},
	{"a deep recursion that returns", `
		(func $f (param i32) (result i32)
			(if (result i32) (local.get 0) (then (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (i32.const 1))) (else (i32.const 0))))
		(func (export "run") (drop (call $f (i32.const 5000))))`},
}
