package wasm

import "unicode/utf8"

// decoder reads the sections of a module. r.b ends where the section that is being read ends.
type decoder struct {
	reader
	m    *Module
	file []byte
	last SectionID // the last section that is not custom
	bodyScanner
	valTypeArena arena[ValType]
	runs         arena[LocalRun]
}

// arena hands out parts of larger allocations.
type arena[T any] struct{ free []T }

// take returns an empty slice with room for n items.
func (a *arena[T]) take(n int) []T {
	if n > cap(a.free) {
		if n > 512 {
			return make([]T, 0, n)
		}
		a.free = make([]T, 0, 1024)
	}
	part := a.free[0:0:n]
	a.free = a.free[n:n:cap(a.free)][:0]
	return part
}

// Decode reads a module. It refuses all that is malformed and all that belongs to features this package does not
// support; whether the rest is valid, Validate says. The module aliases b.
//
// https://webassembly.github.io/spec/core/binary/modules.html#binary-module
func Decode(b []byte) (*Module, error) {
	if err := checkHeader(b); err != nil {
		return nil, err
	}
	b = b[:len(b):len(b)]
	d := &decoder{m: &Module{}, file: b}
	d.b = b
	d.pos = len(header)
	if err := d.sections(); err != nil {
		return nil, err
	}
	d.m.use = d.used | d.m.declaredFeatures()
	d.m.padded = d.it.padded
	return d.m, nil
}

func checkHeader(b []byte) error {
	switch {
	case len(b) < 4:
		return malformed(len(b), "unexpected end")
	case string(b[:4]) != header[:4]:
		return malformed(0, "magic header not detected")
	case len(b) < 8:
		return malformed(len(b), "unexpected end")
	case b[6] == 1 && b[7] == 0:
		return &Error{Offset: 4, Feature: "component model", Msg: "this is a WebAssembly component, not a core module", Func: -1}
	case string(b[4:8]) != header[4:]:
		return malformed(4, "unknown binary version")
	}
	return nil
}

func (d *decoder) sections() error {
	for d.pos < len(d.file) {
		start := d.pos
		id := SectionID(d.byte())
		if id > SectionTag {
			return malformed(start, "malformed section id")
		}
		size := d.u32()
		if d.err != nil {
			if d.err.Msg == msgEnd {
				d.err.Msg = "unexpected end" // no section or function has begun
			}
			return d.err
		}
		if uint64(size) > uint64(len(d.file)-d.pos) {
			return malformed(d.pos, "length out of bounds")
		}
		if id != SectionCustom {
			if sectionPlace(id) <= sectionPlace(d.last) {
				return malformed(start, "unexpected content after last section")
			}
			d.last = id
		}
		if err := d.section(id, d.pos+int(size)); err != nil {
			return err
		}
	}
	return d.checkLengths()
}

// sectionPlace returns where a section stands in the order of sections; before all of them if there is none yet.
func sectionPlace(id SectionID) int {
	for i, s := range sectionOrder {
		if s == id {
			return i
		}
	}
	return -1
}

func (d *decoder) section(id SectionID, end int) error {
	start := d.pos
	d.b = d.file[:end]
	var name string
	switch {
	case len(d.m.Sections) >= maxItems:
		d.fail(start, "too many sections")
	case id == SectionCustom:
		name = d.custom()
	default:
		d.boundItems(id)
		sectionReaders[id](d)
	}
	if d.err == nil && d.pos < end {
		d.fail(d.pos, "section size mismatch")
	}
	if d.err != nil {
		return d.err
	}
	d.b = d.file
	d.m.Sections = append(d.m.Sections, Section{ID: id, Name: name, Offset: start, Size: end - start})
	return nil
}

// maxItems bounds the items of a section, as all engines do: an item takes many times the memory of its encoding.
// https://webassembly.github.io/spec/js-api/#limits
const maxItems = 1_000_000

func (d *decoder) boundItems(id SectionID) {
	start := d.pos
	if n := d.u32(); d.err == nil && n > maxItems && n <= uint32(len(d.b)-d.pos) && id != SectionStart {
		d.fail(start, "too many items in the "+id.String()+" section")
	}
	if d.err == nil {
		d.pos = start
	}
}

// checkLengths compares the sections that must agree in the number of their items.
func (d *decoder) checkLengths() error {
	m := d.m
	if len(m.Funcs) != len(m.Code) {
		return malformed(len(d.file), "function and code section have inconsistent lengths")
	}
	if m.DataCount != nil && int(*m.DataCount) != len(m.Data) {
		return malformed(len(d.file), "data count and data section have inconsistent lengths")
	}
	return nil
}

// custom reads a custom section. What is in it never makes a module malformed, but its name does.
func (d *decoder) custom() string {
	start := d.pos
	size := d.u32()
	b := d.bytes(size)
	if !utf8.Valid(b) {
		d.fail(start, "malformed UTF-8 encoding")
	}
	if d.err != nil {
		return ""
	}
	c := Custom{Name: string(b), After: d.last, Bytes: d.b[d.pos:len(d.b):len(d.b)], Offset: d.pos}
	d.m.Customs = append(d.m.Customs, c)
	d.pos = len(d.b)
	return c.Name
}

var sectionReaders = [...]func(*decoder){
	SectionType:      (*decoder).types,
	SectionImport:    func(d *decoder) { d.m.Imports = readVector(d, (*decoder).importItem) },
	SectionFunction:  func(d *decoder) { d.m.Funcs = readVector(d, (*decoder).index) },
	SectionTable:     func(d *decoder) { d.m.Tables = readVector(d, (*decoder).table) },
	SectionMemory:    func(d *decoder) { d.m.Memories = readVector(d, (*decoder).memory) },
	SectionGlobal:    func(d *decoder) { d.m.Globals = readVector(d, (*decoder).global) },
	SectionExport:    func(d *decoder) { d.m.Exports = readVector(d, (*decoder).export) },
	SectionStart:     func(d *decoder) { d.m.Start = d.optional() },
	SectionElement:   func(d *decoder) { d.m.Elements = readVector(d, (*decoder).element) },
	SectionCode:      (*decoder).code,
	SectionData:      func(d *decoder) { d.m.Data = readVector(d, (*decoder).dataItem) },
	SectionDataCount: func(d *decoder) { d.m.DataCount = d.optional() },
	SectionTag:       func(d *decoder) { d.m.Tags = readVector(d, (*decoder).tag) },
}

// readVector reads a vector of items. It allocates ahead for a few only: an item in memory is much larger than its
// encoding, and the count may lie.
func readVector[T any](d *decoder, item func(*decoder) T) []T {
	n := d.count()
	if n == 0 {
		return nil
	}
	items := make([]T, 0, min(n, 1024))
	for i := 0; i < n && d.err == nil; i++ {
		items = append(items, item(d))
	}
	return items
}
