package wasm

const (
	// maxLocals bounds the locals of a function, parameters left out, as all engines do.
	// https://webassembly.github.io/spec/js-api/#limits
	maxLocals = 50_000
	// maxShortBody bounds the functions that end at once: those of this size run for well under a millisecond.
	maxShortBody = 16 << 10
)

// The reader learns from each opcode, beside the feature it belongs to:
const (
	lasts     FeatureSet     = 1 << (31 - iota) // may run long, unwind or wait: the function does not end at once
	needsData                                   // needs the data count section
	computes                                    // makes a constant expression an extended one
	features  = computes - 1                    // the rest: bits of features
)

// opcodeUse is the bit of the feature of each opcode and the bits above.
var opcodeUse = opcodeUses()

// lastingOps may run for longer than a few nanoseconds, whatever their operands. (Segments can be dropped at once.)
var lastingOps = [...]Opcode{
	OpLoop, OpCall, OpCallIndirect, OpReturnCall, OpReturnCallIndirect, OpCallRef, OpReturnCallRef,
	OpTryTable, OpThrow, OpThrowRef, OpMemoryGrow, OpMemoryInit, OpMemoryCopy, OpMemoryFill,
	OpTableGrow, OpTableInit, OpTableCopy, OpTableFill, OpAtomicNotify, OpAtomicWait32, OpAtomicWait64,
}

func opcodeUses() *[opcodeCount]FeatureSet {
	uses := new([opcodeCount]FeatureSet)
	for op := range uses {
		uses[op] = 1 << opcodeInfo[op].Feature
	}
	for _, op := range lastingOps {
		uses[op] |= lasts
	}
	uses[OpMemoryInit] |= needsData
	uses[OpDataDrop] |= needsData
	for _, op := range [...]Opcode{OpI32Add, OpI32Sub, OpI32Mul, OpI64Add, OpI64Sub, OpI64Mul} {
		uses[op] |= computes
	}
	return uses
}

// bodyScanner finds the end of expressions and gathers what they use.
type bodyScanner struct {
	it   Iter
	open []Opcode // the blocks that are open
	used FeatureSet
}

// scan reads the expression that starts where r stands, up to the `end` that closes it.
func (s *bodyScanner) scan(r *reader) (used FeatureSet) {
	it := &s.it
	it.reader = *r
	s.open = append(s.open[:0], OpBlock)
	for len(s.open) > 0 && it.Next() {
		used |= opcodeUse[it.Op]
		switch it.Op {
		case OpBlock, OpLoop, OpIf, OpTryTable:
			if it.Block.Indexed {
				used |= 1 << MultiValue
			}
			s.open = append(s.open, it.Op)
		case OpElse:
			if s.open[len(s.open)-1] != OpIf {
				it.fail(it.Start, "END opcode expected")
			}
			s.open[len(s.open)-1] = OpElse
		case OpEnd:
			s.open = s.open[:len(s.open)-1]
		}
	}
	r.pos, r.err = it.pos, it.err
	if r.err == nil && len(s.open) > 0 {
		r.fail(r.pos, msgEnd)
	}
	return used
}

func (d *decoder) constExpr() Expr {
	start := d.pos
	used := d.scan(&d.reader)
	if used&computes != 0 {
		used |= 1 << ExtendedConst
	}
	d.used |= used & features
	return Expr{Bytes: d.b[start:d.pos:d.pos], Offset: start}
}

// code reads the code section.
//
// https://webassembly.github.io/spec/core/binary/modules.html#code-section
func (d *decoder) code() {
	n := d.count()
	d.m.Code = make([]Code, 0, min(n, len(d.m.Funcs)))
	imported := d.m.countImports(ExternFunc)
	d.m.short = make([]uint64, (imported+len(d.m.Funcs)+63)/64)
	end := len(d.b)
	for i := 0; i < n && d.err == nil; i++ {
		start := d.pos
		size := d.u32()
		if uint64(size) > uint64(end-d.pos) {
			d.fail(end, msgEnd)
			return
		}
		d.b = d.file[:d.pos+int(size)]
		d.m.Code = append(d.m.Code, d.codeEntry(start, imported+i))
		if d.err != nil {
			d.explainBody()
			d.err.Func = imported + i
			return
		}
		d.b = d.file[:end]
	}
}

func (d *decoder) codeEntry(start, index int) Code {
	c := Code{Offset: start, Locals: d.locals()}
	body := d.pos
	used := d.scan(&d.reader)
	if used&needsData != 0 && d.m.DataCount == nil && d.err == nil {
		d.fail(body, "data count section required")
	}
	if d.err == nil && d.pos < len(d.b) {
		d.fail(d.pos, "section size mismatch")
	}
	if d.err != nil {
		return c
	}
	c.Body = Expr{Bytes: d.b[body:d.pos:d.pos], Offset: body}
	if used&lasts == 0 && len(c.Body.Bytes) <= maxShortBody && index/64 < len(d.m.short) {
		d.m.short[index/64] |= 1 << (index % 64)
	}
	d.used |= used & features
	return c
}

// explainBody words the error of a body without end as the test suite does, which reads on after the body: what stands
// there is an `end`, so the size is wrong, or it is not, so the `end` is missing.
func (d *decoder) explainBody() {
	end := len(d.b)
	switch {
	case d.err.Msg != msgEnd || end == len(d.file):
	case Opcode(d.file[end]) == OpEnd:
		d.err.Msg = "section size mismatch"
	default:
		d.err.Msg = "END opcode expected"
	}
}

func (d *decoder) locals() []LocalRun {
	n := d.count()
	runs := d.runs.take(n)
	total := uint64(0)
	for i := 0; i < n && d.err == nil; i++ {
		start := d.pos
		run := LocalRun{Count: d.u32()}
		if d.err == nil {
			if total += uint64(run.Count); total > maxLocals {
				d.fail(start, "too many locals")
			}
		}
		run.Type = d.valType()
		d.used |= typeUse(run.Type)
		runs = append(runs, run)
	}
	return runs
}
