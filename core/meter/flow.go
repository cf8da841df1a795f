package meter

import "github.com/pywasm-go/pywasm/core/wasm"

// Work is counted in instructions: one is about a nanosecond of compiled code, and rarely more than a hundred.
const (
	// limit bounds the work between two tests on a path. Where not all is known it may be a small multiple of this.
	limit = 1 << 15
	// unknown is assumed of callees that are not known yet, for cycles.
	unknown = limit / 2
	// pending is how much work may be open at the head of a loop without test.
	pending = 1 << 10
	// hostCall is the work of a call that leaves the module.
	hostCall = 100
	// shortTail is the length in bytes of what may follow a recursive call untested: work that is done when a chain of
	// calls returns. Its length is bounded by the stack.
	shortTail = 48
)

// state is what is known at a point of a function: the largest amount of work on paths that lead there. Negative amounts
// say that there is no such path.
type state struct {
	// free is work on paths without a test since the block at depth clean was entered. The function is the block at
	// depth 0.
	free  int32
	clean int32
	since int32 // work since the last test, on paths with one
}

const never = 1 << 30

var (
	dead   = state{free: -1, clean: never, since: -1}
	tested = state{free: -1, clean: never, since: 0}
)

func (s state) isDead() bool { return s.free < 0 && s.since < 0 }

func (s state) work() int32 { return max(s.free, s.since) }

func (s state) or(t state) state {
	return state{free: max(s.free, t.free), clean: min(s.clean, t.clean), since: max(s.since, t.since)}
}

func (s state) plus(work int32) state {
	if s.free >= 0 {
		s.free += work
	}
	if s.since >= 0 {
		s.since += work
	}
	return s
}

// at returns the state after leaving all blocks deeper than depth.
func (s state) at(depth int) state {
	if s.clean > int32(depth) {
		return state{free: -1, clean: never, since: s.work()}
	}
	return s
}

// summary is what callers need to know of a function.
type summary struct {
	entry int32 // work before the first test
	pass  int32 // work on paths without a test; -1 if there is none
	exit  int32 // work after the last test; -1 if there is none
}

func (s summary) or(t summary) summary {
	return summary{entry: max(s.entry, t.entry), pass: max(s.pass, t.pass), exit: max(s.exit, t.exit)}
}

// after returns the state after a call.
func (s state) after(callee summary) state {
	out := state{free: -1, clean: never, since: callee.exit}
	if callee.pass < 0 {
		return out
	}
	if s.free >= 0 {
		out.free, out.clean = s.free+callee.pass, s.clean
	}
	if s.since >= 0 {
		out.since = max(out.since, s.since+callee.pass)
	}
	return out
}

// opWork is the work of each opcode.
var opWork = func() (work [1 << 11]int32) {
	for op := range work {
		work[op] = 1
	}
	for op, w := range map[wasm.Opcode]int32{
		wasm.OpCall: 4, wasm.OpCallIndirect: 8, wasm.OpCallRef: 8,
		wasm.OpReturnCall: 4, wasm.OpReturnCallIndirect: 8, wasm.OpReturnCallRef: 8,
		wasm.OpThrow: 1000, wasm.OpThrowRef: 1000, wasm.OpTryTable: 1000,
		wasm.OpMemoryGrow: 1000, wasm.OpTableGrow: 1000, wasm.OpAtomicNotify: 1000,
		wasm.OpMemoryFill: 1000, wasm.OpMemoryCopy: 1000, wasm.OpMemoryInit: 1000,
		wasm.OpTableFill: 1000, wasm.OpTableCopy: 1000, wasm.OpTableInit: 1000,
	} {
		work[op] = w
	}
	return work
}()
