package wat

import (
	"strconv"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// bodyPrinter is the function being printed.
type bodyPrinter struct {
	function uint32
	locals   *idSpace
	// labels are the open blocks, each by its identifier, empty if it has none.
	labels []openLabel
	// byName is the innermost open block of each identifier, plus one.
	byName map[string]int
	names  wasm.NameMap
	blocks uint32
	// inline says that all is printed on one line, without line comments.
	inline bool
	// scratch for the immediates that are vectors.
	indices []uint32
	types   []wasm.ValType
	catches []wasm.Catch
}

type openLabel struct {
	id    string
	outer int
}

// function prints a function: its type, locals and instructions, one a line.
func (p *printer) function(i int) {
	index := p.next[spaceFunc]
	typ := p.m.Funcs[i]
	p.field("func")
	p.bind(spaceFunc)
	p.typeUse(typ)
	p.params(index, typ)
	p.body = bodyPrinter{
		function: index, locals: p.ids.locals[index], names: p.ids.labels[index],
		labels: p.body.labels[:0], indices: p.body.indices, types: p.body.types, catches: p.body.catches,
	}
	if p.body.names != nil {
		p.body.byName = map[string]int{}
	}
	p.depth++
	p.locals(typ, p.m.Code[i].Locals)
	p.instructions(p.m.Code[i].Body)
	p.depth--
	p.close()
}

func (p *printer) locals(typ uint32, runs []wasm.LocalRun) {
	first := uint32(0)
	if int(typ) < len(p.m.Types) {
		first = uint32(len(p.m.Types[typ].Params))
	}
	next := first
	open := false
	for _, r := range runs {
		if p.err != nil {
			return
		}
		for range r.Count {
			if next == first {
				p.str("\n   ") // declare writes the fourth space
			}
			open = p.declare("local", p.body.locals, next, r.Type, open)
			next++
		}
	}
	if open {
		p.close()
	}
}

// instructions prints a function body, its final end left out.
func (p *printer) instructions(e wasm.Expr) {
	depth := p.depth
	it := wasm.NewIter(e)
	for it.Next() && p.err == nil {
		if it.Pos() == len(e.Bytes) {
			break
		}
		switch it.Op {
		case wasm.OpEnd:
			p.depth--
			p.closeLabel()
		case wasm.OpElse:
			p.depth--
		}
		p.line()
		p.instruction(it)
		switch it.Op {
		case wasm.OpBlock, wasm.OpLoop, wasm.OpIf, wasm.OpTryTable, wasm.OpElse:
			p.depth++
		}
	}
	p.depth = depth
	if err := it.Err(); err != nil && p.err == nil {
		p.err = err
	}
}

func (p *printer) closeLabel() {
	b := &p.body
	l := b.labels[len(b.labels)-1]
	b.labels = b.labels[:len(b.labels)-1]
	if l.id != "" {
		b.byName[l.id] = l.outer
	}
}

// expr prints a constant expression. A single instruction goes in parentheses,
// others in a form with the word, or as they are where that is empty.
func (p *printer) expr(e wasm.Expr, word string) {
	p.body = bodyPrinter{inline: true}
	it := wasm.NewIter(e)
	single := it.Next() && it.Pos() == len(e.Bytes)-1
	switch {
	case single:
		p.str(" (")
	case word != "":
		p.str(" (", word)
	}
	for it = wasm.NewIter(e); it.Next() && it.Pos() < len(e.Bytes); {
		if !single {
			p.str(" ")
		}
		if it.Op == wasm.OpEnd {
			p.closeLabel()
		}
		p.instruction(it)
	}
	if single || word != "" {
		p.close()
	}
	if err := it.Err(); err != nil && p.err == nil {
		p.err = err
	}
}

// instruction prints an instruction and its immediates.
func (p *printer) instruction(it *wasm.Iter) {
	info := it.Op.Info()
	p.str(info.Name)
	switch info.Imm {
	case wasm.ImmNone, wasm.ImmFence:
	case wasm.ImmBlock:
		p.block(it)
	case wasm.ImmTryTable:
		p.tryTable(it)
	case wasm.ImmLabel:
		p.label(it.Index)
	case wasm.ImmBrTable:
		p.body.indices = it.Labels(p.body.indices[:0])
		for _, l := range p.body.indices {
			p.label(l)
		}
	case wasm.ImmLocal:
		p.local(it.Index)
	case wasm.ImmTypeTable:
		if it.Index2 != 0 {
			p.ref(spaceTable, it.Index2)
		}
		p.typeUse(it.Index)
	case wasm.ImmHeapType:
		p.heapType(it.Heap)
	case wasm.ImmSelect:
		p.selectTypes(it)
	case wasm.ImmMemArg, wasm.ImmMemArgLane:
		p.memArg(info, it)
	default:
		p.immediates(info.Imm, it)
	}
}

func (p *printer) immediates(imm wasm.Imm, it *wasm.Iter) {
	if id, ok := immSpaces[imm]; ok {
		p.ref(id, it.Index)
		return
	}
	switch imm {
	case wasm.ImmTableTable:
		p.ref(spaceTable, it.Index)
		p.ref(spaceTable, it.Index2)
	case wasm.ImmElemTable:
		p.ref(spaceTable, it.Index2)
		p.ref(spaceElem, it.Index)
	case wasm.ImmDataMemory:
		p.memory(it.Index2)
		p.ref(spaceData, it.Index)
	case wasm.ImmMemory:
		p.memory(it.Index)
	case wasm.ImmMemoryMemory:
		if it.Index != 0 || it.Index2 != 0 {
			p.ref(spaceMemory, it.Index)
			p.ref(spaceMemory, it.Index2)
		}
	default:
		p.constant(imm, it)
	}
}

func (p *printer) constant(imm wasm.Imm, it *wasm.Iter) {
	p.str(" ")
	switch imm {
	case wasm.ImmLane:
		p.num(uint64(it.Lane))
	case wasm.ImmShuffle:
		for i, lane := range it.Raw {
			if i > 0 {
				p.str(" ")
			}
			p.num(uint64(lane))
		}
	case wasm.ImmI32:
		p.out = strconv.AppendInt(p.out, int64(int32(it.Bits)), 10)
	case wasm.ImmI64:
		p.out = strconv.AppendInt(p.out, int64(it.Bits), 10)
	case wasm.ImmF32:
		p.out = appendFloat(p.out, it.Bits, binary32)
	case wasm.ImmF64:
		p.out = appendFloat(p.out, it.Bits, binary64)
	case wasm.ImmV128:
		p.out = appendVector(p.out, it.Raw)
	}
}

// memory prints a memory index unless it is 0, as the first version had one.
func (p *printer) memory(i uint32) {
	if i != 0 {
		p.ref(spaceMemory, i)
	}
}

func (p *printer) local(i uint32) {
	if p.body.locals != nil {
		if w := p.body.locals.ids[i]; w != "" {
			p.str(" ", w)
			return
		}
	}
	p.str(" ")
	p.num(uint64(i))
}

func (p *printer) memArg(info *wasm.OpInfo, it *wasm.Iter) {
	p.memory(it.Index)
	if it.Bits != 0 {
		p.str(" offset=")
		p.num(it.Bits)
	}
	if it.Align != uint32(info.Align) {
		p.str(" align=")
		p.num(1 << it.Align)
	}
	if info.Imm == wasm.ImmMemArgLane {
		p.str(" ")
		p.num(uint64(it.Lane))
	}
}

func (p *printer) selectTypes(it *wasm.Iter) {
	p.body.types = it.SelectTypes(p.body.types[:0])
	p.str(" (result")
	for _, t := range p.body.types {
		p.str(" ")
		p.valType(t)
	}
	p.close()
}

// block prints the label and the type of a block, and opens it.
func (p *printer) block(it *wasm.Iter) {
	p.blockHead(it)
	p.openLabel()
}

func (p *printer) blockHead(it *wasm.Iter) {
	if id := p.labelID(); id != "" {
		p.str(" ", id)
	}
	switch {
	case it.Block.Indexed:
		p.typeUse(it.Block.Index)
		p.signature(it.Block.Index)
	case it.Block.Result != 0:
		p.str(" (result ")
		p.valType(it.Block.Result)
		p.close()
	}
}

// labelID is the identifier of the block that comes next.
func (p *printer) labelID() string {
	if name := p.body.names[p.body.blocks]; name != "" {
		return identifierOf(name)
	}
	return ""
}

func (p *printer) openLabel() {
	b := &p.body
	l := openLabel{id: p.labelID()}
	b.blocks++
	switch {
	case l.id != "":
		l.outer = b.byName[l.id]
		b.byName[l.id] = len(b.labels) + 1
	case !b.inline:
		p.str("  ;; label = @")
		p.num(uint64(len(b.labels)) + 1)
	}
	b.labels = append(b.labels, l)
}

// label prints a label: the identifier of the block if none hides it, else how
// many blocks lie between, and the number of the block as a comment.
func (p *printer) label(depth uint32) {
	b := &p.body
	p.str(" ")
	i := int64(len(b.labels)) - 1 - int64(depth)
	if i >= 0 {
		if id := b.labels[i].id; id != "" && int64(b.byName[id]) == i+1 {
			p.str(id)
			return
		}
	}
	p.num(uint64(depth))
	if i >= 0 {
		p.str(" (;@")
		p.num(uint64(i) + 1)
		p.str(";)")
	}
}

// catchWords are the clauses of try_table.
var catchWords = [...]string{
	wasm.CatchTag: "catch", wasm.CatchTagRef: "catch_ref",
	wasm.CatchAll: "catch_all", wasm.CatchAllRef: "catch_all_ref",
}

func (p *printer) tryTable(it *wasm.Iter) {
	p.blockHead(it)
	p.body.catches = it.Catches(p.body.catches[:0])
	for _, c := range p.body.catches {
		p.str(" (", catchWords[c.Kind])
		if c.Kind == wasm.CatchTag || c.Kind == wasm.CatchTagRef {
			p.ref(spaceTag, c.Tag)
		}
		p.label(c.Label)
		p.close()
	}
	p.openLabel()
}
