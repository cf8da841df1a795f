package wasm

import "slices"

// header is the magic number and the version.
const header = "\x00asm\x01\x00\x00\x00"

// Encode returns the module in the binary format, every number outside of bodies in its shortest form. What Decode read
// from such a file is given back byte for byte.
//
// https://webassembly.github.io/spec/core/binary/modules.html
func (m *Module) Encode() []byte {
	b := append(make([]byte, 0, m.sizeHint()), header...)
	var content []byte
	b = m.appendCustoms(b, SectionCustom)
	for _, id := range sectionOrder {
		content = m.appendContent(content[:0], id)
		if len(content) == 0 && m.hasSection(id) {
			content = append(content, 0) // a section of no items, kept as it was
		}
		if len(content) > 0 {
			b = AppendSection(b, id, content)
		}
		b = m.appendCustoms(b, id)
	}
	return b
}

func (m *Module) hasSection(id SectionID) bool {
	return slices.ContainsFunc(m.Sections, func(s Section) bool { return s.ID == id })
}

// sizeHint is about the size of the encoded module.
func (m *Module) sizeHint() int {
	n := 1024 + 8*(len(m.Types)+len(m.Imports)+len(m.Funcs)+len(m.Exports))
	for i := range m.Code {
		n += len(m.Code[i].Body.Bytes) + 8
	}
	for i := range m.Data {
		n += len(m.Data[i].Bytes) + 16
	}
	for i := range m.Customs {
		n += len(m.Customs[i].Bytes) + 32
	}
	return n
}

func (m *Module) appendCustoms(b []byte, after SectionID) []byte {
	for i := range m.Customs {
		if c := &m.Customs[i]; c.After == after {
			b = AppendSection(b, SectionCustom, append(AppendName(nil, c.Name), c.Bytes...))
		}
	}
	return b
}

// appendContent appends the content of a section, or nothing if there is none.
func (m *Module) appendContent(b []byte, id SectionID) []byte {
	switch id {
	case SectionType:
		return m.appendTypes(b)
	case SectionImport:
		return appendVector(b, m.Imports, appendImport)
	case SectionFunction:
		return appendVector(b, m.Funcs, func(b []byte, t *uint32) []byte { return AppendU32(b, *t) })
	case SectionTable:
		return appendVector(b, m.Tables, appendTable)
	case SectionMemory:
		return appendVector(b, m.Memories, func(b []byte, l *Limits) []byte { return AppendLimits(b, *l) })
	case SectionTag:
		return appendVector(b, m.Tags, appendTag)
	case SectionGlobal:
		return appendVector(b, m.Globals, func(b []byte, g *Global) []byte {
			return append(AppendGlobalType(b, g.GlobalType), g.Init.Bytes...)
		})
	case SectionExport:
		return appendVector(b, m.Exports, func(b []byte, e *Export) []byte {
			return AppendU32(append(AppendName(b, e.Name), byte(e.Kind)), e.Index)
		})
	case SectionStart:
		return appendOptional(b, m.Start)
	case SectionElement:
		return appendVector(b, m.Elements, appendElement)
	case SectionDataCount:
		return appendOptional(b, m.DataCount)
	case SectionCode:
		return appendVector(b, m.Code, appendCode)
	case SectionData:
		return appendVector(b, m.Data, appendData)
	}
	return b
}

func appendVector[T any](b []byte, items []T, appendItem func([]byte, *T) []byte) []byte {
	if len(items) == 0 {
		return b
	}
	b = AppendU32(b, uint32(len(items)))
	for i := range items {
		b = appendItem(b, &items[i])
	}
	return b
}

func appendOptional(b []byte, n *uint32) []byte {
	if n == nil {
		return b
	}
	return AppendU32(b, *n)
}

func (m *Module) appendTypes(b []byte) []byte {
	if len(m.Types) == 0 && len(m.RecGroups) == 0 {
		return b
	}
	groups := len(m.Types) + len(m.RecGroups)
	for _, g := range m.RecGroups {
		groups -= int(g.Len)
	}
	b = AppendU32(b, uint32(groups))
	rest := m.RecGroups
	for i := uint32(0); int(i) < len(m.Types) || len(rest) > 0; {
		n := uint32(1)
		if len(rest) > 0 && rest[0].First == i {
			n = rest[0].Len
			b = AppendU32(append(b, 0x4E), n)
			rest = rest[1:]
		}
		for _, t := range m.Types[i : i+n] {
			b = appendFuncType(b, t)
		}
		i += n
	}
	return b
}

func appendFuncType(b []byte, t FuncType) []byte {
	b = append(b, 0x60)
	for _, types := range [...][]ValType{t.Params, t.Results} {
		b = AppendU32(b, uint32(len(types)))
		for _, t := range types {
			b = AppendValType(b, t)
		}
	}
	return b
}

func appendImport(b []byte, i *Import) []byte {
	b = append(AppendName(AppendName(b, i.Module), i.Name), byte(i.Kind))
	switch i.Kind {
	case ExternTable:
		return AppendTableType(b, i.Table)
	case ExternMemory:
		return AppendLimits(b, i.Memory)
	case ExternGlobal:
		return AppendGlobalType(b, i.Global)
	case ExternTag:
		return appendTag(b, &i.Type)
	}
	return AppendU32(b, i.Type)
}

func appendTag(b []byte, t *uint32) []byte { return AppendU32(append(b, 0), *t) }

func appendTable(b []byte, t *Table) []byte {
	if t.Init == nil {
		return AppendTableType(b, t.TableType)
	}
	return append(AppendTableType(append(b, 0x40, 0), t.TableType), t.Init.Bytes...)
}

// appendElement appends an element segment. Bit 0 of the flags says passive or declared, bit 1 explicit table or
// declared, bit 2 expressions.
//
// https://webassembly.github.io/spec/core/binary/modules.html#element-section
func appendElement(b []byte, e *Element) []byte {
	short := e.Mode == Active && e.Table == 0 && !e.Explicit && (e.Type == FuncRef || !e.UsesExprs)
	var flags byte
	if e.Mode != Active {
		flags |= 1
	}
	if e.Mode == Declared || e.Mode == Active && !short {
		flags |= 2
	}
	if e.UsesExprs {
		flags |= 4
	}
	b = append(b, flags)
	if e.Mode == Active {
		if !short {
			b = AppendU32(b, e.Table)
		}
		b = append(b, e.Start.Bytes...)
	}
	if !e.UsesExprs {
		if !short {
			b = append(b, 0) // the items are functions
		}
		b = AppendU32(b, uint32(len(e.Funcs)))
		for _, f := range e.Funcs {
			b = AppendU32(b, f)
		}
		return b
	}
	if !short {
		b = AppendValType(b, e.Type)
	}
	b = AppendU32(b, uint32(len(e.Exprs)))
	for i := range e.Exprs {
		b = append(b, e.Exprs[i].Bytes...)
	}
	return b
}

func appendData(b []byte, d *Data) []byte {
	switch {
	case d.Mode == Passive:
		b = append(b, 1)
	case d.Memory != 0 || d.Explicit:
		b = append(AppendU32(append(b, 2), d.Memory), d.Start.Bytes...)
	default:
		b = append(append(b, 0), d.Start.Bytes...)
	}
	return AppendName(b, d.Bytes)
}

func appendCode(b []byte, c *Code) []byte {
	start := len(b)
	b = AppendU32(b, uint32(len(c.Locals)))
	for _, run := range c.Locals {
		b = AppendValType(AppendU32(b, run.Count), run.Type)
	}
	var size [5]byte
	n := AppendU32(size[:0], uint32(len(b)-start+len(c.Body.Bytes)))
	b = append(b, n...)
	copy(b[start+len(n):], b[start:])
	copy(b[start:], n)
	return append(b, c.Body.Bytes...)
}
