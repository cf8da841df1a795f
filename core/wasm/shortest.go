package wasm

import "slices"

// Shortest returns the module with each instruction in its shortest form: m itself if Decode saw none in another that
// matters. Numbers may be padded, but not all engines know that. Of an opcode such as fd 8f 00, which is fd 0f, some read
// fd 8f, another instruction, and of a padded memory index only the first byte.
func (m *Module) Shortest() *Module {
	if !m.padded {
		return m
	}
	short := *m
	short.padded = false
	short.Tables = mapped(m.Tables, func(t *Table) {
		if t.Init != nil {
			init := t.Init.shortest()
			t.Init = &init
		}
	})
	short.Globals = mapped(m.Globals, func(g *Global) { g.Init = g.Init.shortest() })
	short.Elements = mapped(m.Elements, func(e *Element) {
		e.Start = e.Start.shortest()
		e.Exprs = mapped(e.Exprs, func(x *Expr) { *x = x.shortest() })
	})
	short.Code = mapped(m.Code, func(c *Code) { c.Body = c.Body.shortest() })
	short.Data = mapped(m.Data, func(d *Data) { d.Start = d.Start.shortest() })
	return &short
}

// mapped returns a copy of items, each changed.
func mapped[T any](items []T, change func(*T)) []T {
	items = slices.Clone(items)
	for i := range items {
		change(&items[i])
	}
	return items
}

func (e Expr) shortest() Expr {
	b := make([]byte, 0, len(e.Bytes))
	for it := NewIter(e); it.Next(); {
		b = it.Append(b)
	}
	return Expr{Bytes: b, Offset: e.Offset}
}
