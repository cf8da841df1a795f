package meter

import "github.com/pywasm-go/pywasm/core/wasm"

// bulkFunction returns a function that does what a bulk operation does, in pieces.
func (in *injector) bulkFunction(it *wasm.Iter) uint32 {
	w := in.bulkWriter(it)
	return in.addFunction(wasm.FuncType{Params: []wasm.ValType{wasm.I32, w.value, wasm.I32}}, w.function())
}

// bulkWriter writes such a function. Its parameters are those of the operation: destination, source or value, length.
type bulkWriter struct {
	*injector
	*wasm.Iter
	value  wasm.ValType // of the second parameter
	chunk  int32
	bounds [2]func() // push the size, as i64, of what destination and source are in
	source bool      // the second parameter is an address
	within bool      // source and destination may overlap
	out    code
}

func (in *injector) bulkWriter(it *wasm.Iter) *bulkWriter {
	w := &bulkWriter{injector: in, Iter: it, value: wasm.I32, chunk: chunkElements, source: true}
	c := &w.out
	memory := func() {
		c.at(wasm.OpMemorySize, 0)
		c.ops(opI64ExtU32)
		c.i64(16)
		c.ops(opI64Shl)
	}
	table := func(index uint32) func() {
		return func() {
			c.at(wasm.OpTableSize, index)
			c.ops(opI64ExtU32)
		}
	}
	length := func(n int64) func() { return func() { c.i64(n) } }
	switch it.Op {
	case wasm.OpMemoryFill:
		w.chunk, w.source, w.bounds[0] = chunkBytes, false, memory
	case wasm.OpMemoryCopy:
		w.chunk, w.within, w.bounds = chunkBytes, true, [2]func(){memory, memory}
	case wasm.OpMemoryInit:
		w.chunk, w.bounds = chunkBytes, [2]func(){memory, length(in.dataSegment(it.Index))}
	case wasm.OpTableFill:
		w.source, w.value, w.bounds[0] = false, in.spaces.Tables[it.Index].Elem, table(it.Index)
	case wasm.OpTableCopy:
		w.within, w.bounds = it.Index == it.Index2, [2]func(){table(it.Index), table(it.Index2)}
	case wasm.OpTableInit:
		w.bounds = [2]func(){table(it.Index2), length(in.elementSegment(it.Index))}
	}
	return w
}

// function writes the body. What is out of bounds is left to the operation itself, which traps before it does anything;
// so is the last piece.
//
//	block $whole
//	  (br_if $whole (i32.le_u (local.get $length) chunk))
//	  (br_if $whole (i64.gt_u (i64.add $destination $length) size))  ;; and the source likewise
//	  (if (i32.gt_u $destination $source) (then …pieces from the end…))
//	  …pieces from the start…
//	end
//	(memory.copy (local.get $destination) (local.get $source) (local.get $length))
func (w *bulkWriter) function() code {
	c := &w.out
	c.block(wasm.OpBlock)
	c.at(wasm.OpLocalGet, 2)
	c.i32(w.chunk)
	c.ops(opI32LeU)
	c.at(wasm.OpBrIf, 0)
	for operand, size := range w.bounds {
		if size != nil {
			w.leaveIfBeyond(uint32(operand), size)
		}
	}
	if w.within {
		c.at(wasm.OpLocalGet, 0)
		c.at(wasm.OpLocalGet, 1)
		c.ops(opI32GtU)
		c.block(wasm.OpIf)
		w.pieces(true)
		c.at(wasm.OpBr, 1)
		c.ops(wasm.OpEnd)
	}
	w.pieces(false)
	c.ops(wasm.OpEnd)
	if w.counts {
		w.pay(c, func() {
			c.at(wasm.OpLocalGet, 2)
			c.ops(opI64ExtU32)
			c.i64(unit(w.Op))
			c.ops(wasm.OpI64DivU)
		})
	}
	for operand := range uint32(3) {
		c.at(wasm.OpLocalGet, operand)
	}
	w.operation()
	c.ops(wasm.OpEnd)
	return *c
}

func (w *bulkWriter) leaveIfBeyond(operand uint32, size func()) {
	c := &w.out
	for _, local := range [...]uint32{operand, 2} {
		c.at(wasm.OpLocalGet, local)
		c.ops(opI64ExtU32)
	}
	c.ops(wasm.OpI64Add)
	size()
	c.ops(opI64GtU)
	c.at(wasm.OpBrIf, 0)
}

// pieces writes the loop over whole chunks. At least one byte is left to do after it.
func (w *bulkWriter) pieces(fromEnd bool) {
	c := &w.out
	c.block(wasm.OpLoop)
	w.pay(c, func() { c.i64(int64(w.chunk) / unit(w.Op)) })
	if fromEnd {
		w.move(2, wasm.OpI32Sub)
	}
	for operand := range uint32(2) {
		c.at(wasm.OpLocalGet, operand)
		if fromEnd {
			c.at(wasm.OpLocalGet, 2)
			c.ops(wasm.OpI32Add)
		}
	}
	c.i32(w.chunk)
	w.operation()
	if !fromEnd {
		w.move(0, wasm.OpI32Add)
		if w.source {
			w.move(1, wasm.OpI32Add)
		}
		w.move(2, wasm.OpI32Sub)
	}
	c.at(wasm.OpLocalGet, 2)
	c.i32(w.chunk)
	c.ops(opI32GtU)
	c.at(wasm.OpBrIf, 0)
	c.ops(wasm.OpEnd)
}

// move adds a chunk to a parameter, or takes it away.
func (w *bulkWriter) move(param uint32, op wasm.Opcode) {
	w.out.at(wasm.OpLocalGet, param)
	w.out.i32(w.chunk)
	w.out.ops(op)
	w.out.at(wasm.OpLocalSet, param)
}

func (w *bulkWriter) operation() { w.out = append(w.out, w.Bytes()...) }

// growFunction returns a function that pays for the elements of table.grow.
func (in *injector) growFunction(it *wasm.Iter) uint32 {
	var c code
	in.pay(&c, func() {
		c.at(wasm.OpLocalGet, 1)
		c.ops(opI64ExtU32)
		c.i64(elementsPerUnit)
		c.ops(wasm.OpI64DivU)
	})
	c.at(wasm.OpLocalGet, 0)
	c.at(wasm.OpLocalGet, 1)
	c.at(wasm.OpTableGrow, it.Index)
	c.ops(wasm.OpEnd)
	params := []wasm.ValType{in.spaces.Tables[it.Index].Elem, wasm.I32}
	return in.addFunction(wasm.FuncType{Params: params, Results: []wasm.ValType{wasm.I32}}, c)
}
