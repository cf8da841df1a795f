package wasm

// canonicalTypes maps each type index to the first one that is the same type. Types are the same if their recursion
// groups are, item by item, where references within the group count by their place in it and references to earlier
// types by what those map to.
//
// https://webassembly.github.io/spec/core/valid/conventions.html#rolling-and-unrolling
func (m *Module) canonicalTypes() []uint32 {
	canon := make([]uint32, len(m.Types))
	seen := make(map[string]uint32, len(m.Types))
	var key []byte
	rest := m.RecGroups
	for first := uint32(0); int(first) < len(m.Types); {
		n := uint32(1)
		if len(rest) > 0 && rest[0].First == first {
			n = rest[0].Len
			rest = rest[1:]
		}
		key = key[:0]
		for _, t := range m.Types[first : first+n] {
			key = appendTypeKey(key, t, first, canon)
		}
		same, ok := seen[string(key)]
		if !ok {
			same = first
			seen[string(key)] = first
		}
		for i := range n {
			canon[first+i] = same + i
		}
		first += n
	}
	return canon
}

func appendTypeKey(key []byte, t FuncType, group uint32, canon []uint32) []byte {
	for _, types := range [...][]ValType{t.Params, t.Results} {
		key = AppendU32(key, uint32(len(types)))
		for _, t := range types {
			if index, ok := t.TypeIndex(); ok && index >= group {
				key = append(key, 0x4E) // the place in the group follows
				t = Ref(HeapType(index-group), t.Nullable())
			} else if ok {
				t = Ref(HeapType(canon[index]), t.Nullable())
			}
			key = AppendValType(key, t)
		}
	}
	return key
}

// matches reports whether a value of type t may stand where one of type want is expected.
//
// https://webassembly.github.io/spec/core/valid/matching.html
func (v *validator) matches(t, want ValType) bool {
	if t == want || t == 0 {
		return true
	}
	if !t.IsRef() || !want.IsRef() || t.Nullable() && !want.Nullable() {
		return false
	}
	return v.heapMatches(t.Heap(), want.Heap())
}

func (v *validator) heapMatches(h, want HeapType) bool {
	if h == want || h == heapBottom {
		return true
	}
	index, concrete := h.TypeIndex()
	if !concrete {
		return false
	}
	wanted, concrete := want.TypeIndex()
	if !concrete {
		return want == HeapFunc
	}
	if v.canon == nil {
		v.canon = v.m.canonicalTypes()
	}
	return v.canon[index] == v.canon[wanted]
}

func (v *validator) allMatch(types, want []ValType) bool {
	if len(types) != len(want) {
		return false
	}
	for i := range types {
		if !v.matches(types[i], want[i]) {
			return false
		}
	}
	return true
}
