package wat

import (
	"bytes"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// body is the instruction sequence being parsed. Instructions are encoded as
// they are met; nesting is kept on explicit stacks, so that no text is too deep.
type body struct {
	code   []byte
	frames []frame
	labels []label
	// byName is the innermost label of each name, as its position in labels.
	byName map[string]uint32
	// waiting holds folded instructions, encoded, until their operands are done.
	waiting []byte
	// hint is for the instruction at hand.
	hint *hint
}

// frame is a structure that is open: a block, or parentheses.
type frame struct {
	kind frameKind
	// label is the token behind the keyword of a folded if, where its name stands.
	label uint32
	// waiting is where its instruction begins in body.waiting.
	waiting int
	hint    *hint
}

type frameKind uint8

const (
	// What stands between the parentheses of a field.
	frameField frameKind = iota
	// block, loop, if or try_table, up to "end".
	frameFlat
	// The same, where "else" may come.
	frameFlatIf
	// "(op ...)": operands follow, then the instruction itself. The specification wants operands in
	// parentheses; wasmer's parser takes any instructions, and so do texts written for it.
	frameOp
	// "(block ...)", "(loop ...)" or "(try_table ...)".
	frameBlock
	// "(if ...)" before (then ...), after it, and after (else ...).
	frameIf
	frameThenDone
	frameElseDone
	// "(then ...)" or "(else ...)".
	frameArm
)

// foldedOnly tells whether only instructions in parentheses may stand here.
func (k frameKind) foldedOnly() bool { return k >= frameIf && k <= frameElseDone }

// expr parses instructions up to the parenthesis that closes the form they are
// in, and adds the final end:
// https://webassembly.github.io/spec/core/text/instructions.html#expressions
func (p *parser) expr() wasm.Expr {
	p.begin()
	for (p.kind() != tokRParen || len(p.body.frames) > 1) && p.err == nil {
		p.step()
	}
	return p.end()
}

// foldedExpr parses one instruction in parentheses as an expression.
func (p *parser) foldedExpr(expected string) wasm.Expr {
	p.begin()
	if p.kind() != tokLParen {
		p.unexpected(expected)
		return wasm.Expr{}
	}
	p.folded()
	for len(p.body.frames) > 1 && p.err == nil {
		p.step()
	}
	return p.end()
}

// step parses the next piece of an instruction sequence.
func (p *parser) step() {
	switch p.kind() {
	case tokKeyword:
		p.flat()
	case tokLParen:
		p.folded()
	case tokRParen:
		p.closeFrame()
	case tokAnnot:
		p.instructionAnnotation()
	default:
		p.unexpected("an instruction")
	}
}

func (p *parser) begin() {
	b := &p.body
	b.code = b.code[:0]
	b.frames = append(b.frames[:0], frame{kind: frameField})
	b.labels = b.labels[:0]
	b.byName = emptied(b.byName)
	b.waiting = b.waiting[:0]
	b.hint = nil
}

func (p *parser) end() wasm.Expr {
	p.body.code = wasm.OpEnd.Append(p.body.code)
	return wasm.Expr{Bytes: bytes.Clone(p.body.code)}
}

func (p *parser) top() *frame { return &p.body.frames[len(p.body.frames)-1] }

func (p *parser) push(kind frameKind) {
	p.body.frames = append(p.body.frames, frame{kind: kind, waiting: len(p.body.waiting), hint: p.takeHint()})
}

func (p *parser) pop() {
	p.body.frames = p.body.frames[:len(p.body.frames)-1]
}

// lookup passes a mnemonic and returns what it stands for.
func (p *parser) lookup() *wasm.OpInfo {
	op, ok := wasm.OpcodeByName(string(p.text()))
	if !ok || structureWords[string(p.text())] {
		p.unexpected("an instruction")
		return nil
	}
	info := op.Info()
	if !info.Feature.Supported() {
		p.refuse(p.tok().off, info.Feature, info.Name)
		return nil
	}
	p.next()
	return info
}

// flat parses one instruction that stands without parentheses.
func (p *parser) flat() {
	if p.top().kind.foldedOnly() {
		p.unexpected("an instruction in parentheses, or )")
		return
	}
	at := p.tok().off
	info := p.lookup()
	if info == nil {
		return
	}
	switch info.Op {
	case wasm.OpBlock, wasm.OpLoop, wasm.OpTryTable:
		p.block(info.Op, frameFlat)
	case wasm.OpIf:
		p.block(info.Op, frameFlatIf)
	case wasm.OpElse:
		p.flatElse(at)
	case wasm.OpEnd:
		p.flatEnd(at)
	default:
		p.placeHint(p.takeHint())
		p.body.code = p.instruction(info, p.body.code)
	}
}

func (p *parser) flatElse(at uint32) {
	if p.top().kind != frameFlatIf {
		p.failAt(at, "unexpected token else, expected an instruction")
		return
	}
	p.sameLabel()
	p.top().kind = frameFlat
	p.body.code = wasm.OpElse.Append(p.body.code)
}

func (p *parser) flatEnd(at uint32) {
	if k := p.top().kind; k != frameFlat && k != frameFlatIf {
		p.failAt(at, "unexpected token end, expected an instruction")
		return
	}
	p.sameLabel()
	p.closeBlock()
}

// folded parses "(op" and its immediates; its operands come next.
func (p *parser) folded() {
	if p.arm() {
		return
	}
	p.next()
	if p.kind() != tokKeyword {
		p.unexpected("an instruction")
		return
	}
	at := p.tok().off
	info := p.lookup()
	if info == nil {
		return
	}
	switch info.Op {
	case wasm.OpBlock, wasm.OpLoop, wasm.OpTryTable:
		p.block(info.Op, frameBlock)
	case wasm.OpIf:
		p.foldedIf()
	case wasm.OpElse, wasm.OpEnd:
		p.failAt(at, "unexpected token %s, expected an instruction", info.Name)
	default:
		p.push(frameOp)
		p.body.waiting = p.instruction(info, p.body.waiting)
	}
}

// foldedIf parses the head of a folded if. It is encoded, and its label opened,
// behind its condition.
func (p *parser) foldedIf() {
	p.push(frameIf)
	p.top().label = uint32(p.pos)
	p.skipBinding(0)
	p.body.waiting = p.blockType(wasm.OpIf.Append(p.body.waiting))
}

// arm passes "(then" or "(else" of a folded if. It is false if an instruction
// comes next.
func (p *parser) arm() bool {
	f := p.top()
	switch f.kind {
	case frameIf:
		if !p.form("then") {
			return false
		}
		p.emit(f)
		resume := p.pos
		p.pos = int(f.label)
		name := p.labelName()
		p.pos = resume
		p.openLabel(name)
		f.kind = frameThenDone
		p.push(frameArm)
	case frameThenDone:
		if !p.form("else") {
			p.unexpected("(else or )")
			return true
		}
		p.body.code = wasm.OpElse.Append(p.body.code)
		f.kind = frameElseDone
		p.push(frameArm)
	case frameElseDone:
		p.unexpected(")")
	default:
		return false
	}
	return true
}

// emit encodes the instruction that waited for its operands.
func (p *parser) emit(f *frame) {
	b := &p.body
	p.placeHint(f.hint)
	b.code = append(b.code, b.waiting[f.waiting:]...)
	b.waiting = b.waiting[:f.waiting]
}

// closeFrame passes a parenthesis that closes a frame.
func (p *parser) closeFrame() {
	f := *p.top()
	switch f.kind {
	case frameFlat, frameFlatIf:
		p.unexpected("end")
		return
	case frameOp:
		p.emit(&f)
		p.pop()
	case frameBlock:
		p.closeBlock()
	case frameIf:
		p.unexpected("(then")
		return
	case frameThenDone, frameElseDone:
		p.closeBlock()
	case frameArm:
		p.pop()
	}
	p.next()
}

// closeBlock ends the block that the top frame is.
func (p *parser) closeBlock() {
	p.body.code = wasm.OpEnd.Append(p.body.code)
	p.closeLabel()
	p.pop()
}
