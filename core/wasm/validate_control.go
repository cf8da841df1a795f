package wasm

// Validation of control instructions.
//
// https://webassembly.github.io/spec/core/valid/instructions.html#control-instructions

// blockType returns the parameters and results of the block that begins.
func (v *validator) blockType() FuncType {
	b := v.it.Block
	switch {
	case !b.Indexed:
		v.checkValType(v.it.Offset(), b.Result, len(v.m.Types))
		return FuncType{Results: v.listOf(b.Result)}
	case v.known(v.it.Offset(), b.Index, len(v.m.Types), "type"):
		return v.m.Types[b.Index]
	}
	return FuncType{}
}

func (v *validator) block() {
	t := v.blockType()
	if v.it.Op == OpIf {
		v.popType(I32)
	}
	v.popAll(t.Params)
	v.open(v.it.Op, t.Params, t.Results)
}

func (v *validator) elseBlock() {
	f := v.shut()
	if f.op != OpIf {
		v.failHere("END opcode expected")
	}
	v.open(OpElse, f.params, f.results)
}

func (v *validator) end() {
	f := v.shut()
	if f.op == OpIf && !v.allMatch(f.params, f.results) { // without else, the parameters are the results
		v.failHere("type mismatch: if without else must have the same parameters and results")
	}
	v.pushAll(f.results)
}

func (v *validator) tryTable() {
	v.catches = v.it.Catches(v.catches[:0])
	for _, c := range v.catches {
		v.catch(c)
	}
	v.block()
}

// catch checks that the label takes what the clause gives: the values of the tag, the exception, or both.
func (v *validator) catch(c Catch) {
	label := v.label(c.Label)
	given := len(label)
	withRef := c.Kind == CatchTagRef || c.Kind == CatchAllRef
	if withRef {
		given--
		if given < 0 || v.err == nil && !v.matches(Ref(HeapExn, false), label[given]) {
			v.failHere("type mismatch: the label of the catch clause does not take an exception last")
			return
		}
	}
	var values []ValType
	if c.Kind == CatchTag || c.Kind == CatchTagRef {
		values = v.tagParams(c.Tag)
	}
	if v.err == nil && !v.allMatch(values, label[:given]) {
		v.failHere("type mismatch: the label of the catch clause takes other values")
	}
}

func (v *validator) tagParams(tag uint32) []ValType {
	if !v.known(v.it.Offset(), tag, len(v.s.Tags), "tag") {
		return nil
	}
	return v.m.Types[v.s.Tags[tag]].Params
}

func (v *validator) throw() {
	v.popAll(v.tagParams(v.it.Index))
	v.unreachable()
}

func (v *validator) brIf() {
	v.popType(I32)
	types := v.label(v.it.Index)
	v.popAll(types)
	v.pushAll(types)
}

func (v *validator) brTable() {
	v.popType(I32)
	arity := len(v.label(v.it.Index))
	v.labels = v.it.Labels(v.labels[:0])
	var last []ValType
	for i, l := range v.labels {
		if v.err != nil {
			return
		}
		types := v.label(l)
		if i > 0 && sameList(types, last) {
			continue
		}
		if len(types) != arity {
			v.failHere("type mismatch: the labels of br_table take different numbers of values")
			return
		}
		v.peekAll(types)
		last = types
	}
	v.unreachable()
}

func sameList(a, b []ValType) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// peekAll checks the top of the stack against types and leaves it as it is.
func (v *validator) peekAll(types []ValType) {
	whole := v.stack
	v.popAll(types)
	v.stack = whole
}

func (v *validator) brOnNull() {
	t := v.popRef()
	types := v.label(v.it.Index)
	v.popAll(types)
	v.pushAll(types)
	v.push(t.AsNonNull())
}

func (v *validator) brOnNonNull() {
	types := v.label(v.it.Index)
	v.push(v.popRef().AsNonNull())
	if v.err == nil && len(types) == 0 {
		v.failHere("type mismatch: the label of br_on_non_null takes no reference")
		return
	}
	v.popAll(types)
	v.pushAll(types)
	v.pop()
}

func (v *validator) callee() FuncType {
	if !v.known(v.it.Offset(), v.it.Index, len(v.s.Funcs), "function") {
		return FuncType{}
	}
	return v.m.Types[v.s.Funcs[v.it.Index]]
}

func (v *validator) typeAt(index uint32) FuncType {
	if !v.known(v.it.Offset(), index, len(v.m.Types), "type") {
		return FuncType{}
	}
	return v.m.Types[index]
}

func (v *validator) calleeIndirect() FuncType {
	if t := v.table(v.it.Index2); v.err == nil && !v.matches(t, FuncRef) {
		v.failHere("type mismatch: " + v.it.Op.String() + " through a table of " + t.String())
	}
	t := v.typeAt(v.it.Index)
	v.popType(I32)
	return t
}

func (v *validator) calleeRef() FuncType {
	t := v.typeAt(v.it.Index)
	if v.err == nil {
		v.popType(Ref(HeapType(v.it.Index), true))
	}
	return t
}

func (v *validator) invoke(t FuncType) {
	v.popAll(t.Params)
	v.pushAll(t.Results)
}

func (v *validator) tailInvoke(t FuncType) {
	v.popAll(t.Params)
	if v.err == nil && !v.allMatch(t.Results, v.frames[0].results) {
		v.failHere("type mismatch: " + v.it.Op.String() + " of a function with other results")
	}
	v.unreachable()
}
