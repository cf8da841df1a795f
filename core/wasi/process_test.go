package wasi_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"github.com/tetratelabs/wazero/sys"
)

func TestArgsAndEnvironment(t *testing.T) {
	g := newGuest(t, wasi.Config{
		Args: []string{"prog", "", "a b", "ü"},
		Env:  []wasi.Variable{{"A", "1"}, {"EMPTY", ""}, {"", "no name"}, {"EQ", "a=b"}},
	})
	for _, test := range []struct {
		sizes, get string
		want       []string
	}{
		{"args_sizes_get", "args_get", []string{"prog", "", "a b", "ü"}},
		{"environ_sizes_get", "environ_get", []string{"A=1", "EMPTY=", "=no name", "EQ=a=b"}},
	} {
		g.must(test.sizes, 0, 4)
		n, size := g.u32(0), g.u32(4)
		joined := strings.Join(test.want, "\x00") + "\x00"
		if int(n) != len(test.want) || int(size) != len(joined) {
			t.Errorf("%s: %d strings in %d bytes", test.sizes, n, size)
		}
		g.must(test.get, 100, 200)
		if got := string(g.mem[200 : 200+size]); got != joined {
			t.Errorf("%s: %q", test.get, got)
		}
		for i, want := range test.want {
			if s, _, _ := strings.Cut(string(g.mem[g.u32(uint32(100+4*i)):]), "\x00"); s != want {
				t.Errorf("%s: pointer %d leads to %q", test.get, i, s)
			}
		}
		end := len(g.mem)
		g.wants(vfs.EFAULT, test.get, end-8, 0)
		g.wants(vfs.EFAULT, test.get, 0, end-8)
		g.wants(vfs.EFAULT, test.sizes, end, 0)
		g.wants(vfs.EFAULT, test.sizes, 0, end-3)
	}
}

func TestRealClocks(t *testing.T) {
	g := newGuest(t, wasi.Config{})
	before := time.Now()
	g.must("clock_time_get", 0, uint64(0), 0)
	if got := time.Unix(0, int64(g.u64(0))); got.Before(before) || got.After(time.Now()) {
		t.Errorf("the time is %v", got)
	}
	for clock := 1; clock <= 3; clock++ {
		g.must("clock_time_get", clock, uint64(0), 0)
		g.must("clock_time_get", clock, uint64(0), 8)
		if g.u64(8) < g.u64(0) || g.u64(8) == 0 {
			t.Errorf("clock %d went from %d to %d", clock, g.u64(0), g.u64(8))
		}
		g.must("clock_res_get", clock, 0)
		if g.u64(0) == 0 {
			t.Errorf("clock %d has no resolution", clock)
		}
	}
	g.must("clock_res_get", 0, 0)
	g.wants(vfs.EINVAL, "clock_time_get", 4, uint64(0), 0)
	g.wants(vfs.EINVAL, "clock_res_get", 4, 0)
	g.wants(vfs.EFAULT, "clock_time_get", 0, uint64(0), len(g.mem)-7)
	g.wants(vfs.EFAULT, "clock_res_get", 0, len(g.mem))
}

// TestReproducible: two runs with a fixed time and a seed see the same.
func TestReproducible(t *testing.T) {
	start := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
	seed := uint64(42)
	trace := func() []byte {
		g := newGuest(t, wasi.Config{FixedTime: &start, Seed: &seed, Mounts: []wasi.Mount{{Guest: "/"}}})
		g.must("clock_time_get", 0, uint64(0), 0)
		if got := int64(g.u64(0)); got != start.UnixNano() {
			t.Errorf("starts at %d", got)
		}
		g.must("clock_time_get", 1, uint64(0), 8)
		g.must("random_get", 16, 100)
		g.create(3, "f", "x")
		g.must("path_filestat_get", 3, 0, "f", 200)
		clear(g.mem[200:208]) // the device is another one each time
		g.must("clock_time_get", 0, uint64(0), 300)
		return append([]byte(nil), g.mem[:400]...)
	}
	if a, b := trace(), trace(); !bytes.Equal(a, b) {
		t.Errorf("two runs differ:\n%x\n%x", a, b)
	}
	seed++
	a := newGuest(t, wasi.Config{Seed: &seed})
	a.must("random_get", 0, 16)
	seed++
	b := newGuest(t, wasi.Config{Seed: &seed})
	b.must("random_get", 0, 16)
	if bytes.Equal(a.mem[:16], b.mem[:16]) {
		t.Error("two seeds give the same")
	}
}

func TestRandom(t *testing.T) {
	g := newGuest(t, wasi.Config{})
	g.must("random_get", 100, 0)
	g.must("random_get", 0, len(g.mem))
	zeros := bytes.Count(g.mem, []byte{0})
	if zeros > len(g.mem)/128 {
		t.Errorf("%d zeros in %d random bytes", zeros, len(g.mem))
	}
	g.wants(vfs.EFAULT, "random_get", 0, len(g.mem)+1)
	g.wants(vfs.EFAULT, "random_get", 1, len(g.mem))
	g.wants(vfs.EFAULT, "random_get", uint32(1<<32-1), uint32(1<<32-1))
}

// unwinds calls a function that must end the guest, and gives what it panics with.
func (g *guest) unwinds(name string, args ...any) (err error) {
	g.t.Helper()
	defer func() {
		var ok bool
		if err, ok = recover().(error); !ok {
			g.t.Errorf("%s returned", name)
		}
	}()
	g.call(name, args...)
	return nil
}

func TestExit(t *testing.T) {
	g := newGuest(t, wasi.Config{})
	for _, code := range []uint32{0, 1, 3, 255, 1 << 31} {
		var exit *sys.ExitError
		if err := g.unwinds("proc_exit", code); !errors.As(err, &exit) || exit.ExitCode() != code {
			t.Errorf("exit %d: %v", code, err)
		}
	}
	g.wants(vfs.ENOSYS, "proc_raise", 6)
	g.must("sched_yield")
}

// interrupted checks that something that waits for ever ends soon with the error it should.
func interrupted(t *testing.T, cfg wasi.Config, wait func(g *guest) error) {
	t.Helper()
	gaveUp := errors.New("gave up")
	calls := 0
	cfg.Interrupt = func() error {
		if calls++; calls > 2 {
			return gaveUp
		}
		return nil
	}
	start := time.Now()
	if err := wait(newGuest(t, cfg)); !errors.Is(err, gaveUp) {
		t.Errorf("interrupted with %v", err)
	}
	cfg.Interrupt = nil
	g := newGuest(t, cfg)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	g.ctx = ctx
	if err := wait(g); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended with %v", err)
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestInterruptYield(t *testing.T) {
	interrupted(t, wasi.Config{}, func(g *guest) error {
		return g.unwindsInLoop(func() { g.must("sched_yield") })
	})
}

func (g *guest) unwindsInLoop(step func()) (err error) {
	defer func() { err, _ = recover().(error) }()
	for {
		step()
	}
}
