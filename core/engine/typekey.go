package engine

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// typeKey names a type the same way in every module: by its recursion group, with references inside of the group by
// position and others by their keys, and its position there.
//
// https://webassembly.github.io/spec/core/appendix/properties.html#type-equivalence
func (m *Module) typeKey(index uint32) string {
	m.keysOnce.Do(func() {
		m.keys = make([]string, len(m.source.Types))
		first, groups := uint32(0), m.source.RecGroups
		for first < uint32(len(m.keys)) {
			length := uint32(1)
			if len(groups) > 0 && groups[0].First == first {
				length, groups = groups[0].Len, groups[1:]
			}
			m.groupKeys(first, length)
			first += max(length, 1)
		}
	})
	return m.keys[index]
}

func (m *Module) groupKeys(first, length uint32) {
	var b strings.Builder
	for i := range length {
		t := m.source.Types[first+i]
		b.WriteByte('(')
		for _, v := range t.Params {
			b.WriteString(m.valueKey(v, first, length) + " ")
		}
		b.WriteByte('>')
		for _, v := range t.Results {
			b.WriteString(m.valueKey(v, first, length) + " ")
		}
	}
	sum := sha256.Sum256([]byte(b.String()))
	for i := range length {
		m.keys[first+i] = fmt.Sprintf("%x.%d", sum[:16], i)
	}
}

func (m *Module) valueKey(v wasm.ValType, first, length uint32) string {
	index, ok := v.TypeIndex()
	switch {
	case !ok:
		return v.String()
	case index >= first && index < first+length:
		return fmt.Sprintf("%t.%d", v.Nullable(), index-first)
	}
	return fmt.Sprintf("%t.%s", v.Nullable(), m.keys[index]) // a type can refer only to those before it and its group
}
