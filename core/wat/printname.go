package wat

import (
	"bytes"
	"maps"
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// identifiers are the words by which the text of a module calls things.
type identifiers struct {
	module *idSpace
	spaces [spaceCount]*idSpace
	locals map[uint32]*idSpace
	labels map[uint32]wasm.NameMap
	// raw says that the name section holds more than identifiers can say, and
	// must be spelled out.
	raw bool
}

// idSpace holds the identifiers of an index space, "$" included, and the names
// that cannot be identifiers, for @name annotations.
type idSpace struct {
	ids, annotations map[uint32]string
}

func (s *idSpace) has(i uint32) bool {
	return s != nil && (s.ids[i] != "" || s.annotated(i))
}

func (s *idSpace) annotated(i uint32) bool {
	_, ok := s.annotations[i]
	return ok
}

// write writes the identifier or the annotation of an index, if there is one.
func (s *idSpace) write(p *printer, i uint32) {
	if s == nil {
		return
	}
	if w := s.ids[i]; w != "" {
		p.str(" ", w)
	} else if s.annotated(i) {
		p.str(" (@name ")
		p.quote(s.annotations[i])
		p.close()
	}
}

// newIDSpace makes identifiers of names. Of names that occur twice, the first
// becomes an identifier.
func newIDSpace(names wasm.NameMap) *idSpace {
	s := &idSpace{ids: map[uint32]string{}, annotations: map[uint32]string{}}
	taken := map[string]bool{}
	for _, i := range slices.Sorted(maps.Keys(names)) {
		name := names[i]
		if name == "" || taken[name] {
			s.annotations[i] = name
			continue
		}
		taken[name] = true
		s.ids[i] = identifierOf(name)
	}
	return s
}

// identifierOf spells a name as an identifier.
func identifierOf(name string) string {
	for i := range len(name) {
		if charClass[name[i]]&classID == 0 {
			return "$" + string(appendQuoted(nil, name))
		}
	}
	return "$" + name
}

func makeIdentifiers(m *wasm.Module) (ids identifiers) {
	n := m.Names()
	sizes := indexSpaceSizes(m)
	for id, names := range namesBySpace(n) {
		maps.DeleteFunc(*names, func(i uint32, _ string) bool { return i >= sizes[id] })
		ids.spaces[id] = newIDSpace(*names)
	}
	module := wasm.NameMap{}
	if n.Module != "" {
		module[0] = n.Module
	}
	ids.module = newIDSpace(module)
	trimLocals(m, n)
	ids.locals = make(map[uint32]*idSpace, len(n.Locals))
	for f, names := range n.Locals {
		ids.locals[f] = newIDSpace(names)
	}
	ids.labels = n.Labels
	trimLabels(m, n)
	ids.raw = needsRaw(m, n)
	return ids
}

func namesBySpace(n *wasm.Names) [spaceCount]*wasm.NameMap {
	return [spaceCount]*wasm.NameMap{
		spaceType: &n.Types, spaceFunc: &n.Funcs, spaceTable: &n.Tables, spaceMemory: &n.Memories,
		spaceGlobal: &n.Globals, spaceTag: &n.Tags, spaceElem: &n.Elements, spaceData: &n.Data,
	}
}

func indexSpaceSizes(m *wasm.Module) (n [spaceCount]uint32) {
	for i := range m.Imports {
		n[exportSpaces[m.Imports[i].Kind]]++
	}
	n[spaceType] += uint32(len(m.Types))
	n[spaceFunc] += uint32(len(m.Code))
	n[spaceTable] += uint32(len(m.Tables))
	n[spaceMemory] += uint32(len(m.Memories))
	n[spaceGlobal] += uint32(len(m.Globals))
	n[spaceTag] += uint32(len(m.Tags))
	n[spaceElem] += uint32(len(m.Elements))
	n[spaceData] += uint32(len(m.Data))
	return n
}

// trimLocals drops names of locals that do not exist.
func trimLocals(m *wasm.Module, n *wasm.Names) {
	f := uint32(0)
	trim := func(typ uint32, runs []wasm.LocalRun) {
		if names := n.Locals[f]; names != nil {
			count := uint64(0)
			if int(typ) < len(m.Types) {
				count = uint64(len(m.Types[typ].Params))
			}
			for _, r := range runs {
				count += uint64(r.Count)
			}
			maps.DeleteFunc(names, func(i uint32, _ string) bool { return uint64(i) >= count })
		}
		f++
	}
	for i := range m.Imports {
		if m.Imports[i].Kind == wasm.ExternFunc {
			trim(m.Imports[i].Type, nil)
		}
	}
	for i := range m.Code {
		trim(m.Funcs[i], m.Code[i].Locals)
	}
	maps.DeleteFunc(n.Locals, func(g uint32, names wasm.NameMap) bool { return g >= f || len(names) == 0 })
}

// trimLabels drops names of labels that do not exist, or are empty.
func trimLabels(m *wasm.Module, n *wasm.Names) {
	imported := indexSpaceSizes(m)[spaceFunc] - uint32(len(m.Code))
	for f, names := range n.Labels {
		blocks := uint32(0)
		if i := int64(f) - int64(imported); i >= 0 && i < int64(len(m.Code)) {
			blocks = countBlocks(m.Code[i].Body)
		}
		maps.DeleteFunc(names, func(i uint32, name string) bool { return i >= blocks || name == "" })
		if len(names) == 0 {
			delete(n.Labels, f)
		}
	}
}

func countBlocks(e wasm.Expr) (n uint32) {
	for it := wasm.NewIter(e); it.Next(); {
		if imm := it.Op.Info().Imm; imm == wasm.ImmBlock || imm == wasm.ImmTryTable {
			n++
		}
	}
	return n
}

// needsRaw tells whether the name section differs from what the parser makes of
// the names n in the text.
func needsRaw(m *wasm.Module, n *wasm.Names) bool {
	for i := range m.Customs {
		c := &m.Customs[i]
		if c.Name != nameSection {
			continue
		}
		again := func(c wasm.Custom) bool { return c.Name == nameSection }
		return lastBefore(m, c.After) != lastBefore(m, wasm.SectionData) || len(c.Bytes) == 0 ||
			!bytes.Equal(c.Bytes, wasm.AppendNames(nil, n)) || slices.ContainsFunc(m.Customs[i+1:], again)
	}
	return false
}

// lastBefore is the last section that has content, up to the one given. Places
// are named by it, as the text does not keep empty sections.
func lastBefore(m *wasm.Module, id wasm.SectionID) wasm.SectionID {
	present := map[wasm.SectionID]bool{
		wasm.SectionType:      len(m.Types)+len(m.RecGroups) > 0,
		wasm.SectionImport:    len(m.Imports) > 0,
		wasm.SectionFunction:  len(m.Funcs) > 0,
		wasm.SectionTable:     len(m.Tables) > 0,
		wasm.SectionMemory:    len(m.Memories) > 0,
		wasm.SectionTag:       len(m.Tags) > 0,
		wasm.SectionGlobal:    len(m.Globals) > 0,
		wasm.SectionExport:    len(m.Exports) > 0,
		wasm.SectionStart:     m.Start != nil,
		wasm.SectionElement:   len(m.Elements) > 0,
		wasm.SectionDataCount: id == wasm.SectionDataCount && usesData(m),
		wasm.SectionCode:      len(m.Code) > 0,
		wasm.SectionData:      len(m.Data) > 0,
	}
	last := wasm.SectionCustom
	for _, s := range sectionWords {
		if present[s.id] {
			last = s.id
		}
		if s.id == id {
			break
		}
	}
	return last
}

// usesData tells whether the module needs a data count section: the text does
// not keep one that it does not need.
func usesData(m *wasm.Module) bool {
	for i := range m.Code {
		for it := wasm.NewIter(m.Code[i].Body); it.Next(); {
			if it.Op == wasm.OpMemoryInit || it.Op == wasm.OpDataDrop {
				return true
			}
		}
	}
	return false
}
