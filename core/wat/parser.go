package wat

import (
	"github.com/pywasm-go/pywasm/core/wasm"
)

// parser turns the tokens of one module into a wasm.Module, in two passes over
// its fields: the first gives every identifier its index, the second builds, and
// encodes instructions as it meets them. So identifiers may be used before they
// are defined, and nothing but the module is kept in memory.
type parser struct {
	cursor
	m      wasm.Module
	spaces [spaceCount]space
	fields []field
	// implicit finds the type that an abbreviated type use stands for.
	implicit map[string]uint32
	sigKey   []byte
	// beyond are type uses whose index named no type when they were met.
	beyond []beyondUse
	// defined counts the imports and definitions of each kind so far.
	defined [wasm.ExternTag + 1]uint32
	fn      function
	body    body
	clauses []byte
	names   wasm.Names
	customs []custom
	// hints is the content of the section of branch hints, hinted the number of
	// functions in it.
	hints  []byte
	hinted uint32
	// usesData tells that an instruction refers to a data segment, so that the
	// binary needs a data count section.
	usesData bool
}

// field is a module field as the first pass saw it.
type field struct {
	word string
	// pos is the token after the keyword and the identifier.
	pos int
	// off is where the field begins in the source.
	off uint32
	// imported tells that the field holds an inline import.
	imported bool
}

// Parse reads a module in the text format: "(module ...)", or its fields alone.
// It does not validate. Identifiers become a name section.
//
// https://webassembly.github.io/spec/core/text/modules.html
func Parse(src []byte) (*wasm.Module, error) {
	p := newParser(newCursor(src))
	if p.form("module") {
		p.module()
		p.close()
	} else {
		p.moduleFields()
	}
	if p.kind() != tokEOF {
		p.unexpected("the end of the text")
	}
	if p.err != nil {
		return nil, p.err
	}
	return &p.m, nil
}

func newParser(c cursor) *parser {
	p := &parser{cursor: c, implicit: map[string]uint32{}}
	p.names.Locals, p.names.Labels = map[uint32]wasm.NameMap{}, map[uint32]wasm.NameMap{}
	for i := range p.spaces {
		p.spaces[i].info = &spaceInfos[i]
	}
	return p
}

// module parses what follows "(module", up to its closing parenthesis.
func (p *parser) module() {
	p.names.Module, _ = p.bindingName()
	p.moduleFields()
}

func (p *parser) moduleFields() {
	start := p.pos
	p.declare()
	if p.err != nil {
		return
	}
	end := p.pos
	p.pos = start
	p.types()
	for i := 0; i < len(p.fields) && p.err == nil; i++ {
		f := &p.fields[i]
		p.pos = f.pos
		fieldParsers[f.word](p, f)
	}
	p.checkBeyond()
	if p.err != nil {
		return
	}
	p.pos = end
	p.finish()
}

// fieldParsers are what the second pass calls; types were parsed before. (Set in
// init, as these functions lead back to it.)
var fieldParsers map[string]func(*parser, *field)

func init() {
	nothing := func(*parser, *field) {}
	fieldParsers = map[string]func(*parser, *field){
		"type": nothing, "rec": nothing,
		"import": (*parser).importField, "func": (*parser).funcField, "table": (*parser).tableField,
		"memory": (*parser).memoryField, "global": (*parser).globalField, "tag": (*parser).tagField,
		"export": (*parser).exportField, "start": (*parser).startField,
		"elem": (*parser).elemField, "data": (*parser).dataField,
	}
}

// finish adds what follows from the whole of the module.
func (p *parser) finish() {
	if p.usesData {
		n := uint32(len(p.m.Data))
		p.m.DataCount = &n
	}
	p.placeHints()
	p.placeCustoms()
}
