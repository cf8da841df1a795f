package wat

import "github.com/pywasm-go/pywasm/core/wasm"

func (p *printer) types() {
	groups := p.m.RecGroups
	for i := 0; i < len(p.m.Types) || len(groups) > 0; {
		if len(groups) == 0 || int(groups[0].First) != i {
			p.typeDef(i)
			i++
			continue
		}
		p.field("rec")
		p.depth++
		for range groups[0].Len {
			p.typeDef(i)
			i++
		}
		p.depth--
		p.close()
		groups = groups[1:]
	}
}

func (p *printer) typeDef(i int) {
	p.field("type")
	p.bind(spaceType)
	p.str(" (func")
	p.signature(uint32(i))
	p.str("))")
}

func (p *printer) valType(t wasm.ValType) {
	i, indexed := t.TypeIndex()
	switch {
	case !indexed:
		p.str(t.String())
	case t.Nullable():
		p.str("(ref null ")
		p.bareRef(spaceType, i)
		p.close()
	default:
		p.str("(ref ")
		p.bareRef(spaceType, i)
		p.close()
	}
}

func (p *printer) heapType(h wasm.HeapType) {
	p.str(" ")
	if i, ok := h.TypeIndex(); ok {
		p.bareRef(spaceType, i)
		return
	}
	p.str(h.String())
}

func (p *printer) typeUse(i uint32) {
	p.str(" (type")
	p.ref(spaceType, i)
	p.close()
}

// signature writes the parameters and results of a type, without names.
func (p *printer) signature(i uint32) {
	if int(i) >= len(p.m.Types) || p.err != nil {
		return
	}
	p.valTypes("param", p.m.Types[i].Params)
	p.valTypes("result", p.m.Types[i].Results)
}

func (p *printer) valTypes(word string, types []wasm.ValType) {
	if len(types) == 0 {
		return
	}
	p.str(" (", word)
	for _, t := range types {
		p.str(" ")
		p.valType(t)
	}
	p.close()
}

// params writes the parameters of a function, with their names, and its results.
func (p *printer) params(function, typ uint32) {
	if int(typ) >= len(p.m.Types) || p.err != nil {
		return
	}
	t := p.m.Types[typ]
	names := p.ids.locals[function]
	open := false
	for i, v := range t.Params {
		open = p.declare("param", names, uint32(i), v, open)
	}
	if open {
		p.close()
	}
	p.valTypes("result", t.Results)
}

// declare writes a parameter or local. Those without names share parentheses,
// which open tells to be open before, and the result behind.
func (p *printer) declare(word string, names *idSpace, i uint32, t wasm.ValType, open bool) bool {
	named := names.has(i)
	if open && named {
		p.close()
		open = false
	}
	if !open {
		p.str(" (", word)
		names.write(p, i)
	}
	p.str(" ")
	p.valType(t)
	if named {
		p.close()
		return false
	}
	return true
}

func (p *printer) tableType(t wasm.TableType) {
	p.limits(t.Limits)
	p.str(" ")
	p.valType(t.Elem)
}

func (p *printer) limits(l wasm.Limits) {
	p.str(" ")
	p.num(l.Min)
	if l.HasMax {
		p.str(" ")
		p.num(l.Max)
	}
	if l.Shared {
		p.str(" shared")
	}
}

func (p *printer) globalType(g wasm.GlobalType) {
	p.str(" ")
	if g.Mutable {
		p.str("(mut ")
	}
	p.valType(g.Type)
	if g.Mutable {
		p.close()
	}
}
