package wat

import "github.com/pywasm-go/pywasm/core/wasm"

// function is what the parser knows of the function it is in.
type function struct {
	index uint32
	// firstLocal is the number of parameters.
	firstLocal int
	locals     map[string]uint32
	localNames wasm.NameMap
	labelNames wasm.NameMap
	blocks     uint32
	// inBody tells that its instructions are being parsed.
	inBody bool
	hints  []hint
}

// keepMap is the size up to which emptying a map is cheaper than a new one. A
// large map must go: emptying it takes time by the size it once had.
const keepMap = 64

func emptied(m map[string]uint32) map[string]uint32 {
	if m == nil || len(m) > keepMap {
		return map[string]uint32{}
	}
	clear(m)
	return m
}

func (f *function) reset(index uint32) {
	*f = function{index: index, locals: emptied(f.locals)}
}

func (p *parser) funcField(f *field) {
	index := p.functionIndex()
	if !p.definition(f, wasm.ExternFunc) {
		return
	}
	p.fn.reset(index)
	typ, inline := p.typeUse(p.bindLocal)
	p.fn.firstLocal = len(inline.Params)
	if int(typ) < len(p.m.Types) {
		p.fn.firstLocal = len(p.m.Types[typ].Params)
	}
	var locals []wasm.ValType
	for p.form("local") {
		locals = p.declared(locals, func(i int) { p.bindLocal(p.fn.firstLocal + i) })
	}
	p.fn.inBody = true
	code := wasm.Code{Locals: localRuns(locals), Body: p.expr()}
	p.fn.inBody = false
	p.m.Funcs = append(p.m.Funcs, typ)
	p.m.Code = append(p.m.Code, code)
	p.keepNames()
	p.keepHints(code.Locals)
	p.close()
}

// bindLocal gives an index to the identifier of a parameter or local.
func (p *parser) bindLocal(i int) {
	at := p.tok()
	if at.kind == tokID {
		w := p.identifier(at)
		if _, taken := p.fn.locals[w]; taken {
			p.failAt(at.off, "duplicate local %s", shorten(p.spelling(at)))
			return
		}
		p.fn.locals[w] = uint32(i)
	}
	if name, ok := p.bindingName(); ok {
		p.fn.localNames = named(p.fn.localNames, uint32(i), name)
	}
}

// local passes the index of a local.
func (p *parser) local() uint32 {
	if p.kind() != tokID {
		return uint32(p.nat(32, "a local index"))
	}
	t := p.next()
	i, ok := p.fn.locals[string(p.idBytes(t))]
	if !ok {
		p.failAt(t.off, "unknown local %s", shorten(p.spelling(t)))
	}
	return i
}

// localRuns counts neighbours of the same type, as the binary format does.
func localRuns(types []wasm.ValType) (runs []wasm.LocalRun) {
	for _, t := range types {
		if n := len(runs); n > 0 && runs[n-1].Type == t {
			runs[n-1].Count++
			continue
		}
		runs = append(runs, wasm.LocalRun{Count: 1, Type: t})
	}
	return runs
}

// keepNames notes the names of the function for the name section.
func (p *parser) keepNames() {
	if p.fn.localNames != nil {
		p.names.Locals[p.fn.index] = p.fn.localNames
	}
	if p.fn.labelNames != nil {
		p.names.Labels[p.fn.index] = p.fn.labelNames
	}
}
