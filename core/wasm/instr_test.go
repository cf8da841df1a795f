package wasm_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// Every instruction that is read is written again as it was.
func TestInstructionsRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 100_000 {
		b := randomInstr(r)
		it := wasm.NewIter(wasm.Expr{Bytes: b, Offset: 100})
		if !it.Next() || it.Pos() != len(b) || it.Offset() != 100 || !bytes.Equal(it.Bytes(), b) {
			t.Fatalf("%x: %v at %d, %v", b, it.Op, it.Pos(), it.Err())
		}
		if again := it.Append(nil); !bytes.Equal(again, b) {
			t.Fatalf("%v: %x, want %x", it.Op, again, b)
		}
		if it.Next() || it.Err() != nil {
			t.Fatalf("%x: does not end: %v", b, it.Err())
		}
	}
}

func TestShortest(t *testing.T) {
	tests := map[string]string{
		"\x41\x00\xfd\x8f\x00\x1a\x0b":                     "\x41\x00\xfd\x0f\x1a\x0b",     // i8x16.splat, not i16x8.add_sat_s
		"\x3f\x80\x00\x1a\x0b":                             "\x3f\x00\x1a\x0b",             // memory.size
		"\x41\x00\x28\x02\x80\x80\x80\x80\x80\x00\x1a\x0b": "\x41\x00\x28\x02\x00\x1a\x0b", // i32.load
		"\x41\x00\x28\x42\x00\x00\x1a\x0b":                 "\x41\x00\x28\x02\x00\x1a\x0b", // with a memory index
		"\xfc\x89\x00\x00\x0b":                             "\xfc\x09\x00\x0b",             // data.drop
	}
	for body, want := range tests {
		m := sample()
		m.Code[0].Body.Bytes = []byte(body)
		m, err := wasm.Decode(m.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Shortest().Code[0].Body.Bytes; string(got) != want {
			t.Errorf("%x: %x, want %x", body, got, want)
		}
		if string(m.Code[0].Body.Bytes) != body {
			t.Errorf("%x: changed", body)
		}
	}
	m := assemble(t, `(module (memory 1) (func (drop (i32.load offset=4294967295 (memory.size)))
		(drop (i32x4.add (v128.const i32x4 0 0 0 0) (v128.const i32x4 0 0 0 0)))))`)
	if m.Shortest() != m {
		t.Error("what is in its shortest form is made again")
	}
}

func TestVectors(t *testing.T) {
	it := wasm.NewIter(wasm.Expr{Bytes: []byte{
		0x0E, 2, 1, 0x82, 0, 3, // br_table 1 2 3
		0x1C, 2, 0x7F, 0x63, 5, // select (result i32 (ref null 5))
		0x1F, 0x70, 3, 0, 1, 2, 2, 3, 3, 4, // try_table (result funcref) (catch 1 2) (catch_all 3) (catch_all_ref 4)
	}})
	it.Next()
	if got := it.Labels(nil); !reflect.DeepEqual(got, []uint32{1, 2, 3}) {
		t.Error(got)
	}
	it.Next()
	if got := it.SelectTypes(nil); !reflect.DeepEqual(got, []wasm.ValType{wasm.I32, wasm.Ref(5, true)}) {
		t.Error(got)
	}
	it.Next()
	want := []wasm.Catch{{Kind: wasm.CatchTag, Tag: 1, Label: 2}, {Kind: wasm.CatchAll, Label: 3}, {Kind: wasm.CatchAllRef, Label: 4}}
	if got := it.Catches(nil); !reflect.DeepEqual(got, want) || it.Block != (wasm.BlockType{Result: wasm.FuncRef}) {
		t.Error(got, it.Block)
	}
}

// The table of opcodes agrees with itself.
func TestOpcodes(t *testing.T) {
	names := map[string]int{}
	for op := range wasm.Opcode(0x600) {
		info := op.Info()
		if info.Name == "" {
			continue
		}
		names[info.Name]++
		b := op.Append(nil)
		it := wasm.NewIter(wasm.Expr{Bytes: append(b, make([]byte, 20)...)})
		if ok := it.Next(); ok != info.Feature.Supported() || it.Op != op {
			t.Errorf("%v: read as %v, %v", op, it.Op, it.Err())
		}
		if found, ok := wasm.OpcodeByName(info.Name); !ok || found != op && op != wasm.OpSelectT {
			t.Errorf("%v: found as %v", op, found)
		}
		if info.Imm == wasm.ImmMemArg && (len(info.Params) == 0 || info.Params[0] != wasm.I32) {
			t.Errorf("%v: has no address", op)
		}
	}
	for name, n := range names {
		if n > 1 && name != "select" {
			t.Errorf("%s has %d opcodes", name, n)
		}
	}
	if s := wasm.Opcode(0x27).String(); s != "opcode 0x27" {
		t.Error(s)
	}
}

func TestTypesAsText(t *testing.T) {
	tests := map[string]string{
		wasm.I32.String(): "i32", wasm.V128.String(): "v128", wasm.FuncRef.String(): "funcref",
		wasm.ExternRef.String(): "externref", wasm.ExnRef.String(): "exnref",
		wasm.Ref(3, true).String(): "(ref null 3)", wasm.Ref(3, false).String(): "(ref 3)",
		wasm.FuncRef.AsNonNull().String(): "(ref func)", wasm.Ref(wasm.HeapExn, false).AsNullable().String(): "exnref",
		wasm.FuncType{}.String(): "",
		wasm.FuncType{Params: []wasm.ValType{wasm.I32, wasm.I64}, Results: []wasm.ValType{wasm.F32}}.String(): "(param i32 i64) (result f32)",
		wasm.FuncType{Results: []wasm.ValType{wasm.F64}}.String():                                             "(result f64)",
		wasm.FuncType{Params: []wasm.ValType{wasm.F64}}.String():                                              "(param f64)",
		wasm.ExternTag.String():     "tag",
		wasm.SectionTag.String():    "tag",
		wasm.SectionID(99).String(): "unknown",
	}
	for got, want := range tests {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, v := range []int64{0, 1, -1, 63, 64, -64, -65, 127, 128, 1<<31 - 1, -1 << 31, 1<<63 - 1, -1 << 63} {
		it := wasm.NewIter(wasm.Expr{Bytes: wasm.AppendS64(wasm.OpI64Const.Append(nil), v)})
		if !it.Next() || int64(it.Bits) != v {
			t.Errorf("%d: %d", v, int64(it.Bits))
		}
		it = wasm.NewIter(wasm.Expr{Bytes: wasm.AppendS32(wasm.OpI32Const.Append(nil), int32(v))})
		if !it.Next() || int32(it.Bits) != int32(v) {
			t.Errorf("%d: %d", int32(v), int32(it.Bits))
		}
	}
}
