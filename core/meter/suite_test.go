package meter_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/pywasm-go/pywasm/core/meter"
	"github.com/pywasm-go/pywasm/core/wasm"
	"github.com/pywasm-go/pywasm/core/wat"
)

// TestModulesOfTheSuite rewrites the modules of the specification's test suite, if it is on this machine.
func TestModulesOfTheSuite(t *testing.T) {
	files, err := filepath.Glob("../../../shared/testsuite/*.wast")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		script, err := wat.ParseScript(source)
		if err != nil {
			t.Fatal(file, err)
		}
		for _, c := range script.Commands {
			if c.Module == nil {
				continue
			}
			if m := validModule(c.Module); m != nil && !rewrites(t, m) {
				t.Errorf("%s:%d", filepath.Base(file), c.Line)
			}
		}
	}
}

// validModule returns a module of a script, or nil if it is not valid or not supported.
func validModule(s *wat.ScriptModule) *wasm.Module {
	binary, err := s.Binary()
	if err != nil {
		return nil
	}
	m, err := wasm.Decode(binary)
	if err != nil || wasm.Validate(m) != nil {
		return nil
	}
	return m
}

// rewrites applies the passes, and each to the result of each.
func rewrites(t *testing.T, m *wasm.Module) bool {
	passes := []pass{meter.Interrupt, meter.Fuel, meter.Depth}
	binary := m.Encode()
	for _, first := range passes {
		once, _ := rewritten(t, m, first)
		checkOutside(t, m, once)
		for _, second := range passes {
			twice, _ := rewritten(t, once, second)
			checkOutside(t, m, twice)
		}
	}
	if !bytes.Equal(m.Encode(), binary) {
		t.Error("the module was changed")
	}
	return !t.Failed()
}

// checkOutside checks that what others see of the module is as it was: all but types, functions, tables and globals, and
// of these, all that was there.
func checkOutside(t *testing.T, m, out *wasm.Module) {
	a, b := *m, *out
	b.Types, b.Funcs, b.Code = b.Types[:len(a.Types)], b.Funcs[:len(a.Funcs)], a.Code
	b.Tables, b.Globals = b.Tables[:len(a.Tables)], b.Globals[:len(a.Globals)]
	if !bytes.Equal(a.Encode(), b.Encode()) {
		t.Error("more changed than bodies")
	}
}
