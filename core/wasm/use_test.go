package wasm_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasm"
)

func TestEndsAtOnce(t *testing.T) {
	const context = `(module (import "m" "n" (func $import)) (type $t (func)) (memory 1 1 shared) (table $t 1 funcref) (tag $e)
		(elem func) (data "") (global $g (mut i32) (i32.const 0)) (func $f `
	short := []string{
		``, `nop`, `(drop (i32.add (i32.const 1) (i32.const 2)))`, `(block (br_if 0 (i32.const 1)))`, `(if (i32.const 1) (then))`,
		`(block (br_table 0 0 (i32.const 1)))`, `(i32.store (i32.const 0) (i32.load (i32.const 4)))`, `unreachable`,
		`(global.set $g (memory.size))`, `(drop (table.get $t (i32.const 0)))`, `data.drop 0`, `elem.drop 0`,
		`(drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))`,
	}
	long := []string{
		`(loop)`, `call $import`, `call $f`, `return_call $f`, `(call_indirect (type $t) (i32.const 0))`,
		`(return_call_indirect (type $t) (i32.const 0))`, `(call_ref $t (ref.null $t))`, `(return_call_ref $t (ref.null $t))`,
		`(drop (memory.grow (i32.const 0)))`, `(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))`,
		`(memory.copy (i32.const 0) (i32.const 0) (i32.const 0))`, `(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0))`,
		`(drop (table.grow (ref.null func) (i32.const 0)))`, `(table.fill (i32.const 0) (ref.null func) (i32.const 0))`,
		`(table.copy (i32.const 0) (i32.const 0) (i32.const 0))`, `(table.init 0 (i32.const 0) (i32.const 0) (i32.const 0))`,
		`(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))`,
		`throw $e`, `(throw_ref (ref.null exn))`, `(try_table)`, strings.Repeat("nop ", 20_000),
	}
	for i, bodies := range [][]string{short, long} {
		for _, body := range bodies {
			m := assemble(t, context+body+"))")
			if err := wasm.Validate(m); err != nil {
				t.Error(body, err)
			}
			if m.EndsAtOnce(1) != (i == 0) {
				t.Errorf("%.60s: %v", body, m.EndsAtOnce(1))
			}
			if m.EndsAtOnce(0) || m.EndsAtOnce(2) || m.EndsAtOnce(1<<32-1) {
				t.Errorf("%.60s: an import or a function that is not there ends at once", body)
			}
		}
	}
}

func TestFeatures(t *testing.T) {
	tests := map[string]string{
		`(func (param i32) (result i32) (local i64 f32) local.get 0)`: "",
		`(table 1 funcref) (memory 1) (data (i32.const 0) "")`:        "",
		`(global (export "g") (mut i32) (i32.const 0))`:               "mutable globals",
		`(import "m" "n" (global (mut i32)))`:                         "mutable globals",
		`(func (drop (i32.extend8_s (i32.const 0))))`:                 "sign extension",
		`(func (drop (i32.trunc_sat_f32_s (f32.const 0))))`:           "saturating conversions",
		`(func (result i32 i32) unreachable)`:                         "multi-value",
		`(func i32.const 0 (block (param i32) drop))`:                 "multi-value",
		`(memory 1) (data "")`:                                        "bulk memory",
		`(func (param externref))`:                                    "reference types",
		`(func (local externref))`:                                    "reference types",
		`(table 1 funcref) (table 1 funcref)`:                         "reference types",
		`(func (local v128))`:                                         "SIMD",
		`(memory 1 1 shared)`:                                         "threads",
		`(func return_call 0)`:                                        "tail calls",
		`(global i32 (i32.add (i32.const 1) (i32.const 2)))`:          "extended const",
		`(tag)`:                                        "exceptions",
		`(func (drop (ref.null exn)))`:                 "reference types",
		`(func (param (ref func)))`:                    "function references",
		`(table 1 (ref null func) (ref.null func))`:    "reference types, function references",
		`(rec (type (func))) (func (local exnref))`:    "exceptions, function references",
		`(type $t (func)) (func (drop (ref.null $t)))`: "reference types",
	}
	for fields, want := range tests {
		m := assemble(t, "(module "+fields+")")
		if got := m.Features().String(); got != want {
			t.Errorf("%s: %q, want %q", fields, got, want)
		}
		if m.UsesExceptions() != strings.Contains(want, "exceptions") {
			t.Errorf("%s: %v", fields, m.UsesExceptions())
		}
	}
}

func TestNames(t *testing.T) {
	want := &wasm.Names{
		Module: "m", Funcs: wasm.NameMap{0: "f", 1: "é"}, Tables: wasm.NameMap{0: ""}, Data: wasm.NameMap{2: "d"},
		Types: wasm.NameMap{1: "t"}, Memories: wasm.NameMap{0: "mem"}, Globals: wasm.NameMap{3: "g"},
		Elements: wasm.NameMap{4: "e"}, Tags: wasm.NameMap{5: "tag"},
		Locals: map[uint32]wasm.NameMap{1: {0: "x", 7: "y"}}, Labels: map[uint32]wasm.NameMap{0: {0: "l"}},
	}
	section := wasm.AppendNames(nil, want)
	named := func(section []byte) *wasm.Module {
		return &wasm.Module{Funcs: []uint32{0, 0}, Customs: []wasm.Custom{{Name: "x"}, {Name: "name", Bytes: section}}}
	}
	if got := named(section).Names(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if name := named(section).Name(); name != "m" {
		t.Errorf("module is named %q", name)
	}
	if name := (&wasm.Module{}).Name(); name != "" {
		t.Errorf("module is named %q", name)
	}
	// Damaged names are left out, the rest is kept.
	for n := range section {
		if got := named(section[:n]).Names(); got.Module != "" && got.Module != "m" || got.Funcs[0] != "" && got.Funcs[0] != "f" {
			t.Errorf("%+v", got)
		}
	}
	damaged := named([]byte("\x00\x02\x01\xff" + "\x01\x04\x01\x00\x01f" + "\x63\x01\x00"))
	if got := damaged.Names(); got.Module != "" || got.Funcs[0] != "f" || damaged.Name() != "" {
		t.Errorf("%+v", got)
	}
	strange := wasm.AppendNames(nil, &wasm.Names{Locals: map[uint32]wasm.NameMap{1 << 30: {0: "x"}}})
	if got := named(strange).Names(); len(got.Locals) != 0 {
		t.Errorf("%+v", got)
	}
}
