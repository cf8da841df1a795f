package meter_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/meter"
	"github.com/pywasm-go/pywasm/core/wasm"
)

var rounds = flag.Int("kernels", 1, "measure each kernel in so many interleaved rounds")

// positions is how many places in memory each kernel is measured at. Where the code of a loop lies within the lines of
// the cache makes up to 30 % of difference, which has nothing to do with what is measured.
const positions = 4

// form is a module of all kernels, rewritten in some way.
type form struct {
	name   string
	module *wasm.Module
	in     meter.Injected
}

func TestKernels(t *testing.T) {
	m := kernels(t)
	out, in := interrupt(t, m)
	fuel, fin := refuel(t, m)
	deep, din := depth(t, m)
	forms := []form{
		{name: "unchanged", module: m},
		{name: "interrupt", module: out, in: in},
		{name: "fuel", module: fuel, in: fin},
		{name: "depth", module: deep, in: din},
	}
	h := newHost(t, true)
	var guests [positions][]api.Module
	for p := range guests {
		for _, f := range forms {
			guests[p] = append(guests[p], h.instantiate(t, padded(f.module, p).Encode(), f.in))
			switch f.name {
			case "depth":
				*insides(guests[p][len(guests[p])-1]).global(f.in.Global) = 1000
			case "fuel":
				insides(guests[p][len(guests[p])-1]).fuel(f.in).Store(1 << 62)
			}
		}
	}
	product := make([]float64, len(forms))
	names := kernelNames(m)
	for _, name := range names {
		times := measure(t, name, guests[:])
		fmt.Printf("%-12s %8.3f ms", name, times[0]*1e3)
		for i := range times[1:] {
			ratio := times[i+1] / times[0]
			product[i+1] += math.Log(ratio)
			fmt.Printf("  %.3f", ratio)
		}
		fmt.Println()
	}
	fmt.Printf("%-24s", "geometric mean")
	for _, p := range product[1:] {
		fmt.Printf("  %.3f", math.Exp(p/float64(len(names))))
	}
	fmt.Println()
}

// measure returns the seconds that a kernel takes in each form: the best of many calls, averaged over the positions.
func measure(t *testing.T, name string, guests [][]api.Module) []float64 {
	n := uint64(1)
	for took := time.Duration(0); took < 500*time.Microsecond; {
		n *= 2
		var result uint64
		for i, at := range guests {
			for j, guest := range at {
				start := time.Now()
				r := call(t, guest, name, n)
				took = time.Since(start)
				if i+j == 0 {
					result = r
				} else if r != result {
					t.Fatalf("%s: %d in one form, %d in another", name, result, r)
				}
			}
		}
	}
	total := make([]float64, len(guests[0]))
	for _, at := range guests {
		best := slices.Repeat([]float64{math.Inf(1)}, len(at))
		for range *rounds {
			for i, guest := range at {
				start := time.Now()
				call(t, guest, name, n)
				best[i] = min(best[i], time.Since(start).Seconds())
			}
		}
		for i := range best {
			total[i] += best[i] / positions
		}
	}
	return total
}

func call(t testing.TB, guest api.Module, name string, args ...uint64) uint64 {
	r, err := guest.ExportedFunction(name).Call(context.Background(), args...)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return r[0]
}

func kernels(t testing.TB) *wasm.Module {
	binary, err := os.ReadFile("testdata/kernels.wasm")
	if err != nil {
		t.Fatal(err)
	}
	m, err := wasm.Decode(binary)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func kernelNames(m *wasm.Module) (names []string) {
	for _, e := range m.Exports {
		if e.Kind == wasm.ExternFunc && e.Name != "pad" {
			names = append(names, e.Name)
		}
	}
	slices.Sort(names)
	return names
}

// padded gives function 0 another length. It takes nothing and returns an i32.
func padded(m *wasm.Module, position int) *wasm.Module {
	out := *m
	out.Code = slices.Clone(m.Code)
	body := wasm.AppendU32(wasm.OpMemorySize.Append(nil), 0)
	for i := range position * 2 {
		body = wasm.AppendS32(wasm.OpI32Const.Append(body), 1<<30+int32(i))
		body = wasm.OpI32Add.Append(body)
	}
	out.Code[0].Body = wasm.Expr{Bytes: wasm.OpEnd.Append(body)}
	return &out
}

// BenchmarkPasses rewrites 10 MB of code: many functions, and one.
func BenchmarkPasses(b *testing.B) {
	const size = 10_000_000
	many := kernels(b)
	for codes, funcs := many.Code, many.Funcs; codeSize(many) < size; {
		many.Code, many.Funcs = append(many.Code, codes...), append(many.Funcs, funcs...)
	}
	one := parse(b, `(func (export "run") (local i32 i32) (loop $l `+
		strings.Repeat("(local.set 0 (i32.add (local.get 0) (i32.const 1))) (br_if $l (local.get 1))", size/11)+"))")
	for _, m := range []form{{name: "many", module: many}, {name: "one", module: one}} {
		for _, p := range []mode{{"interrupt", meter.Interrupt}, {"fuel", meter.Fuel}, {"depth", meter.Depth}} {
			b.Run(p.name+"/"+m.name, func(b *testing.B) {
				b.SetBytes(int64(codeSize(m.module)))
				b.ReportAllocs()
				for b.Loop() {
					if _, _, err := p.rewrite(m.module); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func codeSize(m *wasm.Module) (size int) {
	for i := range m.Code {
		size += len(m.Code[i].Body.Bytes)
	}
	return size
}
