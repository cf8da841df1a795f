package wat

import "github.com/pywasm-go/pywasm/core/wasm"

// label is a block that branches may name. The name is empty if it has none.
type label struct {
	name string
	// outer is the label of the same name that this one hides, plus one.
	outer uint32
}

// block parses the head of a block, encodes it, and opens the block. The labels
// that catch clauses name are those outside of it.
func (p *parser) block(op wasm.Opcode, kind frameKind) {
	name := p.labelName()
	p.placeHint(p.takeHint())
	p.body.code = p.blockType(op.Append(p.body.code))
	if op == wasm.OpTryTable {
		p.body.code = p.catches(p.body.code)
	}
	p.openLabel(name)
	p.push(kind)
}

// labelName passes the identifier of a block. What the name section will call
// the block is noted at once.
func (p *parser) labelName() (id string) {
	if p.kind() == tokID {
		id = p.identifier(p.tok())
	}
	if name, ok := p.bindingName(); ok {
		p.fn.labelNames = named(p.fn.labelNames, p.fn.blocks, name)
	}
	p.fn.blocks++
	return id
}

func (p *parser) openLabel(name string) {
	b := &p.body
	l := label{name: name}
	if name != "" {
		l.outer = b.byName[name]
		b.byName[name] = uint32(len(b.labels)) + 1
	}
	b.labels = append(b.labels, l)
}

func (p *parser) closeLabel() {
	b := &p.body
	l := b.labels[len(b.labels)-1]
	b.labels = b.labels[:len(b.labels)-1]
	if l.name != "" {
		b.byName[l.name] = l.outer
	}
}

// label passes a label: how many blocks lie between here and the one meant.
func (p *parser) label() uint32 {
	if p.kind() != tokID {
		return uint32(p.nat(32, "a label"))
	}
	t := p.next()
	i := p.body.byName[string(p.idBytes(t))]
	if i == 0 {
		p.failAt(t.off, "unknown label %s", shorten(p.spelling(t)))
	}
	return uint32(len(p.body.labels)) - i
}

// sameLabel passes the label that "else" and "end" may repeat.
func (p *parser) sameLabel() {
	if p.kind() != tokID {
		return
	}
	t := p.next()
	if string(p.idBytes(t)) != p.body.labels[len(p.body.labels)-1].name {
		p.failAt(t.off, "mismatching label %s", shorten(p.spelling(t)))
	}
}

// blockType parses and encodes the type of a block:
// https://webassembly.github.io/spec/core/text/instructions.html#text-blocktype
func (p *parser) blockType(dst []byte) []byte {
	if !p.atForm("type") {
		start := p.pos
		t := p.signature(p.noNames)
		switch {
		case len(t.Params) == 0 && len(t.Results) == 0:
			return wasm.AppendBlockType(dst, wasm.BlockType{})
		case len(t.Params) == 0 && len(t.Results) == 1:
			return wasm.AppendBlockType(dst, wasm.BlockType{Result: t.Results[0]})
		}
		if p.err != nil {
			return dst
		}
		p.pos = start
	}
	i, _ := p.typeUse(p.noNames)
	return wasm.AppendBlockType(dst, wasm.BlockType{Index: i, Indexed: true})
}

// catchOps are the clauses of try_table by their keyword.
var catchOps = map[string]byte{
	"catch": wasm.CatchTag, "catch_ref": wasm.CatchTagRef,
	"catch_all": wasm.CatchAll, "catch_all_ref": wasm.CatchAllRef,
}

// catches parses and encodes the clauses of try_table.
func (p *parser) catches(dst []byte) []byte {
	p.clauses = p.clauses[:0]
	n := uint32(0)
	for {
		kind, ok := catchOps[string(p.head())]
		if !ok {
			return append(wasm.AppendU32(dst, n), p.clauses...)
		}
		p.pos += 2
		c := wasm.Catch{Kind: kind}
		if kind == wasm.CatchTag || kind == wasm.CatchTagRef {
			c.Tag = p.index(spaceTag)
		}
		c.Label = p.label()
		p.close()
		p.clauses = wasm.AppendCatch(p.clauses, c)
		n++
	}
}
