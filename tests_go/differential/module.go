package differential

import (
	"fmt"
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

const (
	// maxInput bounds the bytes that are looked at, and with them the size of a module.
	maxInput = 8 << 10
	// fuelGlobal counts loop iterations and calls down. A function that finds it at zero traps, so every call ends; and
	// since it is less than what the interpreter allows, no call runs out of stack.
	fuelGlobal = 0
	fuel       = 1000
	// hostFunction is the only import of a function; viaInstance is its name if it is called by way of another instance.
	hostFunction = 0
	viaInstance  = "instance"
)

// valTypes are the types of values, each as often as it is likely.
var valTypes = [...]wasm.ValType{
	wasm.I32, wasm.I32, wasm.I32, wasm.I32, wasm.I64, wasm.I64, wasm.I64, wasm.F32, wasm.F32, wasm.F64, wasm.F64,
	wasm.V128, wasm.V128, wasm.V128, wasm.FuncRef, wasm.ExternRef,
}

// allTypes are the types of values, once each.
var allTypes = slices.Compact(slices.Clone(valTypes[:]))

// generator makes a module.
type generator struct {
	source
	m     *wasm.Module
	types int // of the module's types, how many functions may have
	first int // where in the table of functions they begin
	// What there is, imports first: the type index of each function, the type of each global, and the memory.
	funcs   []uint32
	globals []wasm.GlobalType
	memory  wasm.Limits
}

// generate makes a valid module of any bytes.
func generate(data []byte) *wasm.Module { return generateOf(data, nil, (*body).instruction) }

// generateFor makes a module whose functions apply one operator to what comes back from the stack.
func generateFor(o *operator, data []byte) *wasm.Module {
	return generateOf(data, slices.Repeat(o.Params, 10), func(b *body) { b.meeting(o) })
}

// generateOf makes a module whose functions have some locals and consist of what step appends, again and again.
func generateOf(data []byte, locals []wasm.ValType, step func(*body)) *wasm.Module {
	g := &generator{source: source{data[:min(len(data), maxInput)]}, m: &wasm.Module{}}
	bodies := g.source.take(len(g.data) * 7 / 8)
	g.makeTypes()
	g.makeImport()
	for range 1 + g.below(6) {
		g.m.Funcs = append(g.m.Funcs, uint32(g.below(g.types)))
	}
	g.funcs = append(g.funcs, g.m.Funcs...)
	g.makeMemory()
	g.makeTables()
	g.makeGlobals()
	g.makeElements()
	g.makeExports()
	for i := range g.m.Funcs {
		g.makeBody(i, bodies.take(len(bodies.data)/(len(g.m.Funcs)-i)), locals, step)
	}
	g.countData()
	return g.m
}

func (g *generator) valType() wasm.ValType { return valTypes[g.below(len(valTypes))] }

func (g *generator) valTypes(most int) []wasm.ValType {
	var types []wasm.ValType
	for range g.below(most + 1) {
		types = append(types, g.valType())
	}
	return types
}

// makeTypes makes types of functions, some with more parameters and results than there are registers for.
func (g *generator) makeTypes() {
	g.m.Types = []wasm.FuncType{{}}
	for range 1 + g.below(5) {
		params, results := 6, 4
		if g.rarely(4) {
			params, results = 40, 20
		}
		g.m.Types = append(g.m.Types, wasm.FuncType{Params: g.valTypes(params), Results: g.valTypes(results)})
	}
	g.types = len(g.m.Types)
}

// makeImport imports a function: that of the host, or an instance's that calls it.
func (g *generator) makeImport() {
	name := "host"
	if g.rarely(4) {
		name = viaInstance
	}
	g.funcs = []uint32{uint32(g.below(g.types))}
	g.m.Imports = []wasm.Import{{Module: "m", Name: name, Kind: wasm.ExternFunc, Type: g.funcs[0]}}
}

// typeIndex returns the index of a type, which it adds where it is missing.
func (g *generator) typeIndex(t wasm.FuncType) uint32 {
	i := slices.IndexFunc(g.m.Types, func(known wasm.FuncType) bool {
		return slices.Equal(known.Params, t.Params) && slices.Equal(known.Results, t.Results)
	})
	if i < 0 {
		i = len(g.m.Types)
		g.m.Types = append(g.m.Types, t)
	}
	return uint32(i)
}

func (g *generator) funcType(index int) wasm.FuncType { return g.m.Types[g.funcs[index]] }

func (g *generator) makeMemory() {
	l := wasm.Limits{Min: 1 + uint64(g.below(2)), HasMax: true}
	if g.rarely(32) {
		l.Min = 0
	}
	l.Max = l.Min + uint64(g.below(3))
	l.Shared = l.Min == 0 || g.rarely(4) // see address
	g.memory = l
	if g.rarely(4) {
		g.m.Imports = append(g.m.Imports, wasm.Import{Module: "m", Name: "memory", Kind: wasm.ExternMemory, Memory: l})
	} else {
		g.m.Memories = []wasm.Limits{l}
	}
	g.m.Data = []wasm.Data{{Bytes: g.bytes(256), Start: g.offset(0)}}
	for range g.below(3) {
		d := wasm.Data{Bytes: g.bytes(g.below(64)), Mode: wasm.SegmentMode(g.below(2))}
		if d.Mode == wasm.Active {
			d.Start = g.offset(g.below(200))
		}
		g.m.Data = append(g.m.Data, d)
	}
}

// offset is where an active segment goes, which rarely is out of bounds.
func (g *generator) offset(n int) wasm.Expr {
	if g.rarely(64) {
		n = 1 << 30
	}
	return constant(wasm.AppendS32(wasm.OpI32Const.Append(nil), int32(n)))
}

// bytes returns n bytes that one byte of the input decides on: zeros, or a sequence without a pattern.
func (g *generator) bytes(n int) []byte {
	out := make([]byte, n)
	state := uint32(g.byte())
	for i := range out {
		state *= 747796405
		out[i] = byte(state >> 24)
		if state != 0 {
			state += 2891336453
		}
	}
	return out
}

func constant(b []byte) wasm.Expr { return wasm.Expr{Bytes: wasm.OpEnd.Append(b)} }

// The tables: one of functions, one of external references.
const (
	funcTable = iota
	externTable
)

func (g *generator) makeTables() {
	imported := g.rarely(4)
	for _, elem := range []wasm.ValType{wasm.FuncRef, wasm.ExternRef} {
		least := uint64(12 + g.below(8))
		limits := wasm.Limits{Min: least, HasMax: true, Max: least + uint64(g.below(8))}
		t := wasm.TableType{Elem: elem, Limits: limits}
		if imported {
			g.m.Imports = append(g.m.Imports, wasm.Import{Module: "m", Name: "table", Kind: wasm.ExternTable, Table: t})
		} else {
			g.m.Tables = append(g.m.Tables, wasm.Table{TableType: t})
		}
	}
}

// makeGlobals makes the fuel, a mutable global of each type, and some more. The first ones may be imported.
func (g *generator) makeGlobals() {
	imported := 0
	if g.rarely(4) {
		imported = 1 + g.below(12)
	}
	types := []wasm.GlobalType{{Type: wasm.I32, Mutable: true}}
	for _, t := range allTypes {
		types = append(types, wasm.GlobalType{Type: t, Mutable: true})
	}
	for range g.below(6) {
		types = append(types, wasm.GlobalType{Type: g.valType(), Mutable: g.below(2) == 0})
	}
	for i, t := range types {
		switch {
		case i < imported:
			g.m.Imports = append(g.m.Imports, wasm.Import{Module: "m", Name: "global", Kind: wasm.ExternGlobal, Global: t})
		case i == fuelGlobal:
			g.m.Globals = append(g.m.Globals, wasm.Global{
				GlobalType: t, Init: constant(wasm.AppendS32(wasm.OpI32Const.Append(nil), fuel)),
			})
		default:
			g.m.Globals = append(g.m.Globals, wasm.Global{GlobalType: t, Init: g.initial(t.Type)})
		}
		g.globals = append(g.globals, t)
	}
}

// initial is a constant expression: of integers also an extended one, or an earlier global.
func (g *generator) initial(t wasm.ValType) wasm.Expr {
	for i, e := range g.globals {
		if e.Type == t && !e.Mutable && g.rarely(2) {
			return constant(wasm.AppendU32(wasm.OpGlobalGet.Append(nil), uint32(i)))
		}
	}
	b := g.appendConstant(nil, t)
	if t == wasm.I64 && g.rarely(4) {
		b = wasm.OpI64Mul.Append(g.appendConstant(b, t))
	}
	return constant(b)
}

// appendConstant appends an instruction that pushes a constant.
func (g *generator) appendConstant(b []byte, t wasm.ValType) []byte {
	return g.source.constant(b, t, len(g.funcs))
}

// constant appends an instruction that pushes a constant; funcs is the number of functions.
func (s *source) constant(b []byte, t wasm.ValType, funcs int) []byte {
	switch t {
	case wasm.I32:
		return wasm.AppendS32(wasm.OpI32Const.Append(b), int32(s.integer()))
	case wasm.I64:
		return wasm.AppendS64(wasm.OpI64Const.Append(b), s.integer())
	case wasm.F32:
		return wasm.AppendF32(wasm.OpF32Const.Append(b), s.f32())
	case wasm.F64:
		return wasm.AppendF64(wasm.OpF64Const.Append(b), s.f64())
	case wasm.V128:
		return append(wasm.OpV128Const.Append(b), s.vector()...)
	case wasm.FuncRef:
		if s.below(2) == 1 {
			return wasm.AppendU32(wasm.OpRefFunc.Append(b), uint32(s.below(funcs)))
		}
	}
	return wasm.AppendHeapType(wasm.OpRefNull.Append(b), t.Heap())
}

// makeElements makes segments of all sorts. The first holds every function, so that bodies may refer to each.
func (g *generator) makeElements() {
	g.first = g.below(4)
	all := wasm.Element{Mode: wasm.Active, Type: wasm.FuncRef, Start: g.offset(g.first)}
	for i := range g.funcs {
		all.Funcs = append(all.Funcs, uint32(i))
	}
	passive := wasm.Element{Mode: wasm.Passive, Type: wasm.FuncRef, UsesExprs: true}
	for range 3 + g.below(4) {
		passive.Exprs = append(passive.Exprs, constant(g.appendConstant(nil, wasm.FuncRef)))
	}
	null := constant(g.appendConstant(nil, wasm.ExternRef))
	extern := wasm.Element{
		Mode: wasm.Active, Table: externTable, Type: wasm.ExternRef, UsesExprs: true,
		Start: g.offset(g.below(4)), Exprs: []wasm.Expr{null, null},
	}
	g.m.Elements = []wasm.Element{all, passive, extern}
}

// makeExports exports every function, and rarely makes one of them the start function.
func (g *generator) makeExports() {
	for i, t := range g.funcs {
		g.m.Exports = append(g.m.Exports, wasm.Export{Name: fmt.Sprint("f", i), Kind: wasm.ExternFunc, Index: uint32(i)})
		if index := uint32(i); t == 0 && i != hostFunction && g.m.Start == nil && g.rarely(4) {
			g.m.Start = &index
		}
	}
}

// countData adds the section that some instructions need, which the text format does not spell out.
func (g *generator) countData() {
	for i := range g.m.Code {
		for it := wasm.NewIter(g.m.Code[i].Body); it.Next(); {
			if it.Op == wasm.OpMemoryInit || it.Op == wasm.OpDataDrop {
				n := uint32(len(g.m.Data))
				g.m.DataCount = &n
				return
			}
		}
	}
}
