package wasm

// Labels appends the labels of br_table to dst, the default label last.
func (it *Iter) Labels(dst []uint32) []uint32 {
	r := reader{b: it.Raw}
	for range it.Count {
		dst = append(dst, r.u32())
	}
	return append(dst, it.Index)
}

// SelectTypes appends the types of a typed select to dst.
func (it *Iter) SelectTypes(dst []ValType) []ValType {
	r := reader{b: it.Raw}
	for range it.Count {
		dst = append(dst, r.valType())
	}
	return dst
}

// Catches appends the catch clauses of try_table to dst.
func (it *Iter) Catches(dst []Catch) []Catch {
	c := Iter{reader: reader{b: it.Raw}}
	for range it.Count {
		dst = append(dst, c.catch())
	}
	return dst
}

// Append appends the instruction with its immediates as they are in it now, so that a pass can change an index and write
// the instruction anew. Numbers take their shortest form, but vectors are copied from Raw.
func (it *Iter) Append(b []byte) []byte {
	b = it.Op.Append(b)
	switch opcodeImm[it.Op] {
	case ImmNone:
	case ImmTypeTable, ImmTableTable, ImmElemTable, ImmDataMemory, ImmMemoryMemory:
		b = AppendU32(AppendU32(b, it.Index), it.Index2)
	case ImmI32, ImmI64:
		b = AppendS64(b, int64(it.Bits))
	case ImmF32:
		b = AppendF32(b, uint32(it.Bits))
	case ImmF64:
		b = AppendF64(b, it.Bits)
	case ImmMemArg:
		b = it.appendMemArg(b)
	case ImmMemArgLane:
		b = append(it.appendMemArg(b), it.Lane)
	case ImmLane:
		b = append(b, it.Lane)
	case ImmV128, ImmShuffle:
		b = append(b, it.Raw...)
	case ImmHeapType:
		b = AppendHeapType(b, it.Heap)
	case ImmFence:
		b = append(b, 0)
	case ImmBlock:
		b = AppendBlockType(b, it.Block)
	case ImmTryTable:
		b = append(AppendU32(AppendBlockType(b, it.Block), uint32(it.Count)), it.Raw...)
	case ImmBrTable:
		b = AppendU32(append(AppendU32(b, uint32(it.Count)), it.Raw...), it.Index)
	case ImmSelect:
		b = append(AppendU32(b, uint32(it.Count)), it.Raw...)
	default:
		b = AppendU32(b, it.Index)
	}
	return b
}

func (it *Iter) appendMemArg(b []byte) []byte {
	if it.Index == 0 {
		return AppendMemArg(b, it.Align, it.Bits)
	}
	return AppendU64(AppendU32(AppendU32(b, it.Align|0x40), it.Index), it.Bits)
}
