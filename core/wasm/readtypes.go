package wasm

// valType reads a value type.
//
// https://webassembly.github.io/spec/core/binary/types.html#value-types
func (r *reader) valType() ValType {
	start := r.pos
	switch c := r.byte(); c {
	case 0x7F, 0x7E, 0x7D, 0x7C, 0x7B:
		return ValType(c)
	default:
		r.pos = start
		return r.refTypeOr("malformed value type")
	}
}

// refType reads a reference type.
func (r *reader) refType() ValType { return r.refTypeOr("malformed reference type") }

func (r *reader) refTypeOr(msg string) ValType {
	start := r.pos
	switch c := r.byte(); c {
	case 0x70:
		return FuncRef
	case 0x6F:
		return ExternRef
	case 0x69:
		return ExnRef
	case 0x63:
		return Ref(r.heapType(), true)
	case 0x64:
		return Ref(r.heapType(), false)
	default:
		if name := refusedHeapTypes[c]; name != "" {
			r.refuse(start, GC, "type "+name)
		} else {
			r.fail(start, msg)
		}
		return 0
	}
}

// refusedHeapTypes are the abstract heap types that are only recognised, so that an error can name them.
var refusedHeapTypes = map[byte]string{
	0x75: "nocont", 0x74: "noexn", 0x73: "nofunc", 0x72: "noextern", 0x71: "none", 0x6E: "any", 0x6D: "eq", 0x6C: "i31",
	0x6B: "struct", 0x6A: "array", 0x68: "cont",
}

// heapType reads a heap type: a non-negative s33 is a type index, a byte of the negative ones an abstract type.
//
// https://webassembly.github.io/spec/core/binary/types.html#heap-types
func (r *reader) heapType() HeapType {
	start := r.pos
	switch n := r.s33(); {
	case r.err != nil:
	case n > MaxTypeIndex:
		r.fail(start, "type index too large")
	case n >= 0:
		return HeapType(n)
	case r.pos-start == 1:
		return r.abstractType(start, byte(n&0x7F))
	default:
		r.fail(start, "malformed heap type")
	}
	return 0
}

func (r *reader) abstractType(start int, c byte) HeapType {
	switch h := abstractBit | HeapType(c); {
	case h == HeapFunc, h == HeapExtern, h == HeapExn:
		return h
	case refusedHeapTypes[c] != "":
		r.refuse(start, GC, "type "+refusedHeapTypes[c])
	case c == 0x62:
		r.refuse(start, CustomDescriptors, "exact type")
	default:
		r.fail(start, "malformed heap type")
	}
	return 0
}

// blockType reads the type of a block: a type index or, as a negative number of one byte, a value type or nothing.
//
// https://webassembly.github.io/spec/core/binary/instructions.html#control-instructions
func (r *reader) blockType() BlockType {
	switch c := r.peek(); {
	case c == 0x40:
		r.pos++
		return BlockType{}
	case c >= 0x41 && c <= 0x7F:
		return BlockType{Result: r.valType()}
	}
	start := r.pos
	n := r.s33()
	if n < 0 || n > MaxTypeIndex {
		r.fail(start, "malformed block type")
		return BlockType{}
	}
	return BlockType{Index: uint32(n), Indexed: true}
}

// limits reads limits; the flags that may be set are different for tables and memories.
//
// https://webassembly.github.io/spec/core/binary/types.html#limits
func (r *reader) limits(kind ExternKind) (l Limits) {
	start := r.pos
	flags := r.byte()
	switch {
	case r.err != nil:
		return Limits{}
	case flags < 2, flags < 4 && kind == ExternMemory:
	case flags&4 != 0 && (flags < 6 || flags < 8 && kind == ExternMemory):
		r.refuse(start, Memory64, "64-bit "+kind.String())
	case flags&8 != 0 && flags < 16 && kind == ExternMemory:
		r.refuse(start, CustomPageSizes, "memory")
		r.err.Msg = "malformed limits flags: " + r.err.Msg
	default:
		r.fail(start, "malformed limits flags")
	}
	l.Shared = flags&2 != 0
	l.HasMax = flags&1 != 0
	l.Min = r.u64()
	if l.HasMax {
		l.Max = r.u64()
	}
	return l
}

func (r *reader) tableType() TableType {
	t := TableType{Elem: r.refType()}
	t.Limits = r.limits(ExternTable)
	return t
}

func (r *reader) globalType() GlobalType {
	t := GlobalType{Type: r.valType()}
	t.Mutable = r.mutability()
	return t
}

func (r *reader) mutability() bool {
	c := r.byte()
	if c > 1 {
		r.fail(r.pos-1, "malformed mutability")
	}
	return c == 1
}
