package wasm

// Validation of the instructions that do not control the flow.
//
// https://webassembly.github.io/spec/core/valid/instructions.html

// applyOp pops and pushes what the table of opcodes says.
func (v *validator) applyOp() { v.apply(&signatures[v.it.Op]) }

func (v *validator) memory(index uint32) {
	v.known(v.it.Offset(), index, len(v.s.Memories), "memory")
}

func (v *validator) memoryAccess() {
	v.memory(v.it.Index)
	natural := uint32(v.it.Op.Info().Align)
	switch {
	case v.it.Align > natural:
		v.failHere("alignment must not be larger than natural")
	case v.it.Align < natural && v.it.Op >= baseFE:
		v.failHere("atomic alignment must be natural")
	case v.it.Bits >= 1<<32:
		v.failHere("offset out of range")
	}
	v.applyOp()
}

func (v *validator) memoryAccessLane() {
	v.memoryAccess()
	v.checkLane(v.it.Lane)
}

func (v *validator) lane() {
	v.checkLane(v.it.Lane)
	v.applyOp()
}

func (v *validator) shuffle() {
	for _, lane := range v.it.Raw {
		v.checkLane(lane)
	}
	v.applyOp()
}

func (v *validator) checkLane(lane byte) {
	if lane >= v.it.Op.Info().Lanes {
		v.failHere("invalid lane index")
	}
}

func (v *validator) dataSegment(index uint32) {
	n := len(v.m.Data)
	if v.m.DataCount != nil {
		n = int(*v.m.DataCount)
	}
	v.known(v.it.Offset(), index, n, "data segment")
}

func (v *validator) elemSegment(index uint32) ValType {
	if !v.known(v.it.Offset(), index, len(v.m.Elements), "elem segment") {
		return 0
	}
	return v.m.Elements[index].Type
}

func (v *validator) table(index uint32) ValType {
	if !v.known(v.it.Offset(), index, len(v.s.Tables), "table") {
		return 0
	}
	return v.s.Tables[index].Elem
}

func (v *validator) tableGrow() {
	t := v.table(v.it.Index)
	v.popType(I32)
	v.popType(t)
	v.push(I32)
}

func (v *validator) tableFill() {
	t := v.table(v.it.Index)
	v.popType(I32)
	v.popType(t)
	v.popType(I32)
}

func (v *validator) tableCopy() {
	to, from := v.table(v.it.Index), v.table(v.it.Index2)
	v.checkCopy(from, to)
}

func (v *validator) tableInit() {
	to, from := v.table(v.it.Index2), v.elemSegment(v.it.Index)
	v.checkCopy(from, to)
}

func (v *validator) checkCopy(from, to ValType) {
	if v.err == nil && !v.matches(from, to) {
		v.failHere("type mismatch: " + v.it.Op.String() + " of " + from.String() + " to a table of " + to.String())
	}
	v.applyOp()
}

// selectUntyped checks a select without annotation, which is for numbers and vectors only.
func (v *validator) selectUntyped() {
	v.popType(I32)
	a, b := v.pop(), v.pop()
	if a.IsRef() || b.IsRef() {
		v.failHere("type mismatch: select of references without a type")
		return
	}
	if a != b && a != 0 && b != 0 {
		v.mismatch(a.String(), b.String())
	}
	v.noteSelect(max(a, b))
	v.push(max(a, b))
}

// noteSelect remembers the instructions that Module.Selects tells of.
func (v *validator) noteSelect(t ValType) {
	if t == F32 || t == F64 || t == V128 || t.IsRef() {
		v.m.selects = append(v.m.selects, Select{v.it.Offset(), t})
	}
}

func (v *validator) selectTyped() {
	if v.it.Count != 1 {
		v.failHere("invalid result arity")
		return
	}
	var one [1]ValType
	t := v.it.SelectTypes(one[:0])[0]
	v.checkValType(v.it.Offset(), t, len(v.m.Types))
	v.popType(I32)
	v.popType(t)
	v.popType(t)
	v.noteSelect(t)
	v.push(t)
}

// local returns the type of the local that the instruction names.
func (v *validator) local() ValType {
	t, ok := v.locals.typeOf(v.it.Index)
	if !ok {
		v.known(v.it.Offset(), v.it.Index, v.locals.count, "local")
	}
	return t
}

func (v *validator) localGet() {
	t := v.local()
	if v.err == nil && !v.locals.initialized(v.it.Index, t) {
		v.failHere("uninitialized local")
	}
	v.push(t)
}

func (v *validator) localSet() {
	t := v.local()
	v.popType(t)
	if v.err == nil {
		v.locals.markSet(v.it.Index, t)
	}
}

func (v *validator) localTee() {
	v.localSet()
	v.push(v.local())
}

func (v *validator) globalGet() {
	n := len(v.s.Globals)
	if v.isConst {
		n = v.machine.globals
	}
	if !v.known(v.it.Offset(), v.it.Index, n, "global") {
		return
	}
	g := v.s.Globals[v.it.Index]
	if v.isConst && g.Mutable {
		v.failHere("constant expression required")
	}
	v.push(g.Type)
}

func (v *validator) globalSet() {
	if !v.known(v.it.Offset(), v.it.Index, len(v.s.Globals), "global") {
		return
	}
	g := v.s.Globals[v.it.Index]
	if !g.Mutable {
		v.failHere("immutable global")
	}
	v.popType(g.Type)
}

func (v *validator) refNull() {
	if index, ok := v.it.Heap.TypeIndex(); ok {
		v.known(v.it.Offset(), index, len(v.m.Types), "type")
	}
	v.push(Ref(v.it.Heap, true))
}

// refFunc checks a reference to a function; in a body, it must be one that is referred to outside of bodies too.
func (v *validator) refFunc() {
	f := v.it.Index
	if v.isConst {
		v.refersTo(v.it.Offset(), f)
	} else if v.known(v.it.Offset(), f, len(v.s.Funcs), "function") && !v.declared[f] {
		v.failHere("undeclared function reference")
	}
	if v.err == nil {
		v.push(Ref(HeapType(v.s.Funcs[f]), false))
	}
}
