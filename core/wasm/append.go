package wasm

import "encoding/binary"

// AppendName appends a name or any other vector of bytes.
func AppendName[T string | []byte](b []byte, s T) []byte {
	return append(AppendU32(b, uint32(len(s))), s...)
}

// AppendF32 appends the bits of an f32.
func AppendF32(b []byte, bits uint32) []byte { return binary.LittleEndian.AppendUint32(b, bits) }

// AppendF64 appends the bits of an f64.
func AppendF64(b []byte, bits uint64) []byte { return binary.LittleEndian.AppendUint64(b, bits) }

// AppendValType appends a value type in its shortest form.
func AppendValType(b []byte, t ValType) []byte {
	switch {
	case !t.IsRef():
		return append(b, byte(t))
	case t == FuncRef, t == ExternRef, t == ExnRef:
		return append(b, byte(t))
	case t.Nullable():
		b = append(b, 0x63)
	default:
		b = append(b, 0x64)
	}
	return AppendHeapType(b, t.Heap())
}

// AppendHeapType appends a heap type.
func AppendHeapType(b []byte, h HeapType) []byte {
	if index, ok := h.TypeIndex(); ok {
		return AppendS64(b, int64(index))
	}
	return append(b, byte(h))
}

// AppendBlockType appends the type of a block.
func AppendBlockType(b []byte, t BlockType) []byte {
	switch {
	case t.Indexed:
		return AppendS64(b, int64(t.Index))
	case t.Result == 0:
		return append(b, 0x40)
	}
	return AppendValType(b, t.Result)
}

// AppendLimits appends limits.
func AppendLimits(b []byte, l Limits) []byte {
	var flags byte
	if l.HasMax {
		flags |= 1
	}
	if l.Shared {
		flags |= 2
	}
	b = AppendU64(append(b, flags), l.Min)
	if l.HasMax {
		b = AppendU64(b, l.Max)
	}
	return b
}

// AppendTableType appends the type of a table.
func AppendTableType(b []byte, t TableType) []byte {
	return AppendLimits(AppendValType(b, t.Elem), t.Limits)
}

// AppendGlobalType appends the type of a global.
func AppendGlobalType(b []byte, t GlobalType) []byte {
	b = AppendValType(b, t.Type)
	if t.Mutable {
		return append(b, 1)
	}
	return append(b, 0)
}

// AppendMemArg appends the immediates of a load or store; align is the log2 of the alignment.
func AppendMemArg(b []byte, align uint32, offset uint64) []byte {
	return AppendU64(AppendU32(b, align), offset)
}

// AppendCatch appends a catch clause of try_table.
func AppendCatch(b []byte, c Catch) []byte {
	b = append(b, c.Kind)
	if c.Kind == CatchTag || c.Kind == CatchTagRef {
		b = AppendU32(b, c.Tag)
	}
	return AppendU32(b, c.Label)
}

// AppendSection appends a section with this content.
func AppendSection(b []byte, id SectionID, content []byte) []byte {
	return AppendName(append(b, byte(id)), content)
}
