package meter

import (
	"errors"
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

var errInvalid = errors.New("meter: the module is not valid")

// graph is who may call whom. Its nodes are the functions that the module defines, and after them the classes: what a
// call through a table or a reference may reach, one class for each type of function.
type graph struct {
	*module
	defined int

	classOf []int32  // class node of each type
	members [][]call // of each class
	// open says that functions of other modules can come into this one, other than as imports.
	open bool
	// foreign says of each class that it may hold functions of other modules, or imports.
	foreign []bool

	calls     []call  // function after function
	callStart []int32 // where the calls of a function start
	loops     []loopKind
	loopStart []int32
	catches   []bool // of each function: it has catch clauses
	filled    []bool // of each table; see filledTables
}

// call is an edge of the graph.
type call struct {
	node int32 // what is called, or toImport
	loop int32 // the innermost loop around it, or -1
}

// loopKind is what is known of a loop when it is entered.
type loopKind uint8

const (
	loopUsed  loopKind = 1 << iota // a branch leads to it
	loopNests                      // a loop inside is used

	loopInner = loopUsed // and nothing else
)

// toImport stands for a call of an imported function.
const toImport = -1

func newGraph(m *module) (*graph, error) {
	g := &graph{module: m, defined: len(m.Code), catches: make([]bool, len(m.Code)), filled: m.filledTables()}
	g.classify()
	s := scanner{graph: g}
	for i := range m.Code {
		g.callStart = append(g.callStart, int32(len(g.calls)))
		g.loopStart = append(g.loopStart, int32(len(g.loops)))
		if !s.scan(i, m.Code[i].Body) {
			return nil, errInvalid
		}
	}
	g.callStart = append(g.callStart, int32(len(g.calls)))
	g.loopStart = append(g.loopStart, int32(len(g.loops)))
	return g, nil
}

// node returns the node of a function.
func (g *graph) node(function uint32) (node int32, ok bool) {
	switch {
	case function < g.imported():
		return toImport, true
	case int(function-g.imported()) < g.defined:
		return int32(function - g.imported()), true
	}
	return 0, false
}

// callee returns the node that a call instruction calls; ok is false if it is none.
func (g *graph) callee(it *wasm.Iter) (node int32, ok bool) {
	switch it.Op {
	case wasm.OpCall, wasm.OpReturnCall:
		return g.node(it.Index)
	case wasm.OpCallIndirect, wasm.OpReturnCallIndirect:
		if int(it.Index) >= len(g.classOf) || int(it.Index2) >= len(g.filled) {
			return 0, false
		}
		if !g.filled[it.Index2] {
			return toImport, true
		}
		return g.classOf[it.Index], true
	case wasm.OpCallRef, wasm.OpReturnCallRef:
		if int(it.Index) < len(g.classOf) {
			return g.classOf[it.Index], true
		}
	}
	return 0, false
}

// isForeign reports whether a call of the node may leave the module.
func (g *graph) isForeign(node int32) bool {
	return node == toImport || int(node) >= g.defined && g.foreign[int(node)-g.defined]
}

// targets returns what a node calls.
func (g *graph) targets(node int32) []call {
	if int(node) >= g.defined {
		return g.members[int(node)-g.defined]
	}
	return g.calls[g.callStart[node]:g.callStart[node+1]]
}

// throughOthers returns the graph with the paths that lead through other modules: these can call back what they have a
// reference to, but only if they were given one, for an instance can only import what was there before it.
func (g *graph) throughOthers() *graph {
	if !g.open || len(g.members) == 0 {
		return g
	}
	out := *g
	first := call{node: int32(g.defined), loop: -1}
	out.members = slices.Repeat([][]call{{first}}, len(g.members))
	out.members[0] = slices.Concat(g.members...)
	return &out
}

// isTested reports whether a call comes after a test of the loop around it.
func (g *graph) isTested(c call) bool { return c.loop >= 0 && g.loops[c.loop] == loopInner }

func (g *graph) nodes() int { return g.defined + len(g.members) }

func isCall(op wasm.Opcode) bool {
	return op >= wasm.OpCall && op <= wasm.OpReturnCallRef
}

func isTailCall(op wasm.Opcode) bool {
	return op == wasm.OpReturnCall || op == wasm.OpReturnCallIndirect || op == wasm.OpReturnCallRef
}

// scanner finds the calls and loops of bodies.
type scanner struct {
	graph    *graph
	open     []int32 // the loop that each open block is, or -1
	labels   []uint32
	within   []int32 // the loops that are open
	function int
}

func (s *scanner) scan(function int, body wasm.Expr) bool {
	s.function = function
	s.open, s.within = append(s.open[:0], -1), s.within[:0]
	it := wasm.NewIter(body)
	for len(s.open) > 0 && it.Next() {
		if !s.step(it) {
			return false
		}
	}
	return it.Err() == nil && len(s.open) == 0
}

func (s *scanner) step(it *wasm.Iter) bool {
	switch it.Op {
	case wasm.OpBlock, wasm.OpIf:
		s.open = append(s.open, -1)
	case wasm.OpTryTable:
		s.graph.catches[s.function] = s.graph.catches[s.function] || it.Count > 0
		for _, c := range it.Catches(nil) {
			if !s.branch(c.Label) {
				return false
			}
		}
		s.open = append(s.open, -1)
	case wasm.OpLoop:
		if it.Block.Indexed && int(it.Block.Index) >= len(s.graph.Types) {
			return false
		}
		loop := int32(len(s.graph.loops))
		s.graph.loops = append(s.graph.loops, 0)
		s.open, s.within = append(s.open, loop), append(s.within, loop)
	case wasm.OpEnd:
		s.end()
	case wasm.OpBr, wasm.OpBrIf, wasm.OpBrOnNull, wasm.OpBrOnNonNull:
		return s.branch(it.Index)
	case wasm.OpBrTable:
		s.labels = it.Labels(s.labels[:0])
		for _, l := range s.labels {
			if !s.branch(l) {
				return false
			}
		}
	default:
		if isCall(it.Op) {
			node, ok := s.graph.callee(it)
			loop := int32(-1)
			if n := len(s.within); n > 0 {
				loop = s.within[n-1]
			}
			s.graph.calls = append(s.graph.calls, call{node: node, loop: loop})
			return ok
		}
	}
	return true
}

func (s *scanner) branch(label uint32) bool {
	if int(label) >= len(s.open) {
		return false
	}
	if loop := s.open[len(s.open)-1-int(label)]; loop >= 0 {
		s.graph.loops[loop] |= loopUsed
	}
	return true
}

func (s *scanner) end() {
	top := len(s.open) - 1
	loop := s.open[top]
	s.open = s.open[:top]
	if loop < 0 {
		return
	}
	s.within = s.within[:len(s.within)-1]
	if n := len(s.within); n > 0 && s.graph.loops[loop] != 0 {
		s.graph.loops[s.within[n-1]] |= loopNests
	}
}
