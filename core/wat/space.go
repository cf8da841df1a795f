package wat

import "github.com/pywasm-go/pywasm/core/wasm"

// spaceID numbers the index spaces of a module:
// https://webassembly.github.io/spec/core/text/modules.html#indices
type spaceID uint8

const (
	spaceType spaceID = iota
	spaceFunc
	spaceTable
	spaceMemory
	spaceGlobal
	spaceTag
	spaceElem
	spaceData
	spaceCount
)

// spaceInfo holds the words for a space in messages.
type spaceInfo struct {
	bindWord, lookWord, expected string
}

var spaceInfos = [spaceCount]spaceInfo{
	spaceType:   {"type", "type", "a type index"},
	spaceFunc:   {"func", "function", "a function index"},
	spaceTable:  {"table", "table", "a table index"},
	spaceMemory: {"memory", "memory", "a memory index"},
	spaceGlobal: {"global", "global", "a global index"},
	spaceTag:    {"tag", "tag", "a tag index"},
	spaceElem:   {"elem segment", "elem segment", "an element segment index"},
	spaceData:   {"data segment", "data segment", "a data segment index"},
}

// space is an index space: what its identifiers stand for, and its names.
type space struct {
	info  *spaceInfo
	ids   map[string]uint32
	names wasm.NameMap
	count uint32
}

// named adds a name to a map, which may not be there yet.
func named(m wasm.NameMap, index uint32, name string) wasm.NameMap {
	if m == nil {
		m = wasm.NameMap{}
	}
	m[index] = name
	return m
}

// bind gives the next index of a space to the definition at hand, and to its
// identifier if it has one.
func (p *parser) bind(id spaceID) {
	s := &p.spaces[id]
	at := p.tok()
	if p.kind() == tokID {
		if s.ids == nil {
			s.ids = map[string]uint32{}
		}
		w := p.identifier(at)
		if _, taken := s.ids[w]; taken {
			p.failAt(at.off, "duplicate %s %s", s.info.bindWord, shorten(p.spelling(at)))
			return
		}
		s.ids[w] = s.count
	}
	if name, ok := p.bindingName(); ok {
		s.names = named(s.names, s.count, name)
	}
	s.count++
}

// bindingName passes an identifier and a @name annotation, both optional. The
// annotation is the name that the name section keeps, else the identifier is.
func (p *parser) bindingName() (name string, ok bool) {
	if p.kind() == tokID {
		name, ok = p.identifier(p.next()), true
	}
	if p.atAnnotation("name") {
		name, ok = p.nameAnnotation(), true
	}
	return name, ok
}

// index passes an index: a number, or an identifier of the space.
func (p *parser) index(id spaceID) uint32 {
	s := &p.spaces[id]
	switch p.kind() {
	case tokNat:
		return uint32(p.nat(32, s.info.expected))
	case tokID:
		t := p.next()
		i, ok := s.ids[string(p.idBytes(t))]
		if !ok {
			p.failAt(t.off, "unknown %s %s", s.info.lookWord, shorten(p.spelling(t)))
		}
		return i
	}
	p.unexpected(s.info.expected)
	return 0
}

// atIndex tells whether an index is next.
func (c *cursor) atIndex() bool { return c.kind() == tokNat || c.kind() == tokID }

// optIndex passes an index if there is one; else it is 0.
func (p *parser) optIndex(id spaceID) uint32 {
	if !p.atIndex() {
		return 0
	}
	return p.index(id)
}
