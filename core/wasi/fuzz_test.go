package wasi_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/tetratelabs/wazero/sys"
)

var errEnough = errors.New("waited long enough")

// FuzzCalls makes any calls with any parameters: none may end the process, take long, or reach what is not the guest's.
func FuzzCalls(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08"))
	f.Add([]byte("path_open with some parameters and then fd_read of that, and so on"))
	for i := range 46 {
		seed := []byte{byte(i)}
		for j := range 9 {
			seed = append(seed, byte(i*j))
		}
		f.Add(append(seed, seed...))
	}
	base := f.TempDir()
	inside := filepath.Join(base, "inside")
	if err := os.Mkdir(inside, 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		g := fuzzGuest(t, inside)
		names := make([]string, 0, len(g.functions))
		for _, fn := range g.env.Functions(wasi.Snapshot1) {
			names = append(names, fn.Name)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		for calls := 0; len(script) > 0 && calls < 50; calls++ {
			name := names[int(script[0])%len(names)]
			script = g.fuzzCall(name, script[1:])
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("took %v", d)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<30 {
			t.Errorf("allocated %d MB", n>>20)
		}
		if entries, err := os.ReadDir(base); len(entries) != 1 || err != nil {
			t.Errorf("outside there are %v, %v", entries, err)
		}
	})
}

// fuzzGuest has one of everything, and memory that is full of paths and lists of buffers.
func fuzzGuest(t *testing.T, inside string) *guest {
	start, seed, waits := time.Unix(1e9, 0), uint64(1), 0
	g := newGuest(t, wasi.Config{
		Args: []string{"a", "b"}, Env: []wasi.Variable{{Name: "A", Value: "b"}},
		Mounts: []wasi.Mount{
			{Guest: "/", Files: map[string][]byte{"a": []byte("text"), "d/a": nil}, Quota: 1 << 20},
			{Guest: "/host", Host: inside, Quota: 1 << 20},
		},
		Stdin: &blocking{ch: make(chan string)}, Stdout: wasi.NewCapture(1 << 16),
		FixedTime: &start, Seed: &seed, Listen: []string{"127.0.0.1:0"},
		Interrupt: func() error {
			if waits++; waits > 2 {
				return errEnough
			}
			return nil
		},
	})
	for i, path := range []string{"a", "d", "d/a", "../x", "s", "s/../..", "/etc", "n\x00", "\xff", "d/../../inside/a"} {
		copy(g.mem[64*i:], path)
	}
	for i := range 100 {
		at := uint32(1024 + 8*i)
		copy(g.mem[at:], g.mem[g.iovec(uint32(i*37), uint32(i)):][:8])
	}
	return g
}

// interesting are parameters that ask for something.
var interesting = []uint64{
	0, 1, 2, 3, 4, 5, 6, 7, 8, 64, 128, 192, 256, 320, 640, 1024, 1032, 4096, 4097, 65535, 65536, 65532, 1<<31 - 1, 1 << 31, 1<<32 - 1,
	1<<32 - 8, 1<<63 - 1, 1 << 63, 1<<64 - 1, 1 << 40, rightsFile, rightsDir, rightsFile | rightsDir, 1 << 20, 1<<20 + 1, 9, 10, 11, 12,
}

// fuzzCall calls one function with parameters from the script, and gives the rest of it.
func (g *guest) fuzzCall(name string, script []byte) (rest []byte) {
	fn := g.functions[name]
	stack := make([]uint64, max(len(fn.Params), 1))
	for i := range fn.Params {
		if len(script) > i {
			stack[i] = interesting[int(script[i])%len(interesting)]
		}
	}
	rest = script[min(len(script), len(fn.Params)):]
	defer func() {
		r := recover()
		err, _ := r.(error)
		var exit *sys.ExitError
		if r != nil && !errors.Is(err, errEnough) && !errors.As(err, &exit) {
			panic(fmt.Sprintf("%s%v: %v", name, stack, r))
		}
	}()
	fn.Call(g.ctx, g.mod, stack)
	return rest
}
