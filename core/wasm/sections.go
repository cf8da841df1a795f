package wasm

// types reads the type section: function types, alone or in recursion groups.
//
// https://webassembly.github.io/spec/core/binary/types.html#recursive-types
func (d *decoder) types() {
	n := d.count()
	d.m.Types = make([]FuncType, 0, min(n, 1024))
	for i := 0; i < n && d.err == nil; i++ {
		if len(d.m.Types) > maxItems {
			d.fail(d.pos, "too many types")
		}
		if d.peek() != 0x4E {
			d.m.Types = append(d.m.Types, d.funcType())
			continue
		}
		d.pos++
		group := RecGroup{First: uint32(len(d.m.Types))}
		group.Len = uint32(d.count())
		for j := uint32(0); j < group.Len && d.err == nil; j++ {
			d.m.Types = append(d.m.Types, d.funcType())
		}
		d.m.RecGroups = append(d.m.RecGroups, group)
	}
}

func (d *decoder) valTypes() []ValType {
	n := d.count()
	types := d.valTypeArena.take(n)
	for i := 0; i < n && d.err == nil; i++ {
		types = append(types, d.valType())
	}
	return types
}

func (d *decoder) funcType() FuncType {
	start := d.pos
	switch c := d.byte(); {
	case c == 0x60:
		t := FuncType{Params: d.valTypes()}
		t.Results = d.valTypes()
		return t
	case c == 0x5F:
		for range d.count() {
			d.fieldType()
		}
		d.refuse(start, GC, "struct type")
	case c == 0x5E:
		d.fieldType()
		d.refuse(start, GC, "array type")
	case c == 0x50 || c == 0x4F:
		d.refuse(start, GC, "sub type")
	case c == 0x5D:
		d.refuse(start, StackSwitching, "continuation type")
	case c == 0x4D || c == 0x4C:
		d.refuse(start, CustomDescriptors, "descriptor type")
	case c >= 0x80:
		d.fail(start, msgTooLong)
	default:
		d.fail(start, "malformed definition type")
	}
	return FuncType{}
}

// fieldType reads past the type of a field, only to tell a malformed one from one that is not supported.
func (d *decoder) fieldType() {
	switch d.peek() {
	case 0x77, 0x78: // i16, i8
		d.pos++
	default:
		d.valType()
	}
	d.mutability()
}

func (d *decoder) importItem() Import {
	i := Import{Offset: d.pos}
	i.Module = d.name()
	i.Name = d.name()
	start := d.pos
	i.Kind = ExternKind(d.byte())
	switch i.Kind {
	case ExternFunc:
		i.Type = d.u32()
	case ExternTable:
		i.Table = d.tableType()
	case ExternMemory:
		i.Memory = d.limits(ExternMemory)
	case ExternGlobal:
		i.Global = d.globalType()
	case ExternTag:
		i.Type = d.tag()
	case 0x20:
		d.refuse(start, CustomDescriptors, "import of an exact function type")
	default:
		d.fail(start, "malformed import kind")
	}
	return i
}

func (d *decoder) index() uint32 { return d.u32() }

func (d *decoder) optional() *uint32 {
	n := d.u32()
	return &n
}

// tag reads an attribute, which is zero, and the type index of a tag.
func (d *decoder) tag() uint32 {
	if d.byte() != 0 {
		d.fail(d.pos-1, "malformed tag attribute")
	}
	return d.u32()
}

func (d *decoder) table() Table {
	t := Table{Offset: d.pos}
	if d.peek() != 0x40 {
		t.TableType = d.tableType()
		return t
	}
	d.pos++
	if d.byte() != 0 {
		d.fail(d.pos-1, "zero byte expected")
	}
	t.TableType = d.tableType()
	init := d.constExpr()
	t.Init = &init
	return t
}

func (d *decoder) memory() Limits { return d.limits(ExternMemory) }

func (d *decoder) global() Global {
	g := Global{GlobalType: d.globalType()}
	g.Init = d.constExpr()
	return g
}

func (d *decoder) export() Export {
	e := Export{Offset: d.pos}
	e.Name = d.name()
	e.Kind = ExternKind(d.byte())
	if e.Kind > ExternTag {
		d.fail(d.pos-1, "malformed export kind")
	}
	e.Index = d.u32()
	return e
}

// element reads an element segment; appendElement explains the flags.
func (d *decoder) element() Element {
	e := Element{Offset: d.pos, Type: Ref(HeapFunc, false)}
	flags := d.u32()
	if flags > 7 {
		d.fail(e.Offset, "malformed elements segment kind")
		return e
	}
	e.UsesExprs = flags&4 != 0
	short := flags&3 == 0
	switch {
	case flags&3 == 1:
		e.Mode = Passive
	case flags&3 == 3:
		e.Mode = Declared
	default:
		if !short {
			e.Table = d.u32()
		}
		e.Start = d.constExpr()
	}
	switch {
	case short && e.UsesExprs:
		e.Type = FuncRef
	case e.UsesExprs:
		e.Type = d.refType()
	case !short && d.byte() != 0:
		d.fail(d.pos-1, "malformed element kind")
	}
	e.Explicit = flags&3 == 2 && e.Table == 0 && (e.Type == FuncRef || !e.UsesExprs)
	if e.UsesExprs {
		e.Exprs = readVector(d, (*decoder).constExpr)
	} else {
		e.Funcs = readVector(d, (*decoder).index)
	}
	return e
}

func (d *decoder) dataItem() Data {
	s := Data{Offset: d.pos}
	switch flags := d.u32(); flags {
	case 0:
		s.Start = d.constExpr()
	case 1:
		s.Mode = Passive
	case 2:
		s.Memory = d.u32()
		s.Explicit = s.Memory == 0
		s.Start = d.constExpr()
	default:
		d.fail(s.Offset, "malformed data segment kind")
	}
	s.Bytes = d.bytes(d.u32())
	return s
}
