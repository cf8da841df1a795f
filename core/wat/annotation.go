package wat

import (
	"slices"
	"unicode/utf8"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// custom is a custom section from a @custom annotation.
type custom struct {
	wasm.Custom
	// last says that it comes behind everything, the name section included.
	last bool
}

// atAnnotation tells whether an annotation with this id is next.
func (c *cursor) atAnnotation(id string) bool {
	return c.kind() == tokAnnot && string(c.text()[2:]) == id
}

// nameAnnotation passes (@name "..."):
// https://webassembly.github.io/spec/core/appendix/custom.html#name-annotations
func (p *parser) nameAnnotation() string {
	p.next()
	name := p.name("a name")
	p.close()
	return name
}

// moduleAnnotation passes an annotation that stands for a module field.
func (p *parser) moduleAnnotation() {
	switch {
	case p.atAnnotation("custom"):
		p.next()
		p.customAnnotation()
	case p.atAnnotation(hintAnnotation):
		p.hintFault(p.tok().off, "not in a function")
	case p.names.Module != "":
		p.fail("@name annotation: multiple module names, or misplaced @name annotation")
	default:
		p.unexpected("a module field")
	}
}

// customAnnotation parses (@custom "name" placement? "content"*):
// https://webassembly.github.io/spec/core/appendix/custom.html#custom-annotations
func (p *parser) customAnnotation() {
	if p.kind() != tokString {
		p.fail("@custom annotation: missing section name")
		return
	}
	c := custom{last: true}
	at := p.tok().off
	name := p.str("")
	if !utf8.Valid(name) {
		p.failAt(at, "@custom annotation: malformed UTF-8 encoding")
		return
	}
	c.Name = string(name)
	if p.kind() == tokLParen {
		c.After, c.last = p.placement()
	}
	c.Bytes = p.strings()
	if p.err == nil && p.kind() != tokRParen {
		p.fail("@custom annotation: unexpected token %s, expected a string or )", shorten(p.text()))
		return
	}
	p.close()
	p.customs = append(p.customs, c)
}

// sectionWords are the sections that a placement may name, in the order of the
// binary format, so that what comes before one comes after the one above it.
var sectionWords = [...]struct {
	word string
	id   wasm.SectionID
}{
	{"first", wasm.SectionCustom},
	{"type", wasm.SectionType},
	{"import", wasm.SectionImport},
	{"func", wasm.SectionFunction},
	{"table", wasm.SectionTable},
	{"memory", wasm.SectionMemory},
	{"tag", wasm.SectionTag},
	{"global", wasm.SectionGlobal},
	{"export", wasm.SectionExport},
	{"start", wasm.SectionStart},
	{"elem", wasm.SectionElement},
	{"datacount", wasm.SectionDataCount},
	{"code", wasm.SectionCode},
	{"data", wasm.SectionData},
	{"last", wasm.SectionData},
}

// sectionRank is the place of a section in the order of the binary format.
func sectionRank(id wasm.SectionID) int {
	i := 0
	for sectionWords[i].id != id {
		i++
	}
	return i
}

// placement parses (before section) or (after section).
func (p *parser) placement() (after wasm.SectionID, last bool) {
	p.next()
	before := p.atWord("before")
	if !before && !p.atWord("after") {
		p.fail("@custom annotation: malformed placement, expected before or after")
		return 0, false
	}
	p.next()
	i := len(sectionWords) - 1
	for i >= 0 && !p.atWord(sectionWords[i].word) {
		i--
	}
	if i < 0 {
		p.fail("@custom annotation: malformed section kind %s", shorten(p.text()))
		return 0, false
	}
	last = sectionWords[i].word == "last" && !before
	p.next()
	p.close()
	if before && i > 0 {
		i--
	}
	return sectionWords[i].id, last
}

// nameSection is the custom section that keeps identifiers.
const nameSection = "name"

// placeCustoms adds the custom sections to the module, that of the names among
// them, unless the text spells it out.
func (p *parser) placeCustoms() {
	spelled := false
	var last []wasm.Custom
	for _, c := range p.customs {
		spelled = spelled || c.Name == nameSection
		if c.last {
			c.After = wasm.SectionData
			last = append(last, c.Custom)
			continue
		}
		p.m.Customs = append(p.m.Customs, c.Custom)
	}
	slices.SortStableFunc(p.m.Customs, func(a, b wasm.Custom) int { return sectionRank(a.After) - sectionRank(b.After) })
	if names := p.nameContent(); len(names) > 0 && !spelled {
		p.m.Customs = append(p.m.Customs, wasm.Custom{Name: nameSection, After: wasm.SectionData, Bytes: names})
	}
	p.m.Customs = append(p.m.Customs, last...)
}

func (p *parser) nameContent() []byte {
	n := &p.names
	n.Funcs, n.Types, n.Tables = p.spaces[spaceFunc].names, p.spaces[spaceType].names, p.spaces[spaceTable].names
	n.Memories, n.Globals, n.Tags = p.spaces[spaceMemory].names, p.spaces[spaceGlobal].names, p.spaces[spaceTag].names
	n.Elements, n.Data = p.spaces[spaceElem].names, p.spaces[spaceData].names
	return wasm.AppendNames(nil, n)
}
