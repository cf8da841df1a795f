package engine

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// maxInlined bounds the constant expressions that inlineGlobals makes: each global may double the one before.
const maxInlined = 1 << 20

// inlineGlobals replaces global.get of the module's own globals in constant expressions by what these are initialised
// with. The specification allows it of all globals before; wazero knows imported ones only.
//
// https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
func inlineGlobals(p *wasm.Module) error {
	in := inliner{module: p}
	for i := range p.Imports {
		if p.Imports[i].Kind == wasm.ExternGlobal {
			in.imported++
		}
	}
	p.Globals = slices.Clone(p.Globals)
	for i := range p.Globals {
		in.expr(&p.Globals[i].Init)
	}
	p.Tables = slices.Clone(p.Tables)
	for i := range p.Tables {
		if init := p.Tables[i].Init; init != nil {
			inlined := *init
			in.expr(&inlined)
			p.Tables[i].Init = &inlined
		}
	}
	in.segments()
	if in.size > maxInlined {
		return fail(CodeCompile, "the constant expressions of the module's globals are too large")
	}
	return nil
}

type inliner struct {
	module   *wasm.Module
	imported uint32
	size     int // of all that was replaced
}

func (in *inliner) segments() {
	p := in.module
	p.Elements = slices.Clone(p.Elements)
	for i := range p.Elements {
		e := &p.Elements[i]
		in.expr(&e.Start)
		e.Exprs = slices.Clone(e.Exprs)
		for j := range e.Exprs {
			in.expr(&e.Exprs[j])
		}
	}
	p.Data = slices.Clone(p.Data)
	for i := range p.Data {
		in.expr(&p.Data[i].Start)
	}
}

func (in *inliner) expr(x *wasm.Expr) {
	var out []byte
	copied := 0
	for it := wasm.NewIter(*x); in.size <= maxInlined && it.Next(); {
		if it.Op != wasm.OpGlobalGet || it.Index < in.imported {
			continue
		}
		value := in.module.Globals[it.Index-in.imported].Init.Bytes
		out = append(append(out, x.Bytes[copied:it.Start]...), value[:len(value)-1]...) // without its end
		copied = it.Pos()
		in.size += len(value)
	}
	if out != nil {
		x.Bytes = append(out, x.Bytes[copied:]...)
	}
}

// fillExternrefSegments gives passive segments of external references their elements, which wazero leaves empty.
func (i *Instance) fillExternrefSegments() {
	for k := range i.module.source.Elements {
		e := &i.module.source.Elements[k]
		passive := e.Mode == wasm.Passive || e.Mode == wasm.Active && i.module.initializer != nil
		if !passive || e.Type.Heap() != wasm.HeapExtern {
			continue
		}
		refs := make([]uintptr, len(e.Exprs))
		for j, x := range e.Exprs {
			refs[j] = i.externref(x)
		}
		i.guts.setSegment(k, refs)
	}
}

// externref evaluates a constant expression: a global or null.
func (i *Instance) externref(x wasm.Expr) uintptr {
	it := wasm.NewIter(x)
	if !it.Next() || it.Op != wasm.OpGlobalGet {
		return 0
	}
	lo, _ := i.guts.global(it.Index).Value()
	return uintptr(lo)
}
