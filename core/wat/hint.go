package wat

import (
	"bytes"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// hintAnnotation tells whether the branch behind it is likely taken. It is the
// name of the custom section too, in which the hints end up:
// https://webassembly.github.io/spec/core/appendix/custom.html#branch-hints
const hintAnnotation = "metadata.code.branch_hint"

// hint is a branch hint: what it says, and the place of its instruction in the
// body of the function, as soon as that is encoded.
type hint struct {
	value byte
	at    int
}

// hintFault records a fault of a hint.
func (p *parser) hintFault(off uint32, what string) {
	p.failAt(off, "@%s annotation: %s", hintAnnotation, what)
}

// instructionAnnotation passes an annotation among instructions, which can only
// be a hint for the instruction behind it.
func (p *parser) instructionAnnotation() {
	at := p.tok().off
	if !p.atAnnotation(hintAnnotation) {
		p.unexpected("an instruction")
		return
	}
	p.next()
	value := p.str("a string of one byte")
	p.close()
	switch target := p.tok(); {
	case !p.fn.inBody:
		p.hintFault(at, "not in a function")
	case !bytes.Equal(value, []byte{0}) && !bytes.Equal(value, []byte{1}):
		p.hintFault(at, "malformed hint, expected \"\\00\" or \"\\01\"")
	case p.atAnnotation(hintAnnotation):
		p.hintFault(target.off, "duplicate annotation")
	case !p.atWord("if") && !p.atWord("br_if") && !p.atForm("if") && !p.atForm("br_if"):
		p.hintFault(at, "invalid target, expected if or br_if")
	default:
		p.body.hint = &hint{value: value[0]}
	}
}

// takeHint is the hint for the instruction at hand, or nil.
func (p *parser) takeHint() *hint {
	h := p.body.hint
	p.body.hint = nil
	return h
}

// placeHint notes that the instruction of a hint is encoded next.
func (p *parser) placeHint(h *hint) {
	if h != nil {
		h.at = len(p.body.code)
		p.fn.hints = append(p.fn.hints, *h)
	}
}

// keepHints adds the hints of a function to the section. Places count from the
// declarations of the locals, which are encoded before the body.
func (p *parser) keepHints(locals []wasm.LocalRun) {
	if len(p.fn.hints) == 0 {
		return
	}
	size := len(wasm.AppendU32(nil, uint32(len(locals))))
	for _, run := range locals {
		size += len(wasm.AppendValType(wasm.AppendU32(nil, run.Count), run.Type))
	}
	p.hinted++
	p.hints = wasm.AppendU32(p.hints, p.fn.index)
	p.hints = wasm.AppendU32(p.hints, uint32(len(p.fn.hints)))
	for _, h := range p.fn.hints {
		p.hints = wasm.AppendU32(p.hints, uint32(size+h.at))
		p.hints = append(p.hints, 1, h.value)
	}
}

// placeHints adds the section of the hints to the module.
func (p *parser) placeHints() {
	if p.hinted > 0 {
		content := append(wasm.AppendU32(nil, p.hinted), p.hints...)
		p.m.Customs = append(p.m.Customs, wasm.Custom{Name: hintAnnotation, After: wasm.SectionDataCount, Bytes: content})
	}
}
