package wat

import (
	"bytes"
	"testing"
	"time"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// FuzzParse gives the parsers any text: they may refuse it, but neither panic
// nor take long. What they accept, the binary reader must understand.
func FuzzParse(f *testing.F) {
	for _, s := range textShapes {
		f.Add([]byte(s.text(64)))
	}
	for _, src := range fuzzSeeds(f) {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		start := time.Now()
		b, err := ToBinary(src)
		_, _ = ParseScript(src)
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%d bytes took %v", len(src), took)
		}
		if err != nil {
			_ = err.Error()
			return
		}
		m, err := wasm.Decode(b)
		if err != nil {
			if e, ok := err.(*wasm.Error); ok && !e.Malformed {
				return // refused for a limit or a feature
			}
			t.Fatalf("the binary is malformed: %v\n%q\n%x", err, src, b)
		}
		checkReadBack(t, m, b)
	})
}

// FuzzTextRoundTrip prints any valid binary and reads it back.
func FuzzTextRoundTrip(f *testing.F) {
	for _, s := range textShapes {
		if b, err := ToBinary([]byte(s.text(64))); err == nil {
			f.Add(b)
		}
	}
	for _, src := range fuzzSeeds(f) {
		if b, err := ToBinary(src); err == nil {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := wasm.Decode(b)
		if err != nil || wasm.Validate(m) != nil {
			return
		}
		text, err := Print(m)
		if err != nil {
			return // too long
		}
		// Not all binaries are canonical; those that come from text are.
		again, err := ToBinary([]byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		m, err = wasm.Decode(again)
		if err != nil || wasm.Validate(m) != nil {
			t.Fatalf("no longer valid: %v\n%s", err, text)
		}
		if same, err := Print(m); err != nil || same != text {
			t.Fatalf("%v: printed\n%s\nand then\n%s", err, text, same)
		}
		checkReadBack(t, m, again)
	})
}

// checkReadBack prints a module that came from text, and reads it back.
func checkReadBack(t *testing.T, m *wasm.Module, b []byte) {
	text, err := Print(m)
	if err != nil {
		return // too long
	}
	if again, err := ToBinary([]byte(text)); err != nil || !bytes.Equal(again, b) {
		t.Fatalf("%v: read back as %x, was %x\n%s", err, again, b, text)
	}
}

// fuzzSeeds are texts that use much of the format.
func fuzzSeeds(f *testing.F) (seeds [][]byte) {
	seeds = append(seeds, []byte(everything))
	for name, src := range suiteScripts(f) {
		if len(src) < 4096 {
			seeds = append(seeds, src)
		} else if name == "annotations.wast" || name == "token.wast" || name == "id.wast" {
			seeds = append(seeds, src)
		}
	}
	return seeds
}
