package wat

import (
	"github.com/pywasm-go/pywasm/core/wasm"
)

// The second pass: one function for each kind of module field, called behind
// its keyword and identifier.
// https://webassembly.github.io/spec/core/text/modules.html

func (p *parser) importField(f *field) {
	imp := wasm.Import{Module: p.name("a module name"), Name: p.name("an import name")}
	word := string(p.head())
	p.form(word)
	p.bindingName()
	p.importType(word, imp)
	p.close()
	p.close()
}

// importType parses the type of an import and adds the import.
func (p *parser) importType(word string, imp wasm.Import) {
	switch word {
	case "func":
		imp.Kind = wasm.ExternFunc
		imp.Type = p.namedTypeUse(p.functionIndex())
	case "tag":
		imp.Kind = wasm.ExternTag
		imp.Type, _ = p.typeUse(nil)
	case "table":
		imp.Kind = wasm.ExternTable
		imp.Table = p.tableType()
	case "memory":
		imp.Kind = wasm.ExternMemory
		imp.Memory = p.memoryType()
	case "global":
		imp.Kind = wasm.ExternGlobal
		imp.Global = p.globalType()
	}
	p.m.Imports = append(p.m.Imports, imp)
	p.defined[imp.Kind]++
}

// functionIndex is the index of the function being parsed.
func (p *parser) functionIndex() uint32 { return p.defined[wasm.ExternFunc] }

// namedTypeUse parses the type use of an imported function. It has no locals,
// but its parameters may have names.
func (p *parser) namedTypeUse(index uint32) uint32 {
	p.fn.reset(index)
	i, _ := p.typeUse(p.bindLocal)
	p.keepNames()
	return i
}

// definition parses what all definitions may begin with: exports of what is
// defined, and an import in place of its content. It is false if the import has
// ended the field.
func (p *parser) definition(f *field, kind wasm.ExternKind) bool {
	index := p.defined[kind]
	for p.form("export") {
		e := wasm.Export{Name: p.name("an export name"), Kind: kind, Index: index}
		p.m.Exports = append(p.m.Exports, e)
		p.close()
	}
	if !p.form("import") {
		p.defined[kind]++
		return true
	}
	imp := wasm.Import{Module: p.name("a module name"), Name: p.name("an import name")}
	p.close()
	p.importType(f.word, imp)
	p.close()
	return false
}

func (p *parser) tableField(f *field) {
	if !p.definition(f, wasm.ExternTable) {
		return
	}
	var t wasm.Table
	if p.addressType(); p.atElemType() {
		t.Elem = p.refType("a reference type")
		p.inlineElem(&t)
	} else {
		t.Limits = p.limits()
		t.Elem = p.refType("a reference type")
		if p.kind() != tokRParen {
			e := p.expr()
			t.Init = &e
		}
	}
	p.m.Tables = append(p.m.Tables, t)
	p.close()
}

// atElemType tells whether a reference type, and so an inline element segment,
// is next in a table.
func (p *parser) atElemType() bool {
	p.word("i32")
	return p.kind() == tokKeyword && !p.atWord("i64") || p.atForm("ref")
}

func (p *parser) tableType() (t wasm.TableType) {
	p.addressType()
	t.Limits = p.limits()
	t.Elem = p.refType("a reference type")
	return t
}

// addressType passes the type that addresses have, if it is written.
func (p *parser) addressType() {
	if p.atWord("i64") {
		p.refuse(p.tok().off, wasm.Memory64, "64-bit addresses")
	}
	p.word("i32")
}

// limits parses a minimum and, optionally, a maximum. Whether they are too
// large is for the validator to say.
func (p *parser) limits() (l wasm.Limits) {
	l.Min = p.nat(64, "a minimum size")
	if p.kind() == tokNat {
		l.Max, l.HasMax = p.nat(64, "a maximum size"), true
	}
	return l
}

func (p *parser) memoryType() wasm.Limits {
	p.addressType()
	l := p.limits()
	l.Shared = p.word("shared")
	return l
}

func (p *parser) memoryField(f *field) {
	if !p.definition(f, wasm.ExternMemory) {
		return
	}
	p.addressType()
	if p.form("data") {
		p.inlineData()
	} else {
		p.m.Memories = append(p.m.Memories, p.memoryType())
	}
	p.close()
}

func (p *parser) globalType() (g wasm.GlobalType) {
	if !p.form("mut") {
		g.Type = p.valType()
		return g
	}
	g.Mutable = true
	g.Type = p.valType()
	p.close()
	return g
}

func (p *parser) globalField(f *field) {
	if !p.definition(f, wasm.ExternGlobal) {
		return
	}
	g := wasm.Global{GlobalType: p.globalType()}
	g.Init = p.expr()
	p.m.Globals = append(p.m.Globals, g)
	p.close()
}

func (p *parser) tagField(f *field) {
	if !p.definition(f, wasm.ExternTag) {
		return
	}
	t, _ := p.typeUse(nil)
	p.m.Tags = append(p.m.Tags, t)
	p.close()
}

var externKinds = map[string]wasm.ExternKind{
	"func": wasm.ExternFunc, "table": wasm.ExternTable, "memory": wasm.ExternMemory,
	"global": wasm.ExternGlobal, "tag": wasm.ExternTag,
}

func (p *parser) exportField(*field) {
	e := wasm.Export{Name: p.name("an export name")}
	word := string(p.head())
	kind, ok := externKinds[word]
	if !ok {
		p.accept(tokLParen)
		p.unexpected("func, table, memory, global or tag")
		return
	}
	p.form(word)
	e.Kind, e.Index = kind, p.index(spaceOf[word])
	p.close()
	p.m.Exports = append(p.m.Exports, e)
	p.close()
}

func (p *parser) startField(f *field) {
	if p.m.Start != nil {
		p.failAt(f.off, "multiple start sections")
		return
	}
	i := p.index(spaceFunc)
	p.m.Start = &i
	p.close()
}
