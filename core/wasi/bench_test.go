package wasi_test

import (
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi"
)

func BenchmarkCalls(b *testing.B) {
	g := newGuest(b, wasi.Config{Mounts: []wasi.Mount{{Guest: "/", Host: b.TempDir()}, {Guest: "/mem"}}})
	g.create(3, "file", "some text")
	g.create(4, "file", "some text")
	host, mem := g.mustOpen(3, "file", 0), g.mustOpen(4, "file", 0)
	text := g.iovec(1024, 9)
	path := g.put([]byte("file"))
	for _, bench := range []struct {
		name, call string
		args       []any
	}{
		{"clock", "clock_time_get", []any{1, 0, 0}},
		{"random16", "random_get", []any{0, 16}},
		{"write discard", "fd_write", []any{1, text, 1, 0}},
		{"pread host", "fd_pread", []any{host, text, 1, 0, 0}},
		{"pread memory", "fd_pread", []any{mem, text, 1, 0, 0}},
		{"stat host", "path_filestat_get", []any{3, 1, path, 4, 0}},
		{"stat memory", "path_filestat_get", []any{4, 1, path, 4, 0}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			f := g.functions[bench.call]
			args, stack := make([]uint64, 8), make([]uint64, 8)
			for i, a := range bench.args {
				switch a := a.(type) {
				case int:
					args[i] = uint64(a)
				case uint32:
					args[i] = uint64(a)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				copy(stack, args)
				f.Call(g.ctx, g.mod, stack)
			}
			if stack[0] != 0 {
				b.Fatal(stack[0])
			}
		})
	}
}
