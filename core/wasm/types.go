package wasm

import "strconv"

// ValType is a value type in 32 bits, comparable with ==.
//
// Numbers and v128 are their byte of the binary format. References have refBit set, nullBit if they may be null, and
// below it their HeapType. The zero value is no type; the validator uses it for "any type" in unreachable code.
//
// https://webassembly.github.io/spec/core/binary/types.html
type ValType uint32

// HeapType is a type index, or, with abstractBit set, the byte of an abstract heap type.
type HeapType uint32

const (
	refBit      = 1 << 31
	nullBit     = 1 << 30
	abstractBit = 1 << 29
	// MaxTypeIndex is the largest type index that fits beside the flags; the reader allows fewer types than that.
	MaxTypeIndex = abstractBit - 1
)

// The value types that have a byte of their own.
const (
	I32  ValType = 0x7F
	I64  ValType = 0x7E
	F32  ValType = 0x7D
	F64  ValType = 0x7C
	V128 ValType = 0x7B

	FuncRef   = ValType(HeapFunc) | refBit | nullBit
	ExternRef = ValType(HeapExtern) | refBit | nullBit
	ExnRef    = ValType(HeapExn) | refBit | nullBit
)

// The abstract heap types.
const (
	HeapFunc   HeapType = abstractBit | 0x70
	HeapExtern HeapType = abstractBit | 0x6F
	HeapExn    HeapType = abstractBit | 0x69
	// heapBottom is below every heap type: what the validator knows of a reference made in unreachable code.
	heapBottom HeapType = abstractBit
)

// Ref returns the reference type to h.
func Ref(h HeapType, nullable bool) ValType {
	t := ValType(h) | refBit
	if nullable {
		t |= nullBit
	}
	return t
}

// IsRef reports whether t is a reference type.
func (t ValType) IsRef() bool { return t&refBit != 0 }

// Nullable reports whether t is a reference type that may be null.
func (t ValType) Nullable() bool { return t&nullBit != 0 }

// Defaultable reports whether a local or a table element of type t starts with a value.
func (t ValType) Defaultable() bool { return t&(refBit|nullBit) != refBit }

// Heap returns what the reference type t points to.
func (t ValType) Heap() HeapType { return HeapType(t &^ (refBit | nullBit)) }

// AsNonNull returns the reference type t without null.
func (t ValType) AsNonNull() ValType { return t &^ nullBit }

// AsNullable returns the reference type t with null.
func (t ValType) AsNullable() ValType { return t | nullBit }

// TypeIndex returns the type index that t refers to, if it refers to one.
func (t ValType) TypeIndex() (index uint32, ok bool) {
	if t&refBit == 0 || t&abstractBit != 0 {
		return 0, false
	}
	return uint32(t.Heap()), true
}

// TypeIndex returns the type index that h is, if it is one.
func (h HeapType) TypeIndex() (index uint32, ok bool) { return uint32(h), h&abstractBit == 0 }

// String returns h as the text format writes it, with a number for a type index.
func (h HeapType) String() string {
	switch h {
	case HeapFunc:
		return "func"
	case HeapExtern:
		return "extern"
	case HeapExn:
		return "exn"
	case heapBottom:
		return "bot"
	}
	return strconv.FormatUint(uint64(h), 10)
}

// String returns t as the text format writes it: "i32", "funcref", "(ref null 3)", "(ref func)".
func (t ValType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	case ExnRef:
		return "exnref"
	}
	switch {
	case !t.IsRef():
		return "any"
	case t.Nullable():
		return "(ref null " + t.Heap().String() + ")"
	}
	return "(ref " + t.Heap().String() + ")"
}

// FuncType is the type of a function or a tag.
type FuncType struct {
	Params, Results []ValType
}

// String returns the type in text form, such as "(param i32 i64) (result f32)".
func (t FuncType) String() string {
	s := typeList("param", t.Params)
	if r := typeList("result", t.Results); s != "" && r != "" {
		return s + " " + r
	} else if r != "" {
		return r
	}
	return s
}

func typeList(keyword string, types []ValType) string {
	if len(types) == 0 {
		return ""
	}
	b := append([]byte{'('}, keyword...)
	for _, t := range types {
		b = append(append(b, ' '), t.String()...)
	}
	return string(append(b, ')'))
}

// Limits bound the size of a memory (in pages of 64 KiB) or a table (in elements).
type Limits struct {
	Min, Max uint64
	HasMax   bool
	Shared   bool // memories only
}

// TableType is the type of a table.
type TableType struct {
	Elem   ValType
	Limits Limits
}

// GlobalType is the type of a global.
type GlobalType struct {
	Type    ValType
	Mutable bool
}

// BlockType is the type of a block: none, one result, or a type index.
type BlockType struct {
	Result  ValType // zero if there is none or if Indexed
	Index   uint32
	Indexed bool
}

// ExternKind is what an import or export is, as numbered by the binary format.
type ExternKind uint8

// The kinds of imports and exports.
const (
	ExternFunc ExternKind = iota
	ExternTable
	ExternMemory
	ExternGlobal
	ExternTag
)

// String returns the keyword of the text format.
func (k ExternKind) String() string {
	names := [...]string{"func", "table", "memory", "global", "tag"}
	if int(k) < len(names) {
		return names[k]
	}
	return "extern " + strconv.Itoa(int(k))
}
