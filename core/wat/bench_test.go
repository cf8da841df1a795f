package wat

import (
	"fmt"
	"strings"
	"testing"
)

// everything is a module that uses much of the format, as compilers write it.
const everything = `(module $m
  (type $t (func (param i32 i64) (result i32)))
  (import "env" "log" (func $log (param i32)))
  (memory $mem (export "memory") 1 2)
  (table $tab 2 funcref)
  (tag $e (param i32))
  (global $g (mut i32) (i32.const 0x10000))
  (func $f (export "f") (type $t) (param $n i32) (param $m i64) (result i32)
    (local $i i32) (local $x f64)
    (local.set $x (f64.const 0x1.921fb54442d18p+1))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (i32.store8 offset=16 (local.get $i) (i32.wrap_i64 (local.get $m)))
        (call $log (i32.load8_u offset=16 (local.get $i)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    local.get $n
    if (result i32)
      i32.const -1
    else
      (call_indirect $tab (type $t) (local.get $n) (local.get $m) (i32.const 0))
    end
    (drop (block $h (result i32) (try_table (catch $e $h) (throw $e (i32.const 7))) unreachable))
    (drop (i8x16.extract_lane_s 3 (v128.const f32x4 1 nan -inf 0x1p-149))))
  (elem (i32.const 0) $f $f)
  (data (i32.const 1024) "text\00\ff\u{1F600}"))
`

// benchmarkText is about a megabyte of functions as compilers write them.
func benchmarkText() []byte {
	var b strings.Builder
	b.WriteString("(module (memory 1) (global $g (mut i32) (i32.const 0))\n")
	for i := 0; b.Len() < 1<<20; i++ {
		fmt.Fprintf(&b, `  (func $f%d (param $p i32) (param $q i64) (result i32)
    (local $x i32) (local f64)
    global.get $g
    i32.const %d
    i32.sub
    local.tee $x
    block $out
      loop $next
        local.get $p
        i32.eqz
        br_if $out
        local.get $x
        i32.load8_u offset=%d
        drop
        (local.set $p (i32.sub (local.get $p) (i32.const 1)))
        f64.const %d.5e-3
        local.set 3
        br $next
      end
    end
    i32.const 0x%x
    i32.add)
`, i, i, i, i, i)
	}
	b.WriteString(")")
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	src := benchmarkText()
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(src); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPrint(b *testing.B) {
	m, err := Parse(benchmarkText())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		text, err := Print(m)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
	}
}
