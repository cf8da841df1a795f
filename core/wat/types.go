package wat

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// valTypes are the value types that are one keyword.
var valTypes = map[string]wasm.ValType{
	"i32": wasm.I32, "i64": wasm.I64, "f32": wasm.F32, "f64": wasm.F64, "v128": wasm.V128,
	"funcref": wasm.FuncRef, "externref": wasm.ExternRef, "exnref": wasm.ExnRef,
}

var heapTypes = map[string]wasm.HeapType{
	"func": wasm.HeapFunc, "extern": wasm.HeapExtern, "exn": wasm.HeapExn,
}

// refusedTypes are known words of features we lack.
var refusedTypes = map[string]wasm.Feature{
	"anyref": wasm.GC, "eqref": wasm.GC, "i31ref": wasm.GC, "structref": wasm.GC, "arrayref": wasm.GC,
	"nullref": wasm.GC, "nullfuncref": wasm.GC, "nullexternref": wasm.GC, "nullexnref": wasm.GC,
	"any": wasm.GC, "eq": wasm.GC, "i31": wasm.GC, "struct": wasm.GC, "array": wasm.GC, "none": wasm.GC,
	"nofunc": wasm.GC, "noextern": wasm.GC, "noexn": wasm.GC, "sub": wasm.GC, "final": wasm.GC,
	"field": wasm.GC, "i8": wasm.GC, "i16": wasm.GC,
	"cont": wasm.StackSwitching, "nocont": wasm.StackSwitching, "contref": wasm.StackSwitching,
	"nullcontref": wasm.StackSwitching,
	"pagesize":    wasm.CustomPageSizes,
	"exact":       wasm.CustomDescriptors, "describes": wasm.CustomDescriptors, "descriptor": wasm.CustomDescriptors,
	"shared": wasm.SharedEverything,
}

// refused names the feature that the token at hand, or the form that it opens,
// belongs to, if that is one we lack.
func (c *cursor) refused() (t *token, f wasm.Feature) {
	t = c.tok()
	if t.kind == tokLParen {
		t = &c.toks[c.pos+1]
	}
	if t.kind == tokKeyword {
		f = refusedTypes[string(c.spelling(t))]
	}
	return t, f
}

// valType parses a value type:
// https://webassembly.github.io/spec/core/text/types.html#value-types
func (p *parser) valType() wasm.ValType {
	if p.kind() == tokKeyword {
		if t, ok := valTypes[string(p.text())]; ok {
			p.next()
			return t
		}
	}
	return p.refType("a value type")
}

func (p *parser) refType(expected string) wasm.ValType {
	if p.kind() == tokKeyword {
		if t := valTypes[string(p.text())]; t.IsRef() {
			p.next()
			return t
		}
	}
	if !p.form("ref") {
		p.unexpected(expected)
		return 0
	}
	null := p.word("null")
	t := wasm.Ref(p.heapType(), null)
	p.close()
	return t
}

func (p *parser) heapType() wasm.HeapType {
	if p.kind() == tokKeyword {
		if h, ok := heapTypes[string(p.text())]; ok {
			p.next()
			return h
		}
	}
	if !p.atIndex() {
		p.unexpected("a heap type")
		return 0
	}
	at := p.tok().off
	i := p.index(spaceType)
	if i > wasm.MaxTypeIndex {
		p.failAt(at, "unknown type %d", i)
		return 0
	}
	return wasm.HeapType(i)
}

// types parses all type definitions, before anything that uses them.
func (p *parser) types() {
	for i := range p.fields {
		f := &p.fields[i]
		p.pos = f.pos
		if p.err != nil {
			return
		}
		switch f.word {
		case "type":
			p.typeDef(true)
		case "rec":
			group := wasm.RecGroup{First: uint32(len(p.m.Types))}
			single := p.toks[p.toks[p.pos].match+1].kind == tokRParen
			for p.form("type") {
				p.skipBinding(0)
				p.typeDef(single)
				p.close()
			}
			group.Len = uint32(len(p.m.Types)) - group.First
			p.m.RecGroups = append(p.m.RecGroups, group)
		}
	}
}

// skipBinding passes what bind has read before.
func (p *parser) skipBinding(int) { p.bindingName() }

// typeDef parses "(func ...)". If shared, abbreviated type uses may mean it.
func (p *parser) typeDef(shared bool) {
	if !p.form("func") {
		p.unexpected("(func")
		return
	}
	t := p.signature(nil)
	p.close()
	p.addType(t, shared)
}

func (p *parser) addType(t wasm.FuncType, shared bool) uint32 {
	i := uint32(len(p.m.Types))
	p.m.Types = append(p.m.Types, t)
	if !shared {
		return i
	}
	key := string(p.key(t))
	if _, known := p.implicit[key]; !known {
		p.implicit[key] = i
	}
	return i
}

// key spells a type so that equal types have equal keys.
func (p *parser) key(t wasm.FuncType) []byte {
	k := wasm.AppendU32(p.sigKey[:0], uint32(len(t.Params)))
	for _, list := range [...][]wasm.ValType{t.Params, t.Results} {
		for _, v := range list {
			k = wasm.AppendU32(k, uint32(v))
		}
	}
	p.sigKey = k
	return k
}

// signature parses parameters and results. Where bind is nil, an identifier of
// a parameter is passed over; where it is noNames, it is a fault.
func (p *parser) signature(bind func(i int)) (t wasm.FuncType) {
	for p.form("param") {
		t.Params = p.declared(t.Params, bind)
	}
	for p.form("result") {
		for !p.atClose() {
			t.Results = append(t.Results, p.valType())
		}
		p.close()
	}
	return t
}

// declared parses the rest of "(param ...)" or "(local ...)": one type with an
// identifier, or any number without.
func (p *parser) declared(types []wasm.ValType, bind func(i int)) []wasm.ValType {
	if p.kind() == tokID || p.kind() == tokAnnot {
		if bind == nil {
			bind = p.skipBinding
		}
		bind(len(types))
		types = append(types, p.valType())
		p.close()
		return types
	}
	for !p.atClose() {
		types = append(types, p.valType())
	}
	p.close()
	return types
}

// noNames is the binder of places where parameters have no identifiers.
func (p *parser) noNames(int) { p.unexpected("a value type") }

// typeUse parses a type use and gives the index of its type, adding the type to
// the module if an abbreviation stands for one that is not there:
// https://webassembly.github.io/spec/core/text/modules.html#type-uses
func (p *parser) typeUse(bind func(i int)) (index uint32, inline wasm.FuncType) {
	at := p.tok().off
	if !p.form("type") {
		inline = p.signature(bind)
		if i, ok := p.implicit[string(p.key(inline))]; ok {
			return i, inline
		}
		return p.addType(inline, true), inline
	}
	index = p.index(spaceType)
	p.close()
	inline = p.signature(bind)
	if h := string(p.head()); h == "param" || h == "result" || h == "type" {
		p.unexpected("nothing more of the type: (type), (param) and (result) come in this order")
	}
	known := int(index) < len(p.m.Types)
	switch abbreviated := len(inline.Params)+len(inline.Results) == 0; {
	case abbreviated && !known:
		p.beyond = append(p.beyond, beyondUse{at, index})
	case !known:
		p.failAt(at, "unknown type %d", index)
	case !abbreviated && !sameType(inline, p.m.Types[index]):
		p.failAt(at, "inline function type: type %d is %s", index, describe(p.m.Types[index]))
	}
	return index, inline
}

func sameType(a, b wasm.FuncType) bool {
	return slices.Equal(a.Params, b.Params) && slices.Equal(a.Results, b.Results)
}

func describe(t wasm.FuncType) string {
	if s := t.String(); s != "" {
		return shorten([]byte(s))
	}
	return "()"
}

// beyondUse is a type use without parameters whose type was not there yet.
type beyondUse struct {
	off, index uint32
}

// checkBeyond refuses uses of a type that an abbreviation further down added:
// how many parameters it has was not known when its locals were counted. The
// validator refuses those that remain unknown.
func (p *parser) checkBeyond() {
	for _, b := range p.beyond {
		if int(b.index) < len(p.m.Types) {
			p.failAt(b.off, "unknown type %d: no type definition has this index", b.index)
		}
	}
}
