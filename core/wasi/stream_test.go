package wasi_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// blocking is a reader that gives what is sent to it, and knows nothing of what will come.
type blocking struct {
	ch   chan string
	rest string
}

func (b *blocking) Read(p []byte) (int, error) {
	if b.rest == "" {
		s, ok := <-b.ch
		if !ok {
			return 0, io.EOF
		}
		b.rest = s
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func TestStdin(t *testing.T) {
	pipeR, pipeW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipeR.Close()
	ch := make(chan string)
	for name, in := range map[string]struct {
		r     io.Reader
		send  func(string)
		close func()
	}{
		"reader": {&blocking{ch: ch}, func(s string) { ch <- s }, func() { close(ch) }},
		"pipe":   {pipeR, func(s string) { pipeW.WriteString(s) }, func() { pipeW.Close() }},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuest(t, wasi.Config{Stdin: in.r})
			later := func(step func()) {
				go func() {
					time.Sleep(80 * time.Millisecond) // longer than a look at the interrupt takes
					step()
				}()
			}
			later(func() { in.send("first\nsecond") })
			if s, errno := g.read(0); s != "first\nsecond" || errno != 0 {
				t.Errorf("read %q, %v", s, errno)
			}
			later(func() { in.send("abcdef") })
			g.must("fd_read", 0, g.iovec(1024, 4), 1, 0)
			if s, errno := g.read(0); string(g.mem[1024:1026]) != "ef" || s != "ef" || errno != 0 {
				t.Errorf("read the rest %q, %v", s, errno)
			}
			g.must("fd_fdstat_set_flags", 0, 4) // nonblock
			if _, errno := g.read(0); errno != vfs.EAGAIN {
				t.Errorf("nothing there: %v", errno)
			}
			in.send("x")
			for {
				s, errno := g.read(0)
				if errno == vfs.EAGAIN {
					runtime.Gosched()
					continue
				}
				if s != "x" || errno != 0 {
					t.Errorf("read %q, %v", s, errno)
				}
				break
			}
			g.must("fd_fdstat_set_flags", 0, 0)
			later(in.close)
			for range 2 {
				if s, errno := g.read(0); s != "" || errno != 0 {
					t.Errorf("read %q at the end, %v", s, errno)
				}
			}
		})
	}
}

func TestInterruptStdin(t *testing.T) {
	pipeR, pipeW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipeR.Close()
	defer pipeW.Close()
	read := func(g *guest) error { return g.unwinds("fd_read", 0, g.iovec(1024, 10), 1, 0) }
	interrupted(t, wasi.Config{Stdin: &blocking{ch: make(chan string)}}, read)
	if runtime.GOOS != "windows" { // where a pipe is read by a goroutine that stays
		interrupted(t, wasi.Config{Stdin: pipeR}, read)
	}
}

// TestInterruptTakesNothing: what a guest did not read before it was interrupted is there for the next one.
func TestInterruptTakesNothing(t *testing.T) {
	if runtime.GOOS == "windows" {
		return
	}
	pipeR, pipeW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipeR.Close()
	interrupted(t, wasi.Config{Stdin: pipeR}, func(g *guest) error { return g.unwinds("fd_read", 0, g.iovec(1024, 10), 1, 0) })
	pipeW.WriteString("whole")
	pipeW.Close()
	if s, _ := newGuest(t, wasi.Config{Stdin: pipeR}).read(0); s != "whole" {
		t.Errorf("read %q", s)
	}
}

// TestInterruptWrite: so can a guest be that writes to a pipe which nobody reads.
func TestInterruptWrite(t *testing.T) {
	if runtime.GOOS == "windows" {
		return
	}
	pipeR, pipeW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipeR.Close()
	defer pipeW.Close()
	interrupted(t, wasi.Config{Stdout: pipeW}, func(g *guest) error {
		return g.unwindsInLoop(func() { g.write(1, strings.Repeat("x", 10_000)) })
	})
}

// TestBrokenPipe: writing to one is an error for the guest, not the end of the process, whichever descriptor of ours it is.
func TestBrokenPipe(t *testing.T) {
	pipeR, pipeW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	pipeR.Close()
	defer pipeW.Close()
	r, w := io.Pipe()
	r.Close()
	g := newGuest(t, wasi.Config{Stdout: pipeW, Stderr: w})
	for fd := uint32(1); fd <= 2; fd++ {
		if _, errno := g.write(fd, "x"); errno != vfs.EPIPE {
			t.Errorf("write: %v", errno)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestStreamErrors(t *testing.T) {
	for _, test := range []struct {
		err  error
		want vfs.Errno
	}{{errors.New("some text of the host"), vfs.EIO}, {vfs.ENOSPC, vfs.ENOSPC}, {io.ErrUnexpectedEOF, vfs.EIO}} {
		g := newGuest(t, wasi.Config{Stdin: failing{test.err}, Stdout: failing{test.err}})
		if _, errno := g.read(0); errno != test.want {
			t.Errorf("read: %v, want %v", errno, test.want)
		}
		if _, errno := g.write(1, "x"); errno != test.want {
			t.Errorf("write: %v, want %v", errno, test.want)
		}
		g.wants(vfs.ENOTCAPABLE, "fd_write", 0, g.iovec(0, 1), 1, 0)
		g.wants(vfs.ENOTCAPABLE, "fd_read", 1, g.iovec(0, 1), 1, 0)
	}
}

// TestAbort: an error that the embedder's stream means to end the guest does so, and stays the same value.
func TestAbort(t *testing.T) {
	want := errors.New("KeyboardInterrupt")
	g := newGuest(t, wasi.Config{Stdin: failing{wasi.Abort{Err: want}}, Stdout: failing{wasi.Abort{Err: want}}})
	if err := g.unwinds("fd_read", 0, g.iovec(0, 1), 1, 0); err != want {
		t.Errorf("read ended with %v", err)
	}
	if err := g.unwinds("fd_write", 1, g.iovec(0, 1), 1, 0); err != want {
		t.Errorf("write ended with %v", err)
	}
	if _, errno := g.write(2, "still usable"); errno != 0 {
		t.Error(errno)
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("in the embedder's code") }

func TestPanicInReader(t *testing.T) {
	g := newGuest(t, wasi.Config{Stdin: panicking{}})
	if err := g.unwinds("fd_read", 0, g.iovec(0, 1), 1, 0); err == nil || !strings.Contains(err.Error(), "embedder's code") {
		t.Errorf("ended with %v", err)
	}
}

func TestCapture(t *testing.T) {
	out := wasi.NewCapture(10)
	g := newGuest(t, wasi.Config{Stdout: out, Stderr: out})
	g.write(1, "01234")
	g.write(2, "567")
	if string(out.Bytes()) != "01234567" || out.Full() {
		t.Errorf("captured %q", out.Bytes())
	}
	if n, errno := g.write(1, "89ab"); n != 2 || errno != 0 {
		t.Errorf("wrote %d, %v", n, errno)
	}
	if _, errno := g.write(1, "c"); errno != vfs.ENOSPC {
		t.Errorf("write: %v", errno)
	}
	if string(out.Bytes()) != "0123456789" || !out.Full() {
		t.Errorf("captured %q", out.Bytes())
	}
}

// calls counts how often it is written to.
type calls struct {
	bytes.Buffer
	n int
}

func (c *calls) Write(p []byte) (int, error) {
	c.n++
	return c.Buffer.Write(p)
}

// TestOneWrite: what a guest writes at once arrives at once.
func TestOneWrite(t *testing.T) {
	var out calls
	g := newGuest(t, wasi.Config{Stdout: &out})
	copy(g.mem, "helloworld")
	list := append([]byte{}, g.mem[g.iovec(0, 5):][:8]...)
	list = append(list, g.mem[g.iovec(0, 0):][:8]...)
	list = append(list, g.mem[g.iovec(5, 5):][:8]...)
	g.must("fd_write", 1, g.put(list), 3, 100)
	if out.String() != "helloworld" || out.n != 1 || g.u32(100) != 10 {
		t.Errorf("%q in %d writes", out.String(), out.n)
	}
}

func TestStdioStat(t *testing.T) {
	g := newGuest(t, wasi.Config{})
	for fd := range 3 {
		g.must("fd_fdstat_get", fd, 0)
		if g.mem[0] != byte(vfs.Unknown) {
			t.Errorf("%d has type %d", fd, g.mem[0])
		}
		g.must("fd_filestat_get", fd, 0)
		g.wants(vfs.ENOTSOCK, "sock_shutdown", fd, 1)
		g.wants(vfs.ENOTSOCK, "sock_accept", fd, 0, 0)
		g.wants(vfs.ENOTSOCK, "sock_recv", fd, g.iovec(0, 1), 1, 0, 100, 104)
		g.wants(vfs.ENOTSOCK, "sock_send", fd, g.iovec(0, 1), 1, 0, 100)
	}
	g.wants(vfs.EBADF, "sock_shutdown", 3, 1)
	g.must("fd_close", 1)
	if _, errno := g.write(1, "x"); errno != vfs.EBADF {
		t.Error(errno)
	}
}

// growing is a reader during which the guest's memory grows, and so moves.
type growing struct {
	g *guest
}

func (r growing) Read(p []byte) (int, error) {
	mem := r.g.mod.ExportMemory
	mem.Bytes = append(append([]byte(nil), mem.Bytes...), make([]byte, len(mem.Bytes))...)
	r.g.mem = mem.Bytes
	return copy(p, "text"), nil
}

func TestMemoryGrowsDuringRead(t *testing.T) {
	in := &growing{}
	g := newGuest(t, wasi.Config{Stdin: in})
	in.g = g
	if s, errno := g.read(0); s != "text" || errno != 0 {
		t.Errorf("read %q, %v", s, errno)
	}
}
