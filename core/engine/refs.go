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

// MarkExternrefs sets a bit in live for each external reference that a table, a global or an element segment of the
// store holds: reference r is bit r-1. No guest of the store may be running.
func (s *Store) MarkExternrefs(live []byte) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, i := range s.instances {
		i.markExternrefs(func(ref uint64) {
			if ref > 0 && ref <= uint64(len(live))*8 {
				live[(ref-1)/8] |= 1 << ((ref - 1) % 8)
			}
		})
	}
}

func (i *Instance) markExternrefs(mark func(uint64)) {
	m := i.module
	for k := range m.source.Tables {
		if m.source.Tables[k].Elem.Heap() == wasm.HeapExtern {
			for _, ref := range i.guts.table(uint32(len(m.imported[wasm.ExternTable]) + k)).all() {
				mark(uint64(ref))
			}
		}
	}
	for k := range m.source.Globals {
		if t := m.source.Globals[k].Type; t.IsRef() && t.Heap() == wasm.HeapExtern {
			lo, _ := i.guts.global(uint32(len(m.imported[wasm.ExternGlobal]) + k)).Value()
			mark(lo)
		}
	}
	segments := i.guts.segments()
	for k := range m.source.Elements {
		if m.source.Elements[k].Type.Heap() == wasm.HeapExtern && k < len(segments) {
			for _, ref := range segments[k] {
				mark(uint64(ref))
			}
		}
	}
}
