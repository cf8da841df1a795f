package wasm

// Spaces are the index spaces of a module: what is imported, then what is defined.
//
// https://webassembly.github.io/spec/core/syntax/modules.html#indices
type Spaces struct {
	Funcs    []uint32 // type indices
	Tables   []TableType
	Memories []Limits
	Globals  []GlobalType
	Tags     []uint32 // type indices

	// How many of each are imported.
	ImportedFuncs, ImportedTables, ImportedMemories, ImportedGlobals, ImportedTags int
}

// Spaces builds the index spaces.
func (m *Module) Spaces() *Spaces {
	s := &Spaces{Funcs: make([]uint32, 0, len(m.Imports)+len(m.Funcs))}
	for i := range m.Imports {
		switch imp := &m.Imports[i]; imp.Kind {
		case ExternFunc:
			s.Funcs = append(s.Funcs, imp.Type)
		case ExternTable:
			s.Tables = append(s.Tables, imp.Table)
		case ExternMemory:
			s.Memories = append(s.Memories, imp.Memory)
		case ExternGlobal:
			s.Globals = append(s.Globals, imp.Global)
		case ExternTag:
			s.Tags = append(s.Tags, imp.Type)
		}
	}
	s.ImportedFuncs, s.ImportedTables, s.ImportedMemories = len(s.Funcs), len(s.Tables), len(s.Memories)
	s.ImportedGlobals, s.ImportedTags = len(s.Globals), len(s.Tags)

	s.Funcs = append(s.Funcs, m.Funcs...)
	for i := range m.Tables {
		s.Tables = append(s.Tables, m.Tables[i].TableType)
	}
	s.Memories = append(s.Memories, m.Memories...)
	for i := range m.Globals {
		s.Globals = append(s.Globals, m.Globals[i].GlobalType)
	}
	s.Tags = append(s.Tags, m.Tags...)
	return s
}

// Len returns the number of items of one kind.
func (s *Spaces) Len(kind ExternKind) int {
	switch kind {
	case ExternFunc:
		return len(s.Funcs)
	case ExternTable:
		return len(s.Tables)
	case ExternMemory:
		return len(s.Memories)
	case ExternGlobal:
		return len(s.Globals)
	}
	return len(s.Tags)
}
