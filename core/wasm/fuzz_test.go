package wasm_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// addSeeds gives a fuzz target the small modules that wazero brings.
func addSeeds(f *testing.F) {
	f.Add([]byte{0x0B}, uint64(0))
	for i, file := range filesIn(f, filepath.Join(wazeroFolder(f), "internal", "integration_test"), ".wasm") {
		if b, err := os.ReadFile(file); err == nil && len(b) < 500 && i%16 == 0 {
			f.Add(b, uint64(0))
			if m, err := wasm.Decode(b); err == nil && len(m.Code) > 0 {
				f.Add(m.Code[0].Body.Bytes, uint64(1))
			}
		}
	}
}

// around returns input if it is a module, or else a module with some of everything and input as the body of a function:
// so the fuzzer need not learn to keep sizes and counts. A seed changes body and module at random.
func around(input []byte, seed uint64) []byte {
	if bytes.HasPrefix(input, []byte("\x00asm")) {
		return input
	}
	m := sample()
	m.Code[0].Body.Bytes = input
	if seed != 0 {
		r := rand.New(rand.NewPCG(seed, 0))
		m.Code[0].Body.Bytes = mutateBody(r, input)
		for r.IntN(3) == 0 {
			mutateModule(r, m)
		}
	}
	return m.Encode()
}

// FuzzDecode looks for inputs that crash anything.
func FuzzDecode(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, input []byte, seed uint64) {
		input = around(input, seed)
		m, err := wasm.Decode(input)
		if err != nil {
			if e := err.(*wasm.Error); e.Offset < 0 || e.Offset > len(input) || e.Msg == "" {
				t.Errorf("%#v", e)
			}
			return
		}
		_ = wasm.Validate(m)
		_ = m.Names()
		_ = m.Name()
		_ = m.Features().String()
		for i := range m.Code {
			it := wasm.NewIter(m.Code[i].Body)
			for it.Next() {
				it.Labels(nil)
				it.Catches(nil)
			}
			if it.Err() != nil {
				t.Error(it.Err())
			}
		}
	})
}

// FuzzRoundTrip checks that Encode writes what Decode read: the same bytes if numbers are in their shortest form, and
// always a module that encodes to itself.
func FuzzRoundTrip(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, input []byte, seed uint64) {
		input = around(input, seed)
		m, err := wasm.Decode(input)
		if err != nil {
			return
		}
		once := m.Encode()
		again, err := wasm.Decode(once)
		if err != nil {
			t.Fatalf("%v\n%x\n%x", err, input, once)
		}
		if twice := again.Encode(); !bytes.Equal(once, twice) {
			t.Fatalf("%x\n%x", once, twice)
		}
		if !bytes.Equal(once, input) && len(once) >= len(input) {
			t.Fatalf("%x\n%x", input, once)
		}
		for _, same := range []*wasm.Module{again, m.Shortest()} {
			if (wasm.Validate(m) == nil) != (wasm.Validate(same) == nil) {
				t.Fatalf("%v\n%v", wasm.Validate(m), wasm.Validate(same))
			}
		}
	})
}

const allOfWazero = api.CoreFeaturesV2 | experimental.CoreFeaturesThreads | experimental.CoreFeaturesTailCall |
	experimental.CoreFeaturesExtendedConst | experimental.CoreFeaturesExceptionHandling |
	experimental.CoreFeaturesTypedFunctionReferences

// FuzzValidateAgainstWazero compares the verdict on a module with that of wazero. Malformed modules and
// custom sections are left out: wazero allocates whatever a count in them says.
func FuzzValidateAgainstWazero(f *testing.F) {
	addSeeds(f)
	ctx := context.Background()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(allOfWazero))
	f.Fuzz(func(t *testing.T, input []byte, seed uint64) {
		input = around(input, seed)
		m, err := wasm.Decode(input)
		if err != nil {
			return
		}
		ours := wasm.Validate(m)
		m.Customs = nil
		theirs := compile(ctx, runtime, m.Shortest().Encode())
		if (ours == nil) != (theirs == nil) && !knownDifference(m, ours, theirs) {
			t.Fatalf("ours: %v\nwazero: %v\n%x", ours, theirs, input)
		}
	})
}

// compile returns why wazero refuses a module. It panics on some that are not valid.
func compile(ctx context.Context, r wazero.Runtime, module []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	compiled, err := r.CompileModule(ctx, module)
	if err == nil {
		err = compiled.Close(ctx)
	}
	return err
}

// wazeroRefuses are the words with which wazero refuses modules that are valid.
var wazeroRefuses = []string{
	"has an empty module name",          // names may be empty
	"global index out of range",         // constant expressions may use globals of the module
	"unknown type index",                // a type may refer to itself
	"must be funcref but was",           // an element of type funcref may be of a subtype
	"table is not funcref type but was", // as may a table that is called through
}

// weRefuse are the words with which we refuse modules that wazero lets pass.
var weRefuse = []string{
	"constant expression required",     // wazero reads mutable globals
	"atomic alignment must be natural", // wazero lets some be smaller
	"unknown type",                     // types of tables and globals are not checked
	"ref",                              // nor are types of references in many places
}

// knownDifference reports whether it is understood why only one of the two refuses a module.
func knownDifference(m *wasm.Module, ours, theirs error) bool {
	err, words := ours, weRefuse
	if ours == nil {
		err, words = theirs, wazeroRefuses
	}
	return slices.ContainsFunc(words, func(s string) bool { return strings.Contains(err.Error(), s) }) ||
		theirs == nil && hasTypedSelect(m)
}

// hasTypedSelect reports whether a body has a select with a type, which wazero forgets in unreachable code.
func hasTypedSelect(m *wasm.Module) bool {
	for i := range m.Code {
		for it := wasm.NewIter(m.Code[i].Body); it.Next(); {
			if it.Op == wasm.OpSelectT {
				return true
			}
		}
	}
	return false
}
