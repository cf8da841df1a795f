package wasm

import (
	"maps"
	"slices"
)

// Names is what the name section says. It is for people only: what is damaged in it is left out, without an error.
//
// https://webassembly.github.io/spec/core/appendix/custom.html#name-section
type Names struct {
	Module string
	// By index, each in the order of the section.
	Funcs, Types, Tables, Memories, Globals, Elements, Data, Tags NameMap
	// By function, then by local or label.
	Locals, Labels map[uint32]NameMap
}

// NameMap holds names by index.
type NameMap map[uint32]string

// The subsections of the name section.
const (
	nameModule = iota
	nameFunction
	nameLocal
	nameLabel
	nameType
	nameTable
	nameMemory
	nameGlobal
	nameElement
	nameData
	nameField // of GC
	nameTag
)

// Name returns the name of the module in its name section, or "".
func (m *Module) Name() string {
	for r := m.nameSection(); r.pos < len(r.b); {
		id := r.byte()
		part := reader{b: r.bytes(r.u32())}
		if name := part.name(); id == nameModule && part.err == nil {
			return name
		}
	}
	return ""
}

// Names reads the name section. It does so each time it is called.
func (m *Module) Names() *Names {
	n := &Names{Locals: map[uint32]NameMap{}, Labels: map[uint32]NameMap{}}
	functions := m.countImports(ExternFunc) + len(m.Funcs)
	for r := m.nameSection(); r.pos < len(r.b); {
		id := r.byte()
		part := reader{b: r.bytes(r.u32())}
		switch names := n.byID(id); {
		case r.err != nil:
		case id == nameModule:
			n.Module = part.name()
		case id == nameLocal:
			part.indirectNames(n.Locals, functions)
		case id == nameLabel:
			part.indirectNames(n.Labels, functions)
		case names != nil:
			*names = part.nameMap()
		}
	}
	return n
}

// byID returns the map that a subsection fills, or nil if it holds something else.
func (n *Names) byID(id byte) *NameMap {
	switch id {
	case nameFunction:
		return &n.Funcs
	case nameType:
		return &n.Types
	case nameTable:
		return &n.Tables
	case nameMemory:
		return &n.Memories
	case nameGlobal:
		return &n.Globals
	case nameElement:
		return &n.Elements
	case nameData:
		return &n.Data
	case nameTag:
		return &n.Tags
	}
	return nil
}

func (m *Module) nameSection() reader {
	for i := range m.Customs {
		if m.Customs[i].Name == "name" {
			return reader{b: m.Customs[i].Bytes}
		}
	}
	return reader{}
}

func (r *reader) nameMap() NameMap {
	names := NameMap{}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		index := r.u32()
		if name := r.name(); r.err == nil {
			names[index] = name
		}
	}
	return names
}

// indirectNames reads the names for each index below the limit; what is said of others would only take memory.
func (r *reader) indirectNames(into map[uint32]NameMap, limit int) {
	for n := r.count(); n > 0 && r.err == nil; n-- {
		index := r.u32()
		if names := r.nameMap(); len(names) > 0 && int64(index) < int64(limit) {
			into[index] = names
		}
	}
}

// AppendNames appends the content of a name section: subsections, and in them the indices, in ascending order.
func AppendNames(b []byte, n *Names) []byte {
	if n.Module != "" {
		b = appendSubsection(b, nameModule, AppendName(nil, n.Module))
	}
	b = appendNameMap(b, nameFunction, n.Funcs)
	b = appendIndirectNames(b, nameLocal, n.Locals)
	b = appendIndirectNames(b, nameLabel, n.Labels)
	for id := byte(nameType); id <= nameTag; id++ {
		if names := n.byID(id); names != nil {
			b = appendNameMap(b, id, *names)
		}
	}
	return b
}

func appendSubsection(b []byte, id byte, content []byte) []byte {
	return AppendName(append(b, id), content)
}

func appendNameMap(b []byte, id byte, names NameMap) []byte {
	if len(names) == 0 {
		return b
	}
	return appendSubsection(b, id, appendNames(nil, names))
}

func appendNames(b []byte, names NameMap) []byte {
	b = AppendU32(b, uint32(len(names)))
	for _, index := range slices.Sorted(maps.Keys(names)) {
		b = AppendName(AppendU32(b, index), names[index])
	}
	return b
}

func appendIndirectNames(b []byte, id byte, names map[uint32]NameMap) []byte {
	if len(names) == 0 {
		return b
	}
	content := AppendU32(nil, uint32(len(names)))
	for _, index := range slices.Sorted(maps.Keys(names)) {
		content = appendNames(AppendU32(content, index), names[index])
	}
	return appendSubsection(b, id, content)
}
