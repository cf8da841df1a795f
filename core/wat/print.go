package wat

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// printer writes a module as text, one field a line, instructions unfolded.
type printer struct {
	m     *wasm.Module
	out   []byte
	ids   identifiers
	depth int
	// next is the index of the next import or definition of each space.
	next [spaceCount]uint32
	// limit bounds the text: a few bytes of binary can stand for many locals.
	limit int
	err   error

	body bodyPrinter
}

// How long the text of a module may be. Real modules stay below 20 bytes of
// text for a byte of code.
const (
	textBase   = 8 << 20
	textFactor = 128
)

// Print writes a module in the text format, so that Parse gives it back. The
// names of its name section become identifiers.
func Print(m *wasm.Module) (string, error) {
	p := &printer{m: m, limit: textBase + textFactor*roughSize(m)}
	p.ids = makeIdentifiers(m)
	p.module()
	if p.err != nil {
		return "", p.err
	}
	return string(p.out), nil
}

// FromBinary translates a module from the binary to the text format.
func FromBinary(b []byte) (string, error) {
	m, err := wasm.Decode(b)
	if err != nil {
		return "", err
	}
	return Print(m)
}

func roughSize(m *wasm.Module) int {
	n := 0
	for i := range m.Code {
		n += len(m.Code[i].Body.Bytes)
	}
	for i := range m.Data {
		n += len(m.Data[i].Bytes)
	}
	for i := range m.Customs {
		n += len(m.Customs[i].Bytes)
	}
	return n
}

// str writes words. It is here that the length of the text is watched.
func (p *printer) str(parts ...string) {
	if len(p.out) > p.limit {
		if p.err == nil {
			p.err = fmt.Errorf("text too long: it would take more than %d bytes", p.limit)
		}
		return
	}
	for _, s := range parts {
		p.out = append(p.out, s...)
	}
}

func (p *printer) num(n uint64) { p.out = strconv.AppendUint(p.out, n, 10) }

// maxIndent keeps the text of deeply nested code linear.
const maxIndent = 50

var indentation = "\n" + strings.Repeat("  ", maxIndent)

// line begins a line.
func (p *printer) line() { p.str(indentation[:1+2*min(p.depth, maxIndent)]) }

// field begins a module field: "(word".
func (p *printer) field(word string) {
	p.line()
	p.str("(", word)
}

func (p *printer) close() { p.out = append(p.out, ')') }

// bind writes what stands for the next index of a space: its identifier, a name
// that cannot be one, and the number as a comment.
func (p *printer) bind(id spaceID) {
	i := p.next[id]
	p.next[id]++
	p.ids.spaces[id].write(p, i)
	p.str(" (;")
	p.num(uint64(i))
	p.str(";)")
}

// ref writes an index.
func (p *printer) ref(id spaceID, i uint32) {
	p.out = append(p.out, ' ')
	p.bareRef(id, i)
}

func (p *printer) bareRef(id spaceID, i uint32) {
	if w := p.ids.spaces[id].ids[i]; w != "" {
		p.str(w)
		return
	}
	p.num(uint64(i))
}

func (p *printer) module() {
	p.str("(module")
	p.ids.module.write(p, 0)
	p.depth++
	p.customs()
	p.types()
	for i := range p.m.Imports {
		p.imported(&p.m.Imports[i])
	}
	for i := range p.m.Code {
		p.function(i)
	}
	p.tables()
	p.memories()
	p.tags()
	p.globals()
	p.exports()
	for i := range p.m.Elements {
		p.element(&p.m.Elements[i])
	}
	for i := range p.m.Data {
		p.data(&p.m.Data[i])
	}
	p.depth--
	p.close()
	p.out = append(p.out, '\n')
}

func (p *printer) imported(i *wasm.Import) {
	p.field("import ")
	p.quote(i.Module)
	p.str(" ")
	p.quote(i.Name)
	p.str(" (", i.Kind.String())
	switch i.Kind {
	case wasm.ExternFunc:
		index := p.next[spaceFunc]
		p.bind(spaceFunc)
		p.typeUse(i.Type)
		p.params(index, i.Type)
	case wasm.ExternTable:
		p.bind(spaceTable)
		p.tableType(i.Table)
	case wasm.ExternMemory:
		p.bind(spaceMemory)
		p.limits(i.Memory)
	case wasm.ExternGlobal:
		p.bind(spaceGlobal)
		p.globalType(i.Global)
	case wasm.ExternTag:
		p.bind(spaceTag)
		p.typeUse(i.Type)
		p.signature(i.Type)
	}
	p.str("))")
}

func (p *printer) tables() {
	for i := range p.m.Tables {
		t := &p.m.Tables[i]
		p.field("table")
		p.bind(spaceTable)
		p.tableType(t.TableType)
		if t.Init != nil {
			p.expr(*t.Init, "")
		}
		p.close()
	}
}

func (p *printer) memories() {
	for _, l := range p.m.Memories {
		p.field("memory")
		p.bind(spaceMemory)
		p.limits(l)
		p.close()
	}
}

func (p *printer) tags() {
	for _, t := range p.m.Tags {
		p.field("tag")
		p.bind(spaceTag)
		p.typeUse(t)
		p.signature(t)
		p.close()
	}
}

func (p *printer) globals() {
	for i := range p.m.Globals {
		g := &p.m.Globals[i]
		p.field("global")
		p.bind(spaceGlobal)
		p.globalType(g.GlobalType)
		p.expr(g.Init, "")
		p.close()
	}
}

var exportSpaces = [...]spaceID{
	wasm.ExternFunc: spaceFunc, wasm.ExternTable: spaceTable, wasm.ExternMemory: spaceMemory,
	wasm.ExternGlobal: spaceGlobal, wasm.ExternTag: spaceTag,
}

func (p *printer) exports() {
	for i := range p.m.Exports {
		e := &p.m.Exports[i]
		p.field("export ")
		p.quote(e.Name)
		p.str(" (", e.Kind.String())
		p.ref(exportSpaces[e.Kind], e.Index)
		p.str("))")
	}
	if p.m.Start != nil {
		p.field("start")
		p.ref(spaceFunc, *p.m.Start)
		p.close()
	}
}

func (p *printer) element(e *wasm.Element) {
	p.field("elem")
	p.bind(spaceElem)
	switch e.Mode {
	case wasm.Declared:
		p.str(" declare")
	case wasm.Active:
		if e.Table != 0 || e.Explicit {
			p.str(" (table")
			p.ref(spaceTable, e.Table)
			p.close()
		}
		p.expr(e.Start, "offset")
	}
	if !e.UsesExprs {
		p.str(" func")
		for _, f := range e.Funcs {
			p.ref(spaceFunc, f)
		}
		p.close()
		return
	}
	p.str(" ")
	p.valType(e.Type)
	for _, x := range e.Exprs {
		p.expr(x, "item")
	}
	p.close()
}

func (p *printer) data(d *wasm.Data) {
	p.field("data")
	p.bind(spaceData)
	if d.Mode == wasm.Active {
		if d.Memory != 0 || d.Explicit {
			p.str(" (memory")
			p.ref(spaceMemory, d.Memory)
			p.close()
		}
		p.expr(d.Start, "offset")
	}
	p.str(" ")
	p.quoteBytes(d.Bytes)
	p.close()
}

// customs writes the custom sections that are no names, and that of the names
// if identifiers do not say it all.
func (p *printer) customs() {
	behindNames := false
	for i := range p.m.Customs {
		c := &p.m.Customs[i]
		if c.Name == nameSection && !p.ids.raw {
			behindNames = true
			continue
		}
		p.field("@custom ")
		p.quote(c.Name)
		if !behindNames {
			p.placement(lastBefore(p.m, c.After))
		}
		p.str(" ")
		p.quoteBytes(c.Bytes)
		p.close()
	}
}

func (p *printer) placement(after wasm.SectionID) {
	if after == wasm.SectionCustom {
		p.str(" (before first)")
		return
	}
	for _, s := range sectionWords {
		if s.id == after {
			p.str(" (after ", s.word, ")")
			return
		}
	}
}
