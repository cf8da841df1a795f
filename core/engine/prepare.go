package engine

import (
	"slices"
	"strconv"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// prepare returns the module that wazero compiles in place of the user's:
//
//   - Import k is renamed to "k" "k", so that each can be resolved by itself (wazero resolves by module name alone).
//   - A function import that can escape, through an export, a table, a global or ref.func, is replaced there by a
//     wrapper, a function at the end of the index space that calls it. wazero tells a host function only which instance
//     called; called through a wrapper, that is always the instance whose import it is.
//   - Exports are dropped, except those of tables, which wazero needs to see to keep instances alive: an Instance
//     knows its exports by index.
//   - The start function is dropped: Instantiate calls it when the instance is known.
//   - Constant expressions that use globals of the module get the values of these, see globals.go.
//   - Instructions that wazero does not know, or gets wrong, become others, see expand.go.
//   - Active segments become a function, unless they are sure to fit, see segments.go.
//   - Fuel is counted in what the user wrote, so that it is the same everywhere; safe points are added at last. See pause.go.
//   - Custom sections are dropped, and a name section gives the module its tag (a malformed one is an error to wazero).
func (m *Module) prepare() (*wasm.Module, error) {
	p := *m.base
	p.Start, p.Sections = nil, nil
	p.Imports = renamed(m.source.Imports)
	p.Customs = []wasm.Custom{{Name: "name", After: wasm.SectionData, Bytes: moduleNameSection(m.tag)}}
	p.Exports = tableExports(m.source)
	m.mend(&p)
	if err := inlineGlobals(&p); err != nil {
		return nil, err
	}
	p.Elements = declareExports(p.Elements, m.source.Exports)
	m.wrapEscaping(&p)
	m.sequenceSegments(&p)
	for i := range p.Tables { // a copy where something changes
		if l := &p.Tables[i].Limits; !l.HasMax || l.Max > maxTable {
			p.Tables = cappedTables(p.Tables)
			break
		}
	}
	paused, err := m.addSafePoints(&p)
	if err != nil {
		return nil, err
	}
	return m.limitDepth(paused)
}

func renamed(imports []wasm.Import) []wasm.Import {
	out := make([]wasm.Import, len(imports))
	copy(out, imports)
	for i := range out {
		name := strconv.Itoa(i)
		out[i].Module, out[i].Name = name, name
	}
	return out
}

func tableExports(m *wasm.Module) []wasm.Export {
	var out []wasm.Export
	for _, e := range m.Exports {
		if e.Kind == wasm.ExternTable {
			out = append(out, e)
		}
	}
	return out
}

// declareExports declares the functions that were exported: ref.func may only name what is declared somewhere.
func declareExports(elements []wasm.Element, exports []wasm.Export) []wasm.Element {
	declared := wasm.Element{Mode: wasm.Declared, Type: wasm.FuncRef}
	for _, e := range exports {
		if e.Kind == wasm.ExternFunc {
			declared.Funcs = append(declared.Funcs, e.Index)
		}
	}
	if len(declared.Funcs) == 0 {
		return elements
	}
	return append(slices.Clone(elements), declared)
}

// cappedTables bounds what table.grow can take of the host's memory.
func cappedTables(tables []wasm.Table) []wasm.Table {
	out := make([]wasm.Table, len(tables))
	copy(out, tables)
	for i := range out {
		if l := &out[i].Limits; !l.HasMax || l.Max > maxTable {
			l.HasMax, l.Max = true, maxTable
		}
	}
	return out
}

// moduleNameSection returns a name section with the module's name alone.
//
// https://webassembly.github.io/spec/core/appendix/custom.html#binary-modulenamesec
func moduleNameSection(name string) []byte {
	sub := append(wasm.AppendU32(nil, uint32(len(name))), name...)
	return append(append([]byte{0}, wasm.AppendU32(nil, uint32(len(sub)))...), sub...)
}

// wrapEscaping replaces function imports by wrappers wherever a reference to them is taken.
func (m *Module) wrapEscaping(p *wasm.Module) {
	imports := uint32(len(m.imported[wasm.ExternFunc]))
	if imports == 0 {
		return
	}
	w := wrapper{module: m, imports: imports, of: map[uint32]uint32{}}
	// What is called by index cannot be an import.
	if start := m.source.Start; start != nil {
		w.index(*start)
	}
	for _, e := range m.source.Exports {
		if e.Kind == wasm.ExternFunc {
			w.index(e.Index)
		}
	}
	p.Elements = w.elements(p.Elements)
	p.Globals = w.globals(p.Globals)
	p.Tables = w.tables(p.Tables)
	p.Code = w.code(p.Code)
	if len(m.wrappers) == 0 {
		return
	}
	p.Funcs = append([]uint32(nil), p.Funcs...)
	p.Code = append([]wasm.Code(nil), p.Code...)
	declared := wasm.Element{Mode: wasm.Declared, Type: wasm.FuncRef}
	for i, function := range m.wrappers {
		p.Funcs = append(p.Funcs, m.functionTypeIndex(function))
		p.Code = append(p.Code, wasm.Code{Body: wasm.Expr{Bytes: forward(function, len(m.FunctionType(function).Params))}})
		declared.Funcs = append(declared.Funcs, m.firstWrapper+uint32(i))
	}
	p.Elements = append(append([]wasm.Element(nil), p.Elements...), declared)
}

// forward is the body of a function that passes its parameters on to another.
func forward(function uint32, params int) []byte {
	var b []byte
	for i := range params {
		b = wasm.AppendU32(wasm.OpLocalGet.Append(b), uint32(i))
	}
	b = wasm.AppendU32(wasm.OpCall.Append(b), function)
	return wasm.OpEnd.Append(b)
}

// wrapperOf returns the wrapper of an import.
func (m *Module) wrapperOf(function uint32) uint32 {
	return m.firstWrapper + uint32(slices.Index(m.wrappers, function))
}

type wrapper struct {
	module  *Module
	imports uint32
	of      map[uint32]uint32 // import to wrapper
}

// index returns what stands for function in a reference.
func (w *wrapper) index(function uint32) uint32 {
	if function >= w.imports {
		return function
	}
	if _, ok := w.of[function]; !ok {
		w.of[function] = w.module.firstWrapper + uint32(len(w.module.wrappers))
		w.module.wrappers = append(w.module.wrappers, function)
	}
	return w.of[function]
}

func (w *wrapper) elements(elements []wasm.Element) []wasm.Element {
	out := append([]wasm.Element(nil), elements...)
	for i := range out {
		e := &out[i]
		e.Start = w.expr(e.Start)
		funcs := make([]uint32, len(e.Funcs))
		for j, f := range e.Funcs {
			funcs[j] = w.index(f)
		}
		exprs := make([]wasm.Expr, len(e.Exprs))
		for j, x := range e.Exprs {
			exprs[j] = w.expr(x)
		}
		e.Funcs, e.Exprs = funcs, exprs
	}
	return out
}

func (w *wrapper) globals(globals []wasm.Global) []wasm.Global {
	out := append([]wasm.Global(nil), globals...)
	for i := range out {
		out[i].Init = w.expr(out[i].Init)
	}
	return out
}

func (w *wrapper) tables(tables []wasm.Table) []wasm.Table {
	out := append([]wasm.Table(nil), tables...)
	for i := range out {
		if out[i].Init != nil {
			init := w.expr(*out[i].Init)
			out[i].Init = &init
		}
	}
	return out
}

// code rewrites bodies. ref.func may name only functions that occur outside of bodies too, so mostly there is nothing
// to look for.
func (w *wrapper) code(code []wasm.Code) []wasm.Code {
	if len(w.of) == 0 {
		return code
	}
	out := append([]wasm.Code(nil), code...)
	for i := range out {
		out[i].Body = w.expr(out[i].Body)
	}
	return out
}

// expr replaces the imports that ref.func names.
func (w *wrapper) expr(x wasm.Expr) wasm.Expr {
	var out []byte
	copied := 0
	for it := wasm.NewIter(x); it.Next(); {
		if it.Op != wasm.OpRefFunc || it.Index >= w.imports {
			continue
		}
		out = append(out, x.Bytes[copied:it.Start]...)
		out = wasm.AppendU32(wasm.OpRefFunc.Append(out), w.index(it.Index))
		copied = it.Pos()
	}
	if out == nil {
		return x
	}
	return wasm.Expr{Bytes: append(out, x.Bytes[copied:]...), Offset: x.Offset}
}
