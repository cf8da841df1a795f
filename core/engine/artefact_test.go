package engine

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"github.com/pywasm-go/pywasm/core/artefact"
	"github.com/pywasm-go/pywasm/core/wat"
)

func compiled(t *testing.T, s *Store, text string) *Module {
	t.Helper()
	binary, err := wat.ToBinary([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Compile(binary)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newStore(t *testing.T, config Config) *Store {
	t.Helper()
	s, err := NewStore(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func load(s *Store, content []byte) (*Module, error) {
	return s.Deserialize(bytes.NewReader(content), int64(len(content)), nil)
}

// What the engine asks of the bodies of functions, it finds in an outline.
func TestOutline(t *testing.T) {
	if !compilerSupported() {
		t.Skip("there is no compiler for this machine")
	}
	const text = `(module (import "a" "f" (func)) (memory 1) (elem declare func 0)
		(func (result i32) i32.const 1)
		(func (loop (br 0)))
		(func (result funcref) (ref.func 0))
		(func call 0)
		(func (drop (memory.grow (i32.const 1))))
		(func (local i32) (if (local.get 0) (then (drop (i64.load (i32.const 8)))))))`
	s := newStore(t, Config{Compiler: Optimizing})
	m := compiled(t, s, text)
	content, err := m.Serialize(nil)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := load(s, content)
	if err != nil {
		t.Fatal(err)
	}
	for f := uint32(1); f < m.functions; f++ {
		if m.endsAtOnce(f) != loaded.endsAtOnce(f) || m.entersDirectly(f) != loaded.entersDirectly(f) {
			t.Errorf("function %d: ends at once: %v, then %v; enters directly: %v, then %v", f,
				m.endsAtOnce(f), loaded.endsAtOnce(f), m.entersDirectly(f), loaded.entersDirectly(f))
		}
	}
}

// A store that interrupts its guests takes no code that cannot be, and the other way round.
func TestOptionsMustFit(t *testing.T) {
	plain := newStore(t, Config{Compiler: DefaultCompiler()})
	pausing := newStore(t, Config{Compiler: DefaultCompiler(), Pause: func(*Call) error { return nil }})
	for _, s := range []struct{ from, to *Store }{{plain, pausing}, {pausing, plain}} {
		content, err := compiled(t, s.from, "(module (func (loop (br 0))))").Serialize(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := load(s.to, content); !errors.As(err, new(*artefact.Error)) {
			t.Errorf("loaded elsewhere: %v", err)
		}
		if _, err := load(s.from, content); err != nil {
			t.Errorf("loaded where it came from: %v", err)
		}
	}
}

// Loading takes turns with compiling, in one store.
func TestHammerLoading(t *testing.T) {
	s := newStore(t, Config{Compiler: DefaultCompiler()})
	content, err := compiled(t, s, `(module (func (export "f") (result i32) i32.const 1))`).Serialize(nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := wat.ToBinary([]byte(`(module (func (export "f") (result i32) i32.const 2))`))
	if err != nil {
		t.Fatal(err)
	}
	run := func(m *Module, err error, want uint64) {
		if err != nil {
			t.Error(err)
			return
		}
		defer m.Close()
		i, err := m.Instantiate(nil, nil, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer i.Close()
		stack := make([]uint64, 1)
		if err := i.Function(0).Call(stack, nil); err != nil || stack[0] != want {
			t.Errorf("%d, %v; want %d", stack[0], err, want)
		}
	}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for range 50 {
				if n%2 == 0 {
					m, err := load(s, content)
					run(m, err, 1)
				} else {
					m, err := s.Compile(other)
					run(m, err, 2)
				}
			}
		})
	}
	wg.Wait()
}

func TestSerializeAfterClose(t *testing.T) {
	if !compilerSupported() {
		t.Skip("there is no compiler for this machine")
	}
	m := compiled(t, newStore(t, Config{Compiler: Optimizing}), "(module (func))")
	m.Close()
	var own *Error
	if _, err := m.Serialize(nil); !errors.As(err, &own) || own.Code != CodeClosed {
		t.Errorf("%v", err)
	}
}
