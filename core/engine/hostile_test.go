package engine

import (
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasm"
	"github.com/pywasm-go/pywasm/core/wat"
)

func surveyed1(t *testing.T, text string) effort {
	t.Helper()
	binary, err := wat.ToBinary([]byte("(module (type $t (func (param i32 i32) (result i32 i32))) (memory 1) " + text + ")"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := wasm.Decode(binary)
	if err != nil {
		t.Fatal(err)
	}
	return newSurveyor(m).survey(len(m.Code) - 1)
}

func TestSurvey(t *testing.T) {
	for _, test := range []struct {
		text string
		want effort
	}{
		{"(func)", effort{blocks: 1}},
		{"(func (local i32 i64) nop i32.const 1 drop)", effort{blocks: 1, locals: 2}},
		{"(func (param i32) local.get 0 i32.load drop)", effort{blocks: 1, locals: 1, live: 1, instructions: 1}},
		{"(global (mut i32) (i32.const 0)) (func (local i32) call 0 global.get 0 local.set 0 call 0)", effort{
			blocks: 1, locals: 1, live: 2, instructions: 3, reloads: 2,
		}},
		{"(func block end block end)", effort{blocks: 3}},
		{"(func i32.const 7 i32.const 1 if nop else nop end drop)", effort{blocks: 4, live: 3}},
		{"(func i32.const 7 loop br 0 end drop)", effort{blocks: 3, loops: 1, live: 2, instructions: 1}},
		{"(func block i32.const 0 br_table 0 0 0 1 end)", effort{blocks: 6, instructions: 1}},
		{ // a is set in both loops, b in the inner one alone, which the outer one contains
			"(func (local i32 i32) loop i32.const 1 local.set 0 loop i32.const 1 local.tee 0 local.set 1 end end)",
			effort{blocks: 5, loops: 2, locals: 2, live: 10, phis: 4},
		},
		{"(func $f (type $t) local.get 0 local.get 1 call $f)", effort{blocks: 1, locals: 2, live: 2, instructions: 1, passed: 4}},
		{"(func i32.const 1 i32.const 2 loop (type $t) end drop drop)", effort{blocks: 3, loops: 1, passed: 4, live: 4}},
		{"(func (result i32) unreachable i32.add i32.const 1 block end)", effort{blocks: 2, instructions: 2, live: 2}},
	} {
		if got := surveyed1(t, test.text); got != test.want {
			t.Errorf("%s:\n got %+v\nwant %+v", test.text, got, test.want)
		}
	}
}

func TestWorkersFitTheLimit(t *testing.T) {
	w := workload{kept: 100, worker: 10, largest: []uint64{40, 30, 20}}
	for _, test := range []struct {
		limit, need uint64
		workers     int
	}{{1000, 220, 3}, {220, 220, 3}, {219, 190, 2}, {189, 150, 1}, {10, 150, 1}} {
		if workers, need := w.fit(test.limit); workers != test.workers || need != test.need {
			t.Errorf("%d: %d workers need %d, want %d and %d", test.limit, workers, need, test.workers, test.need)
		}
	}
}

func TestTooMuchIsInterpreted(t *testing.T) {
	text := "(module (func (export \"f\") (param i32) (result i32) " + strings.Repeat("(block ", 40_000) +
		strings.Repeat(")", 40_000) + " local.get 0))"
	m := compile(t, newStore(t, Config{Compiler: Optimizing}), text)
	if m.Compiler() != Interpreter || !strings.HasPrefix(m.Note(), "function 0 would take") {
		t.Errorf("compiled by %s, note %q", m.Compiler(), m.Note())
	}
}
