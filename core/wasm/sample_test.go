package wasm_test

import (
	"math/rand/v2"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// sample returns a valid module, but for the body of its first function, which is empty.
func sample() *wasm.Module {
	limits, one := wasm.Limits{Min: 1, Max: 2, HasMax: true}, uint32(1)
	return &wasm.Module{
		Types: []wasm.FuncType{
			{Params: []wasm.ValType{wasm.I32, wasm.I64}, Results: []wasm.ValType{wasm.I32}},
			{},
			{Params: []wasm.ValType{wasm.I32}},
			{Params: []wasm.ValType{wasm.Ref(1, false)}, Results: []wasm.ValType{wasm.F32, wasm.V128}},
		},
		Funcs: []uint32{0, 1},
		Tables: []wasm.Table{
			{TableType: wasm.TableType{Elem: wasm.FuncRef, Limits: limits}},
			{TableType: wasm.TableType{Elem: wasm.ExternRef, Limits: limits}},
		},
		Memories: []wasm.Limits{limits},
		Tags:     []uint32{2},
		Globals: []wasm.Global{
			{GlobalType: wasm.GlobalType{Type: wasm.I32, Mutable: true}, Init: constI32(0)},
			{GlobalType: wasm.GlobalType{Type: wasm.Ref(0, true)}, Init: constNull(0)},
		},
		Exports: []wasm.Export{{Name: "f", Index: 0}},
		Elements: []wasm.Element{
			{Mode: wasm.Passive, Type: wasm.Ref(wasm.HeapFunc, false), Funcs: []uint32{0, 1}},
		},
		DataCount: &one,
		Code: []wasm.Code{
			{Locals: []wasm.LocalRun{{Count: 1, Type: wasm.F64}, {Count: 1, Type: wasm.Ref(1, false)}, {Count: 2, Type: wasm.V128}}},
			{Body: wasm.Expr{Bytes: []byte{0x0B}}},
		},
		Data: []wasm.Data{{Mode: wasm.Passive, Bytes: []byte("data")}},
	}
}

func constI32(v int32) wasm.Expr {
	return wasm.Expr{Bytes: wasm.OpEnd.Append(wasm.AppendS32(wasm.OpI32Const.Append(nil), v))}
}

func constNull(h wasm.HeapType) wasm.Expr {
	return wasm.Expr{Bytes: wasm.OpEnd.Append(wasm.AppendHeapType(wasm.OpRefNull.Append(nil), h))}
}

// mutateModule adds or changes one declaration of a module, not caring whether that is valid.
func mutateModule(r *rand.Rand, m *wasm.Module) {
	small := func() uint32 { return r.Uint32N(4) }
	limits := wasm.Limits{Min: r.Uint64N(3), Max: r.Uint64() >> r.IntN(64), HasMax: r.IntN(2) == 0, Shared: r.IntN(4) == 0}
	table := wasm.TableType{Elem: randomRef(r), Limits: limits}
	table.Limits.Shared = false
	global := wasm.GlobalType{Type: randomType(r), Mutable: r.IntN(2) == 0}
	switch r.IntN(11) {
	case 0:
		m.Types = append(m.Types, wasm.FuncType{Params: []wasm.ValType{randomType(r)}, Results: []wasm.ValType{randomType(r)}})
	case 1:
		m.RecGroups = []wasm.RecGroup{{First: small(), Len: r.Uint32N(2)}}
	case 2:
		m.Imports = append(m.Imports, wasm.Import{
			Module: "m", Name: "n", Kind: wasm.ExternKind(r.IntN(5)), Type: small(),
			Table: table, Memory: limits, Global: global,
		})
	case 3:
		t := wasm.Table{TableType: table}
		if r.IntN(2) == 0 {
			init := randomConst(r)
			t.Init = &init
		}
		m.Tables = append(m.Tables, t)
	case 4:
		m.Memories = []wasm.Limits{limits}
	case 5:
		m.Globals = append(m.Globals, wasm.Global{GlobalType: global, Init: randomConst(r)})
	case 6:
		name := string(rune('e' + r.IntN(8)))
		m.Exports = append(m.Exports, wasm.Export{Name: name, Kind: wasm.ExternKind(r.IntN(5)), Index: small()})
	case 7:
		start := small()
		m.Start = &start
	case 8:
		m.Elements = append(m.Elements, randomElement(r))
	case 9:
		m.DataCount = nil
		m.Data = append(m.Data, wasm.Data{Mode: wasm.SegmentMode(r.IntN(2)), Memory: r.Uint32N(8) / 7, Start: randomConst(r)})
	case 10:
		m.Tags = append(m.Tags, small())
	}
}

func randomElement(r *rand.Rand) wasm.Element {
	e := wasm.Element{
		Mode: wasm.SegmentMode(r.IntN(3)), Table: r.Uint32N(3), Start: constI32(0),
		Type: wasm.Ref(wasm.HeapFunc, false), UsesExprs: r.IntN(2) == 0,
	}
	for range r.IntN(3) {
		if e.UsesExprs {
			e.Type = randomRef(r)
			e.Exprs = append(e.Exprs, randomConst(r))
		} else {
			e.Funcs = append(e.Funcs, r.Uint32N(3))
		}
	}
	return e
}

func randomConst(r *rand.Rand) wasm.Expr {
	switch r.IntN(6) {
	case 0:
		return constNull(randomRef(r).Heap())
	case 1:
		return wasm.Expr{Bytes: []byte{0xD2, byte(r.IntN(3)), 0x0B}} // ref.func
	case 2:
		return wasm.Expr{Bytes: []byte{0x23, byte(r.IntN(4)), 0x0B}} // global.get
	case 3:
		return wasm.Expr{Bytes: []byte{0x42, 1, 0x42, 2, 0x7C, 0x0B}} // i64.add
	case 4:
		return wasm.Expr{Bytes: append(append(randomInstr(r), randomInstr(r)...), 0x0B)}
	}
	return constI32(7)
}
