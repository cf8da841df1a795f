package wat

// declare is the first pass: it finds the fields of the module and gives every
// identifier its index, so that the second pass knows them all.
func (p *parser) declare() {
	firstDef := ""
	for !p.atClose() && p.err == nil {
		if p.kind() == tokAnnot {
			p.moduleAnnotation()
			continue
		}
		if p.kind() != tokLParen {
			p.unexpected("a module field")
			return
		}
		f := field{off: p.tok().off, word: string(p.head())}
		if _, ok := fieldParsers[f.word]; !ok {
			p.next()
			p.unexpected("a module field")
			return
		}
		end := int(p.tok().match)
		p.pos += 2
		firstDef = p.declareField(&f, firstDef)
		p.fields = append(p.fields, f)
		if p.err == nil {
			p.pos = end
			p.close()
		}
	}
}

// declareField declares one field, and checks that imports come before
// definitions, the first of which is firstDef:
// https://webassembly.github.io/spec/core/text/modules.html#text-module
func (p *parser) declareField(f *field, firstDef string) string {
	switch f.word {
	case "import":
		f.imported = true
		f.pos = p.pos
		p.declareImport()
	case "type", "rec":
		p.declareTypes(f)
		return firstDef
	case "export", "start":
		f.pos = p.pos
		return firstDef
	case "elem", "data":
		p.bind(spaceOf[f.word])
		f.pos = p.pos
		return firstDef
	default:
		p.bind(spaceOf[f.word])
		f.pos = p.pos
		f.imported = p.inlineParts(f.word)
	}
	if f.imported && firstDef != "" {
		p.failAt(f.off, "import after %s: imports come before all definitions", definitionNames[firstDef])
	}
	if !f.imported && firstDef == "" {
		return f.word
	}
	return firstDef
}

var definitionNames = map[string]string{
	"func": "function", "table": "table", "memory": "memory", "global": "global", "tag": "tag",
}

var spaceOf = map[string]spaceID{
	"func": spaceFunc, "table": spaceTable, "memory": spaceMemory, "global": spaceGlobal, "tag": spaceTag,
	"elem": spaceElem, "data": spaceData, "type": spaceType,
}

// declareImport declares what an import field brings in. The second pass
// parses the field again, from its start.
func (p *parser) declareImport() {
	start := p.pos
	p.name("a module name")
	p.name("an import name")
	head := p.head()
	s, ok := spaceOf[string(head)]
	if !ok || definitionNames[string(head)] == "" {
		p.next()
		p.unexpected("func, table, memory, global or tag")
		return
	}
	p.pos += 2
	p.bind(s)
	if p.err == nil {
		p.pos = start
	}
}

// declareTypes declares a type or the types of a recursion group.
func (p *parser) declareTypes(f *field) {
	if f.word == "type" {
		p.bind(spaceType)
		f.pos = p.pos
		return
	}
	f.pos = p.pos
	for !p.atClose() {
		end := int(p.tok().match)
		if !p.form("type") {
			p.unexpected("a type definition")
			return
		}
		p.bind(spaceType)
		if p.err == nil {
			p.pos = end
			p.close()
		}
	}
}

// inlineParts looks over the abbreviations at the start of a definition. It
// tells whether there is an inline import, and counts the segment that a table
// or a memory brings with it.
func (p *parser) inlineParts(word string) (imported bool) {
	for p.atForm("export") || p.atForm("import") {
		if p.atForm("import") {
			return true
		}
		p.pos = int(p.tok().match)
		p.close()
	}
	switch word {
	case "table":
		if p.atElemType() {
			p.spaces[spaceElem].count++
		}
	case "memory":
		if p.word("i32"); p.atForm("data") {
			p.spaces[spaceData].count++
		}
	}
	return false
}
