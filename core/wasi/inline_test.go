package wasi_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// inline is a stream of which each use may run a function first.
type inline struct {
	io.Reader
	io.Writer
	first func()
}

func (inline) Inline() {}

func (s inline) Read(p []byte) (int, error)  { s.first(); return s.Reader.Read(p) }
func (s inline) Write(p []byte) (int, error) { s.first(); return s.Writer.Write(p) }

func TestInlineStreams(t *testing.T) {
	var out strings.Builder
	s := inline{strings.NewReader("some input"), &out, func() {}}
	g := newGuest(t, wasi.Config{Stdin: s, Stdout: s})
	if got, errno := g.read(0); got != "some input" || errno != 0 {
		t.Errorf("read %q, %v", got, errno)
	}
	if got, errno := g.read(0); got != "" || errno != 0 {
		t.Errorf("at the end %q, %v", got, errno)
	}
	for _, text := range []string{"a", "", strings.Repeat("b", 3000)} {
		if n, errno := g.write(1, text); n != uint32(len(text)) || errno != 0 {
			t.Errorf("wrote %d, %v", n, errno)
		}
	}
	if want := "a" + strings.Repeat("b", 3000); out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

// TestInlineStreamsLockNothing: a stream whose host side runs a guest that uses the same stream.
func TestInlineStreamsLockNothing(t *testing.T) {
	var out strings.Builder
	var g *guest
	depth := 0
	s := inline{strings.NewReader("xyz"), &out, func() {
		if depth++; depth < 3 {
			g.write(1, "nested ")
		}
		depth--
	}}
	g = newGuest(t, wasi.Config{Stdin: s, Stdout: s})
	if _, errno := g.write(1, "outer"); errno != 0 || out.String() != "nested nested outer" {
		t.Errorf("wrote %q, %v", out.String(), errno)
	}
	if got, errno := g.read(0); got != "xyz" || errno != 0 {
		t.Errorf("read %q, %v", got, errno)
	}
}

func TestInlineStreamsEndTheGuest(t *testing.T) {
	parked := errors.New("parked")
	failing := inline{errReader{wasi.Abort{Err: parked}}, nil, func() {}}
	g := newGuest(t, wasi.Config{Stdin: failing})
	defer func() {
		if r := recover(); r != any(parked) {
			t.Errorf("panicked with %v", r)
		}
	}()
	g.read(0)
	t.Error("the guest went on")
}

func TestInlineStreamsThatFail(t *testing.T) {
	g := newGuest(t, wasi.Config{Stdin: inline{errReader{errors.New("disk on fire")}, nil, func() {}}})
	if _, errno := g.read(0); errno != vfs.EIO {
		t.Errorf("got %v", errno)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }
