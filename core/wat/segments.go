package wat

import "github.com/pywasm-go/pywasm/core/wasm"

const pageSize = 1 << 16

// inlineData parses the data that a memory is defined with; the memory is as
// large as the data needs.
func (p *parser) inlineData() {
	b := p.strings()
	pages := uint64(len(b)+pageSize-1) / pageSize
	p.m.Data = append(p.m.Data, wasm.Data{
		Memory: uint32(p.defined[wasm.ExternMemory] - 1), Start: zeroExpr(), Bytes: b,
	})
	p.m.Memories = append(p.m.Memories, wasm.Limits{Min: pages, Max: pages, HasMax: true})
	p.close()
}

// zeroExpr is the constant expression (i32.const 0).
func zeroExpr() wasm.Expr {
	return wasm.Expr{Bytes: wasm.OpEnd.Append(wasm.AppendS32(wasm.OpI32Const.Append(nil), 0))}
}

// dataField parses a data segment. The index of the memory may also be given as
// the first version of the format did, by a number alone.
// https://webassembly.github.io/spec/core/text/modules.html#data-segments
func (p *parser) dataField(*field) {
	d := wasm.Data{Mode: wasm.Passive}
	switch {
	case p.form("memory"):
		d.Mode, d.Explicit = wasm.Active, true
		d.Memory = p.optIndex(spaceMemory)
		p.close()
		d.Start = p.offset()
	case p.kind() == tokNat:
		d.Mode = wasm.Active
		d.Memory = p.optIndex(spaceMemory)
		d.Start = p.offset()
	case p.kind() == tokLParen:
		d.Mode = wasm.Active
		d.Start = p.offset()
	}
	d.Bytes = p.strings()
	p.m.Data = append(p.m.Data, d)
	p.close()
}

// offset parses where an active segment begins.
func (p *parser) offset() wasm.Expr {
	if !p.form("offset") {
		return p.foldedExpr("an offset")
	}
	e := p.expr()
	p.close()
	return e
}

// elemField parses an element segment. The index of the table may also be given
// as the first version of the format did, by a number alone.
// https://webassembly.github.io/spec/core/text/modules.html#element-segments
func (p *parser) elemField(*field) {
	e := wasm.Element{Mode: wasm.Passive}
	short := false
	switch {
	case p.word("declare"):
		e.Mode = wasm.Declared
	case p.form("table"):
		e.Mode, e.Explicit = wasm.Active, true
		e.Table = p.index(spaceTable)
		p.close()
		e.Start = p.offset()
	case p.kind() == tokNat || p.kind() == tokLParen && !p.atForm("ref"):
		e.Mode = wasm.Active
		e.Table = p.optIndex(spaceTable)
		e.Start = p.offset()
		short = p.kind() != tokKeyword && !p.atForm("ref")
	}
	p.elemList(&e, short)
	p.m.Elements = append(p.m.Elements, e)
	p.close()
}

// inlineElem parses the elements that a table is defined with.
func (p *parser) inlineElem(t *wasm.Table) {
	if !p.form("elem") {
		p.unexpected("(elem")
		return
	}
	e := wasm.Element{Table: p.defined[wasm.ExternTable] - 1, Start: zeroExpr(), Type: t.Elem}
	switch {
	case p.kind() == tokLParen:
		p.elemExprs(&e)
	case t.Elem.Heap() == wasm.HeapFunc:
		p.elemFuncs(&e)
	default:
		p.elemFuncExprs(&e)
	}
	n := uint64(e.Len())
	t.Limits = wasm.Limits{Min: n, Max: n, HasMax: true}
	p.m.Elements = append(p.m.Elements, e)
	p.close()
}

// elemList parses the type and the items of a segment; if short, the type is
// left out and the items are functions.
func (p *parser) elemList(e *wasm.Element, short bool) {
	if short || p.word("func") {
		p.elemFuncs(e)
		return
	}
	e.Type = p.refType("func or a reference type")
	p.elemExprs(e)
}

// elemFuncs parses function indices.
func (p *parser) elemFuncs(e *wasm.Element) {
	e.Type = wasm.Ref(wasm.HeapFunc, false)
	for p.atIndex() {
		e.Funcs = append(e.Funcs, p.index(spaceFunc))
	}
}

// elemFuncExprs parses function indices that stand for expressions: the binary
// format has the short form for segments of type (ref func) only.
func (p *parser) elemFuncExprs(e *wasm.Element) {
	e.UsesExprs = true
	for p.atIndex() {
		code := wasm.AppendU32(wasm.OpRefFunc.Append(nil), p.index(spaceFunc))
		e.Exprs = append(e.Exprs, wasm.Expr{Bytes: wasm.OpEnd.Append(code)})
	}
}

func (p *parser) elemExprs(e *wasm.Element) {
	e.UsesExprs = true
	for p.kind() == tokLParen {
		if p.form("item") {
			e.Exprs = append(e.Exprs, p.expr())
			p.close()
			continue
		}
		e.Exprs = append(e.Exprs, p.foldedExpr("an element"))
	}
}
