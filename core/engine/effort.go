package engine

import "github.com/pywasm-go/pywasm/core/wasm"

// effort is what a function asks of wazero's compiler, counted in one pass over its body. What each costs is in
// hostile.go.
type effort struct {
	instructions uint64 // those that become machine code of their own
	blocks       uint64 // basic blocks, the arms of br_table included
	loops        uint64
	live         uint64 // over all blocks, values that may be live at its beginning: locals and globals in use, operands
	phis         uint64 // over all loops, locals that are set inside
	passed       uint64 // values that blocks, branches and calls take and give
	reloads      uint64 // over all calls, globals that a call may have changed
	locals       uint64 // declared
}

// surveyor counts the effort of one function after another.
type surveyor struct {
	module  *wasm.Module
	spaces  *wasm.Spaces
	effort  effort
	it      *wasm.Iter
	blocks  []surveyed
	loops   []uint32 // where the open loops begin
	height  uint64   // operands on the stack
	heights uint64   // over all blocks, operands at its beginning
	locals  []local  // by index
	globals []uint32 // by index: the function that used it last
	used    uint64   // locals and globals that the function uses
	mutable uint64   // how many globals are
	serial  uint32
	place   uint32 // in instructions, from 1
}

// local is what is known of a local in the function that has the serial.
type local struct {
	serial uint32
	set    uint32 // where it was last set; 0 if nowhere
}

// surveyed is a block that is open.
type surveyed struct {
	loop          bool
	base          uint64 // operands below the block's own
	label, result uint64 // how many values a branch to it takes, and it gives
	params        uint64
}

func newSurveyor(m *wasm.Module) *surveyor {
	s := &surveyor{module: m, spaces: m.Spaces()}
	s.globals = make([]uint32, len(s.spaces.Globals))
	for _, g := range s.spaces.Globals {
		if g.Mutable {
			s.mutable++
		}
	}
	return s
}

// survey returns the effort of function i of those that the module defines.
func (s *surveyor) survey(i int) effort {
	code := &s.module.Code[i]
	t := s.module.Types[s.module.Funcs[i]]
	declared := uint64(len(t.Params))
	for _, run := range code.Locals {
		declared += uint64(run.Count)
	}
	s.effort = effort{locals: declared, blocks: 1}
	s.height, s.heights, s.used, s.place = 0, 0, 0, 0
	s.serial++
	s.loops = s.loops[:0]
	results := uint64(len(t.Results))
	s.blocks = append(s.blocks[:0], surveyed{label: results, result: results})
	s.it = wasm.NewIter(code.Body)
	for s.it.Next() && len(s.blocks) > 0 {
		s.place++
		s.instruction()
	}
	s.effort.live = s.effort.blocks*s.used + s.heights
	return s.effort
}

func (s *surveyor) instruction() {
	info := s.it.Op.Info()
	switch s.it.Op {
	case wasm.OpLocalGet:
		s.use(s.it.Index)
		s.push(1)
	case wasm.OpLocalSet, wasm.OpLocalTee:
		s.use(s.it.Index)
		s.setLocal(s.it.Index)
		if s.it.Op == wasm.OpLocalSet {
			s.pop(1)
		}
	case wasm.OpBlock, wasm.OpLoop, wasm.OpIf, wasm.OpTryTable:
		s.open()
	case wasm.OpElse, wasm.OpEnd:
		s.close()
	case wasm.OpBr, wasm.OpBrIf, wasm.OpBrTable, wasm.OpReturn, wasm.OpUnreachable:
		s.branch()
	case wasm.OpCall, wasm.OpReturnCall:
		s.call(s.module.Types[s.spaces.Funcs[s.it.Index]])
	case wasm.OpCallIndirect, wasm.OpReturnCallIndirect, wasm.OpCallRef, wasm.OpReturnCallRef:
		s.pop(1)
		s.call(s.module.Types[s.it.Index])
	case wasm.OpGlobalGet, wasm.OpGlobalSet:
		if known := &s.globals[s.it.Index]; *known != s.serial {
			*known = s.serial
			s.used++
		}
		s.other(info)
	default:
		s.other(info)
	}
}

// other counts an instruction that neither branches nor calls.
func (s *surveyor) other(info *wasm.OpInfo) {
	if change, ok := heights[s.it.Op]; ok {
		s.pop(change.pops)
		s.push(change.pushes)
	} else {
		s.pop(uint64(len(info.Params)))
		s.push(uint64(len(info.Results)))
	}
	if info.Imm != wasm.ImmI32 && info.Imm != wasm.ImmI64 && s.it.Op != wasm.OpNop && s.it.Op != wasm.OpDrop {
		s.effort.instructions++
	}
}

// heights has what the instructions take and give whose type the table in core/wasm does not have.
var heights = map[wasm.Opcode]struct{ pops, pushes uint64 }{
	wasm.OpDrop:      {1, 0},
	wasm.OpSelect:    {3, 1},
	wasm.OpSelectT:   {3, 1},
	wasm.OpGlobalGet: {0, 1},
	wasm.OpGlobalSet: {1, 0},
	wasm.OpTableGet:  {1, 1},
	wasm.OpTableSet:  {2, 0},
	wasm.OpTableGrow: {2, 1},
	wasm.OpTableFill: {3, 0},
	wasm.OpRefNull:   {0, 1},
	wasm.OpRefFunc:   {0, 1},
}

func (s *surveyor) push(n uint64) { s.height += n }

// pop takes no operand that the block does not have, as unreachable code may.
func (s *surveyor) pop(n uint64) {
	base := s.blocks[len(s.blocks)-1].base
	s.height = max(base, s.height-min(n, s.height))
}

func (s *surveyor) use(index uint32) {
	for int(index) >= len(s.locals) {
		s.locals = append(s.locals, local{})
	}
	if l := &s.locals[index]; l.serial != s.serial {
		*l = local{serial: s.serial}
		s.used++
	}
}

// setLocal counts the local once for each loop around it: those loops know it already that have begun before it was last
// set.
func (s *surveyor) setLocal(index uint32) {
	l := &s.locals[index]
	for i := len(s.loops) - 1; i >= 0 && s.loops[i] > l.set; i-- {
		s.effort.phis++
	}
	l.set = s.place
}

func (s *surveyor) newBlocks(n uint64) {
	s.effort.blocks += n
	s.heights += n * s.height
}

func (s *surveyor) open() {
	params, results := s.blockType(s.it.Block)
	if s.it.Op == wasm.OpIf {
		s.pop(1)
		s.newBlocks(1)
	}
	s.newBlocks(1) // what follows it
	b := surveyed{label: results, result: results, params: params}
	if s.it.Op == wasm.OpLoop {
		s.newBlocks(1)
		s.effort.loops++
		s.loops = append(s.loops, s.place)
		b.loop, b.label = true, params
	}
	s.effort.passed += params + results
	s.pop(params)
	b.base = s.height
	s.push(params)
	s.blocks = append(s.blocks, b)
}

func (s *surveyor) blockType(t wasm.BlockType) (params, results uint64) {
	switch {
	case t.Indexed:
		of := s.module.Types[t.Index]
		return uint64(len(of.Params)), uint64(len(of.Results))
	case t.Result != 0:
		return 0, 1
	}
	return 0, 0
}

func (s *surveyor) close() {
	b := s.blocks[len(s.blocks)-1]
	s.height = b.base
	if s.it.Op == wasm.OpElse {
		s.push(b.params)
		s.newBlocks(1)
		return
	}
	if b.loop {
		s.loops = s.loops[:len(s.loops)-1]
	}
	s.blocks = s.blocks[:len(s.blocks)-1]
	s.height += b.result
}

func (s *surveyor) branch() {
	s.effort.instructions++
	switch s.it.Op {
	case wasm.OpBrIf:
		s.pop(1)
		s.newBlocks(1)
		s.effort.passed += s.label(s.it.Index)
		return
	case wasm.OpBr:
		s.effort.passed += s.label(s.it.Index)
	case wasm.OpBrTable:
		s.pop(1)
		s.newBlocks(uint64(s.it.Count) + 1)
		s.effort.passed += s.label(s.it.Index) * (uint64(s.it.Count) + 1)
	case wasm.OpReturn:
		s.effort.passed += s.blocks[0].label
	}
	s.height = s.blocks[len(s.blocks)-1].base // what follows is unreachable
}

func (s *surveyor) label(depth uint32) uint64 { return s.blocks[len(s.blocks)-1-int(depth)].label }

func (s *surveyor) call(t wasm.FuncType) {
	s.effort.instructions++
	s.effort.passed += uint64(len(t.Params) + len(t.Results))
	s.effort.reloads += s.mutable
	s.pop(uint64(len(t.Params)))
	s.push(uint64(len(t.Results)))
}
