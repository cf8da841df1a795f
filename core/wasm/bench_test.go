package wasm_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// bigModule is a valid module of some megabytes whose bodies are a mixture such as compilers make.
var bigModule = sync.OnceValue(func() []byte {
	const functions = 20_000
	m := &wasm.Module{
		Types: []wasm.FuncType{
			{Params: []wasm.ValType{wasm.I32, wasm.I32}, Results: []wasm.ValType{wasm.I32}},
			{Params: []wasm.ValType{wasm.F64}, Results: []wasm.ValType{wasm.F64}},
		},
		Memories: []wasm.Limits{{Min: 17}},
		Globals:  []wasm.Global{{GlobalType: wasm.GlobalType{Type: wasm.I32, Mutable: true}, Init: constI32(1 << 20)}},
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range functions {
		m.Funcs = append(m.Funcs, 0)
		m.Code = append(m.Code, wasm.Code{
			Locals: []wasm.LocalRun{{Count: 6, Type: wasm.I32}, {Count: 2, Type: wasm.F64}},
			Body:   wasm.Expr{Bytes: body(r, functions)},
		})
	}
	return m.Encode()
})

// body returns a body of random statements that leaves one i32.
func body(r *rand.Rand, functions uint32) (b []byte) {
	get := func(i int) { b = wasm.AppendU32(wasm.OpLocalGet.Append(b), uint32(i)) }
	set := func() { b = wasm.AppendU32(wasm.OpLocalSet.Append(b), r.Uint32N(8)) }
	for range 30 + r.IntN(40) {
		switch r.IntN(6) {
		case 0: // x = y + const
			get(r.IntN(8))
			b = wasm.AppendS32(wasm.OpI32Const.Append(b), int32(r.Uint32()>>r.UintN(32)))
			b = wasm.OpI32Add.Append(b)
			set()
		case 1: // x = load y
			get(r.IntN(8))
			b = wasm.AppendMemArg(append(b, 0x28), 2, uint64(r.Uint32N(4096)))
			set()
		case 2: // store x, y
			get(r.IntN(8))
			get(r.IntN(8))
			b = wasm.AppendMemArg(append(b, 0x36), 2, uint64(r.Uint32N(256)))
		case 3: // x = call f(y, z)
			get(r.IntN(8))
			get(r.IntN(8))
			b = wasm.AppendU32(wasm.OpCall.Append(b), r.Uint32N(functions))
			set()
		case 4: // d = d * d + const
			get(8)
			get(9)
			b = append(b, 0xA2)
			b = wasm.AppendF64(wasm.OpF64Const.Append(b), r.Uint64())
			b = append(b, 0xA0)
			b = wasm.AppendU32(wasm.OpLocalSet.Append(b), 8+r.Uint32N(2))
		case 5: // block; if (x) break; x = y; end
			b = wasm.AppendBlockType(wasm.OpBlock.Append(b), wasm.BlockType{})
			get(r.IntN(8))
			b = wasm.AppendU32(wasm.OpBrIf.Append(b), 0)
			get(r.IntN(8))
			set()
			b = wasm.OpEnd.Append(b)
		}
	}
	get(0)
	return wasm.OpEnd.Append(b)
}

func BenchmarkDecode(b *testing.B) {
	module := bigModule()
	b.SetBytes(int64(len(module)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wasm.Decode(module); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	module := bigModule()
	m, err := wasm.Decode(module)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(module)))
	b.ReportAllocs()
	for b.Loop() {
		if err := wasm.Validate(m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	module := bigModule()
	m, err := wasm.Decode(module)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(module)))
	for b.Loop() {
		m.Encode()
	}
}
