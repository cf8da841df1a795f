// Package wasm reads, validates and writes the WebAssembly binary format.
package wasm

// Module is a module as the binary format divides it. Function bodies, constant expressions, data and custom sections
// alias the bytes that were decoded, so those must not change while the module is in use.
//
// https://webassembly.github.io/spec/core/binary/modules.html
type Module struct {
	Types []FuncType
	// RecGroups are the explicit (rec …) groups of Types, in order. A type outside of them is a group of its own.
	RecGroups []RecGroup
	Imports   []Import
	Funcs     []uint32 // type index of each function defined here
	Tables    []Table
	Memories  []Limits
	Tags      []uint32 // type index of each tag defined here
	Globals   []Global
	Exports   []Export
	Start     *uint32
	Elements  []Element
	DataCount *uint32 // the data count section
	Code      []Code  // parallel to Funcs
	Data      []Data
	Customs   []Custom

	// Sections lists the sections in the order of the file. Only Decode fills it.
	Sections []Section

	use     FeatureSet // see Features
	short   []uint64   // a bit for each function; see EndsAtOnce
	selects []Select   // see Selects
	padded  bool       // see Shortest
}

// RecGroup says that Types[First:First+Len] are one recursion group.
type RecGroup struct{ First, Len uint32 }

// Expr is an instruction sequence as encoded, its final `end` included.
type Expr struct {
	Bytes  []byte
	Offset int // of Bytes in the file
}

// Import is one import; Kind says which of the fields below it hold.
type Import struct {
	Module, Name string
	Kind         ExternKind
	Type         uint32 // type index of a function or tag
	Table        TableType
	Memory       Limits
	Global       GlobalType
	Offset       int
}

// Table is a table defined by the module. Without Init, its elements start as null.
type Table struct {
	TableType
	Init   *Expr
	Offset int
}

// Global is a global defined by the module.
type Global struct {
	GlobalType
	Init Expr
}

// Export is one export: an index into the index space of its kind.
type Export struct {
	Name   string
	Kind   ExternKind
	Index  uint32
	Offset int
}

// SegmentMode says when a segment is used.
type SegmentMode uint8

// The modes of segments; data segments are never declared.
const (
	Active SegmentMode = iota
	Passive
	Declared
)

// Element is an element segment. Its items are either Funcs, or Exprs if UsesExprs.
type Element struct {
	Mode      SegmentMode
	Table     uint32 // if Active
	Start     Expr   // offset in the table, if Active
	Type      ValType
	UsesExprs bool
	Funcs     []uint32
	Exprs     []Expr
	// Explicit says that an active segment spells out its table and type where the short form would do. An encoding
	// detail, kept so that encoding gives the same bytes.
	Explicit bool
	Offset   int
}

// Len returns the number of items.
func (e *Element) Len() int { return len(e.Funcs) + len(e.Exprs) }

// Data is a data segment.
type Data struct {
	Mode     SegmentMode
	Memory   uint32 // if Active
	Start    Expr   // offset in the memory, if Active
	Bytes    []byte
	Explicit bool // the memory index is spelt out though it is 0; see Element.Explicit
	Offset   int
}

// Code is the body of a function.
type Code struct {
	Locals []LocalRun
	Body   Expr
	Offset int // of the entry in the file: where its size is written
}

// LocalRun declares Count locals of one type.
type LocalRun struct {
	Count uint32
	Type  ValType
}

// Custom is a custom section.
type Custom struct {
	Name   string
	After  SectionID // the last section before it that is not custom; zero if there is none
	Bytes  []byte    // without the name
	Offset int       // of Bytes in the file
}

// Section is where a section stands in the file.
type Section struct {
	ID     SectionID
	Name   string // of a custom section
	Offset int    // of the content, after id and size
	Size   int
}

// SectionID numbers the sections as the binary format does.
type SectionID uint8

// The sections.
const (
	SectionCustom SectionID = iota
	SectionType
	SectionImport
	SectionFunction
	SectionTable
	SectionMemory
	SectionGlobal
	SectionExport
	SectionStart
	SectionElement
	SectionCode
	SectionData
	SectionDataCount
	SectionTag
)

var sectionNames = [...]string{
	"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data",
	"data count", "tag",
}

// sectionOrder is the order in which the sections must stand.
var sectionOrder = [...]SectionID{
	SectionType, SectionImport, SectionFunction, SectionTable, SectionMemory, SectionTag, SectionGlobal, SectionExport,
	SectionStart, SectionElement, SectionDataCount, SectionCode, SectionData,
}

// String returns the name of the section in the specification.
func (id SectionID) String() string {
	if int(id) < len(sectionNames) {
		return sectionNames[id]
	}
	return "unknown"
}

// Select is a select instruction: where it stands in the file, and the type of its operands.
type Select struct {
	Offset int
	Type   ValType
}

// Selects returns the select instructions between floats, vectors or references, in order, as Validate saw them. Engines
// may need to know, and the type is not in each instruction.
func (m *Module) Selects() []Select { return m.selects }
