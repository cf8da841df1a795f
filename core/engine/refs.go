package engine

import "github.com/pywasm-go/pywasm/core/wasm"

// References are what wazero stores in tables, globals and variables: 64 bits, zero for null. A function reference is a
// pointer to an object of wazero's. An external reference is a number that the host chose.

// Reference returns a reference to a function of the instance, as Function returns one.
func (i *Instance) Reference(index uint32) uint64 {
	if int(index) < len(i.module.imported[wasm.ExternFunc]) {
		index = i.module.wrapperOf(index)
	}
	// wazero makes a new object each time and keeps it as long as the instance.
	if ref, ok := i.refs[index]; ok {
		return uint64(ref)
	}
	if i.refs == nil {
		i.refs = map[uint32]uintptr{}
	}
	i.refs[index] = i.guts.engine.FunctionInstanceReference(index)
	return uint64(i.refs[index])
}

// Admits reports whether a reference, which must be one to a function if it is not external, can be a value of a type of the
// instance's module. wazero takes it for granted.
func (i *Instance) Admits(t wasm.ValType, ref uint64) bool {
	index, concrete := t.TypeIndex()
	switch {
	case ref == 0:
		return t.Nullable()
	case t.Heap() == wasm.HeapExn:
		return false // the host has none
	case !concrete:
		return true
	}
	owner, number, host, ok := i.Resolve(ref)
	if !ok {
		return false
	}
	given := uint32(0)
	if host {
		given = owner.module.source.Imports[number].Type
	} else {
		given = owner.module.functionTypeIndex(number)
	}
	return i.module.typeKey(index) == owner.module.typeKey(given)
}

// Resolve returns the function that a reference, which the instance had, points to: function number of owner, or, if host is set, the host
// function that its import number is bound to. ok is false for null.
func (i *Instance) Resolve(ref uint64) (owner *Instance, number uint32, host, ok bool) {
	if ref == 0 {
		return nil, 0, false, false
	}
	guest, index, err := i.guts.target(uintptr(ref))
	if err != nil {
		return nil, 0, false, false
	}
	owner = i.module.store.instanceOf(guest)
	if owner == nil || index < owner.module.functions {
		return owner, index, false, owner != nil
	}
	// A wrapper stands for the import.
	m := owner.module
	k := m.imported[wasm.ExternFunc][m.wrappers[index-m.firstWrapper]]
	if e := owner.bindings[k]; e.Instance != nil {
		return e.Instance, e.Index, false, true
	}
	return owner, uint32(k), true, true
}

// Holdings calls hold with what the instance's own tables, globals and element segments hold: an external reference, or, if
// it is asked for functions, an instance whose function it is, if that is another. An instance comes once. No guest of the
// store may be running.
func (i *Instance) Holdings(functions bool, hold func(owner *Instance, external uint64)) {
	owners := map[*Instance]bool{i: true, nil: true} // nil for the host
	var own ownership
	if functions {
		own = i.guts.ownership()
	}
	external := func(ref uintptr) {
		if ref != 0 {
			hold(nil, uint64(ref))
		}
	}
	function := func(ref uintptr) {
		if ref == 0 || own.of(ref) {
			return
		}
		if guest, _, err := i.guts.target(ref); err == nil {
			if owner := i.module.store.instanceOf(guest); !owners[owner] {
				owners[owner] = true
				hold(owner, 0)
			}
		}
	}
	var visit func(t wasm.ValType, refs []uintptr)
	visit = func(t wasm.ValType, refs []uintptr) {
		switch {
		case t.Heap() == wasm.HeapExtern:
			distinct(refs, external)
		case t.Heap() == wasm.HeapExn:
			distinct(refs, func(ref uintptr) { i.module.store.carried(ref, visit) })
		case functions:
			distinct(refs, function)
		}
	}
	i.references(visit)
}

// distinct passes over what is the same as before: tables are often filled.
func distinct(refs []uintptr, f func(uintptr)) {
	last := uintptr(0)
	for _, ref := range refs {
		if ref != last {
			f(ref)
		}
		last = ref
	}
}

// references calls f with all that has references in the instance.
func (i *Instance) references(f func(wasm.ValType, []uintptr)) {
	m := i.module
	for k := range m.source.Tables {
		f(m.source.Tables[k].Elem, i.guts.table(uint32(len(m.imported[wasm.ExternTable])+k)).all())
	}
	for k := range m.source.Globals {
		if t := m.source.Globals[k].Type; t.IsRef() {
			lo, _ := i.guts.global(uint32(len(m.imported[wasm.ExternGlobal]) + k)).Value()
			f(t, []uintptr{uintptr(lo)})
		}
	}
	segments := i.guts.segments()
	for k := range min(len(m.source.Elements), len(segments)) {
		f(m.source.Elements[k].Type, segments[k])
	}
}
