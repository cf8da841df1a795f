package wasm_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// section returns a module of one section with this content, or what comes before such a section too.
func section(id wasm.SectionID, content string) []byte {
	return wasm.AppendSection([]byte("\x00asm\x01\x00\x00\x00"), id, []byte(content))
}

func TestMalformed(t *testing.T) {
	header := "\x00asm\x01\x00\x00\x00"
	// A type () → (), a function of it, and a code section with one body of these bytes.
	body := func(b string) []byte {
		m := header + "\x01\x04\x01\x60\x00\x00" + "\x03\x02\x01\x00"
		return wasm.AppendSection([]byte(m), wasm.SectionCode, append([]byte{1, byte(len(b))}, b...))
	}
	tests := []struct {
		name   string
		module []byte
		want   string // as Error prints it
	}{
		{"empty", nil, "unexpected end (at offset 0x0)"},
		{"cut magic", []byte("\x00as"), "unexpected end (at offset 0x3)"},
		{"text", []byte("(module)"), "magic header not detected (at offset 0x0)"},
		{"cut version", []byte("\x00asm\x01"), "unexpected end (at offset 0x5)"},
		{"version 2", []byte("\x00asm\x02\x00\x00\x00"), "unknown binary version (at offset 0x4)"},
		{"component", []byte("\x00asm\x0d\x00\x01\x00"), "this is a WebAssembly component, not a core module"},
		{"section id", []byte(header + "\x0e\x00"), "malformed section id (at offset 0x8)"},
		{"cut section size", []byte(header + "\x01\x80"), "unexpected end (at offset 0xa)"},
		{"section too long", []byte(header + "\x01\x02\x00"), "length out of bounds (at offset 0xa)"},
		{"section twice", []byte(header + "\x01\x01\x00\x01\x01\x00"), "unexpected content after last section (at offset 0xb)"},
		{"section out of order", []byte(header + "\x03\x01\x00\x01\x01\x00"), "unexpected content after last section (at offset 0xb)"},
		{"rest in section", section(wasm.SectionType, "\x00\x00"), "section size mismatch (at offset 0xb)"},
		{"cut vector", section(wasm.SectionType, "\x01"), "unexpected end of section or function (at offset 0xb)"},
		{"long number", section(wasm.SectionType, "\x80\x80\x80\x80\x80\x00"), "integer representation too long (at offset 0xe)"},
		{"large number", section(wasm.SectionType, "\x80\x80\x80\x80\x10"), "integer too large (at offset 0xe)"},
		{"custom name", section(wasm.SectionCustom, "\x01\xff"), "malformed UTF-8 encoding (at offset 0xa)"},
		{"custom without name", section(wasm.SectionCustom, ""), "unexpected end of section or function (at offset 0xa)"},
		{"type form", section(wasm.SectionType, "\x01\x40"), "malformed definition type (at offset 0xb)"},
		{"value type", section(wasm.SectionType, "\x01\x60\x01\x40\x00"), "malformed value type (at offset 0xd)"},
		{"large type index", section(wasm.SectionType, "\x01\x60\x01\x63\x80\x80\x80\x80\x02\x00"), "type index too large (at offset 0xe)"},
		{"cut signed number", section(wasm.SectionGlobal, "\x01\x7f\x00\x41\x80"), "unexpected end of section or function (at offset 0xf)"},
		{"type form in many bytes", section(wasm.SectionType, "\x01\xe0\x7f\x00\x00"), "integer representation too long (at offset 0xb)"},
		{"table with init", section(wasm.SectionTable, "\x01\x40\x01\x70\x00\x00"), "zero byte expected (at offset 0xc)"},
		{"import kind", section(wasm.SectionImport, "\x01\x00\x00\x05\x00"), "malformed import kind (at offset 0xd)"},
		{"import name", section(wasm.SectionImport, "\x01\x01\xc0\x00\x00\x00"), "malformed UTF-8 encoding (at offset 0xb)"},
		{"mutability", section(wasm.SectionImport, "\x01\x00\x00\x03\x7f\x02"), "malformed mutability (at offset 0xf)"},
		{"reference type", section(wasm.SectionTable, "\x01\x7f\x00\x00"), "malformed reference type (at offset 0xb)"},
		{"heap type", section(wasm.SectionTable, "\x01\x63\x40\x00\x00"), "malformed heap type (at offset 0xc)"},
		{"table limits", section(wasm.SectionTable, "\x01\x70\x08\x00"), "malformed limits flags (at offset 0xc)"},
		{"shared table", section(wasm.SectionTable, "\x01\x70\x03\x00\x00"), "malformed limits flags (at offset 0xc)"},
		{"memory limits", section(wasm.SectionMemory, "\x01\x10\x00"), "malformed limits flags (at offset 0xb)"},
		{"tag attribute", section(wasm.SectionTag, "\x01\x01\x00"), "malformed tag attribute (at offset 0xb)"},
		{"export kind", section(wasm.SectionExport, "\x01\x00\x05\x00"), "malformed export kind (at offset 0xc)"},
		{"element flags", section(wasm.SectionElement, "\x01\x08"), "malformed elements segment kind (at offset 0xb)"},
		{"element kind", section(wasm.SectionElement, "\x01\x01\x01\x00"), "malformed element kind (at offset 0xc)"},
		{"data flags", section(wasm.SectionData, "\x01\x03\x00"), "malformed data segment kind (at offset 0xb)"},
		{"data length", section(wasm.SectionData, "\x01\x01\x05ab"), "unexpected end of section or function (at offset 0xf)"},
		{"opcode in constant", section(wasm.SectionGlobal, "\x01\x7f\x00\xff\x0b"), "illegal opcode ff (at offset 0xd)"},
		{"no code", []byte(header + "\x01\x04\x01\x60\x00\x00" + "\x03\x02\x01\x00"), "function and code section have inconsistent lengths (at offset 0x12)"},
		{"no data", section(wasm.SectionDataCount, "\x01"), "data count and data section have inconsistent lengths (at offset 0xb)"},
		{"opcode", body("\x00\xff\x0b"), "illegal opcode ff (function 0, at offset 0x17)"},
		{"prefixed opcode", body("\x00\xfd\xff\x0f\x0b"), "illegal opcode fd ff 0f (function 0, at offset 0x17)"},
		{"body without end", body("\x00\x01"), "unexpected end of section or function (function 0, at offset 0x18)"},
		{"body goes on", body("\x00\x0b\x0b"), "section size mismatch (function 0, at offset 0x18)"},
		{"else without if", body("\x00\x05\x0b"), "END opcode expected (function 0, at offset 0x17)"},
		{"else twice", body("\x00\x41\x00\x04\x40\x05\x05\x0b\x0b"), "END opcode expected (function 0, at offset 0x1c)"},
		{"many locals", body("\x02\xff\xff\x03\x7f\x01\x7f\x0b"), "too many locals (function 0, at offset 0x17)"},
		{"block type", body("\x00\x02\x80\x7f\x0b\x0b"), "malformed block type (function 0, at offset 0x18)"},
		{"memory flags", body("\x00\x41\x00\x28\x80\x01\x00\x1a\x0b"), "malformed memop flags (function 0, at offset 0x1a)"},
		{"catch clause", body("\x00\x1f\x40\x01\x04\x00\x0b\x0b"), "malformed catch clause (function 0, at offset 0x1a)"},
		{"fence", body("\x00\xfe\x03\x01\x0b"), "zero byte expected (function 0, at offset 0x19)"},
		{"no data count", body("\x00\xfc\x09\x00\x0b"), "data count section required (function 0, at offset 0x17)"},
	}
	for _, test := range tests {
		_, err := wasm.Decode(test.module)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
		if e := (*wasm.Error)(nil); !errors.As(err, &e) || e.Malformed == (e.Feature != "") {
			t.Errorf("%s: %#v", test.name, err)
		}
	}
}

// Features that are not supported are refused by name, wherever they show first.
func TestUnsupportedFeatures(t *testing.T) {
	body := func(b string) []byte {
		m := wasm.Module{Types: []wasm.FuncType{{}}, Funcs: []uint32{0}, Code: []wasm.Code{{Body: wasm.Expr{Bytes: []byte(b)}}}}
		return m.Encode()
	}
	tests := []struct {
		feature string
		module  []byte
		want    string
	}{
		{"GC", body("\xfb\x00\x00\x0b"), "uses GC: struct.new at offset 0x17, not supported by this engine"},
		{"GC", body("\xd3\x0b"), "uses GC: ref.eq at offset 0x17,"},
		{"GC", body("\xd0\x6e\x1a\x0b"), "uses GC: type any at offset 0x18,"},
		{"GC", section(wasm.SectionType, "\x01\x5f\x00"), "uses GC: struct type at offset 0xb,"},
		{"GC", section(wasm.SectionType, "\x01\x5e\x78\x00"), "uses GC: array type at offset 0xb,"},
		{"GC", section(wasm.SectionType, "\x01\x4e\x01\x50\x00\x60\x00\x00"), "uses GC: sub type at offset 0xd,"},
		{"GC", section(wasm.SectionType, "\x01\x5f\x01\x7f\x00"), "uses GC: struct type at offset 0xb,"},
		{"stack switching", section(wasm.SectionType, "\x01\x5d\x00"), "uses stack switching: continuation type at offset 0xb,"},
		{"custom descriptors", section(wasm.SectionType, "\x01\x4d\x00"), "uses custom descriptors: descriptor type at offset 0xb,"},
		{"custom descriptors", section(wasm.SectionImport, "\x01\x00\x00\x20\x00"), "uses custom descriptors: import of an exact function type at offset 0xd,"},
		{"GC", section(wasm.SectionTable, "\x01\x6e\x00\x00"), "uses GC: type any at offset 0xb,"},
		{"memory64", section(wasm.SectionMemory, "\x01\x04\x00"), "uses memory64: 64-bit memory at offset 0xb,"},
		{"memory64", section(wasm.SectionTable, "\x01\x70\x05\x00\x00"), "uses memory64: 64-bit table at offset 0xc,"},
		{"multi-memory", section(wasm.SectionMemory, "\x02\x00\x00\x00\x00"), "multiple memories: uses multi-memory: a second memory at"},
		{"legacy exceptions", body("\x06\x40\x0b\x0b"), "uses legacy exceptions: try at offset 0x17,"},
		{"stack switching", body("\xe2\x00\x0b"), "uses stack switching: suspend at offset 0x17,"},
		{"wide arithmetic", body("\xfc\x13\x0b"), "uses wide arithmetic: i64.add128 at offset 0x17,"},
		{"custom page sizes", section(wasm.SectionMemory, "\x01\x08\x00\x00"), "malformed limits flags: uses custom page sizes: memory at offset 0xb,"},
		{"custom descriptors", section(wasm.SectionTable, "\x01\x63\x62\x00\x00\x00"), "uses custom descriptors: exact type at offset 0xc,"},
		{"shared-everything threads", body("\xfe\x04\x0b"), "uses shared-everything threads: pause at offset 0x17,"},
		{"component model", []byte("\x00asm\x0d\x00\x01\x00"), "this is a WebAssembly component, not a core module"},
	}
	for _, test := range tests {
		m, err := wasm.Decode(test.module)
		if err == nil {
			err = wasm.Validate(m)
		}
		var e *wasm.Error
		if !errors.As(err, &e) || e.Feature != test.feature || !strings.HasPrefix(e.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
}

// A count that the rest of the file cannot hold costs no memory.
func TestHostileCounts(t *testing.T) {
	for id := wasm.SectionType; id <= wasm.SectionTag; id++ {
		module := section(id, "\xff\xff\xff\xff\x0f")
		if n := testing.AllocsPerRun(1, func() { _, _ = wasm.Decode(module) }); n > 50 {
			t.Errorf("%v: %v allocations", id, n)
		}
	}
	items := "\xc1\x84\x3d" + strings.Repeat("\x00", 1_000_001) // a million and one functions
	if _, err := wasm.Decode(section(wasm.SectionFunction, items)); err == nil || !strings.HasPrefix(err.Error(), "too many items") {
		t.Error(err)
	}
}
