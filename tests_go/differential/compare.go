// Package differential runs generated modules on both compilers and compares what they do.
//
// generate makes a valid module of any bytes (module.go, body.go and the files of instructions). A machine runs it with
// one compiler; check compares results, traps, memory, globals and tables after every call.
//
// WebAssembly leaves the bits of most NaNs open, so these must not get where they could be seen. A float with an open
// NaN may be in a local, a global or a result: there all NaNs compare as equal. Before an instruction that looks at bits
// (a store, a reinterpretation, copysign, what puts it into a vector), a NaN is replaced by the canonical one, and so it
// is in vectors, right after the instruction that may have made it.
package differential

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/wasm"
	"github.com/pywasm-go/pywasm/core/wat"
)

// rounds is how often each function is called.
const rounds = 3

// check returns an error that says where the compilers, or our own parts, do not agree on a module; data decides on the
// arguments of calls.
func check(m *wasm.Module, data []byte) error {
	if err := wasm.Validate(m); err != nil {
		return fmt.Errorf("as generated: %w", err)
	}
	binary := m.Encode()
	if err := checkFormats(binary); err != nil {
		return err
	}
	optimizing, a, err := newMachine(engine.Optimizing, binary)
	if err != nil {
		return err
	}
	defer optimizing.close()
	interpreter, b, err := newMachine(engine.Interpreter, binary)
	if err != nil {
		return err
	}
	defer interpreter.close()
	return checkRun(optimizing, interpreter, a, b, data)
}

// checkFormats checks that the module is the same after it was read and written, as a binary and as a text.
func checkFormats(binary []byte) error {
	m, err := wasm.Decode(binary)
	if err != nil {
		return fmt.Errorf("as encoded: %w", err)
	}
	if err := wasm.Validate(m); err != nil {
		return fmt.Errorf("as decoded: %w", err)
	}
	if again := m.Encode(); !bytes.Equal(again, binary) {
		return fmt.Errorf("encoded again: %x, was %x", again, binary)
	}
	text, err := wat.Print(m)
	if err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	again, err := wat.ToBinary([]byte(text))
	if err != nil {
		return fmt.Errorf("parsing what was printed: %w", err)
	}
	if !bytes.Equal(again, binary) {
		return fmt.Errorf("after print and parse: %x, was %x", again, binary)
	}
	return nil
}

// checkRun compares the instances, then calls every function some times.
func checkRun(optimizing, interpreter *machine, a, b outcome, data []byte) error {
	if err := differs("instantiation", a, b); err != nil {
		return err
	}
	if optimizing.instance == nil {
		return nil
	}
	if err := checkState("instantiation", optimizing, interpreter); err != nil {
		return err
	}
	random := argumentsFor(data)
	for round := range rounds {
		for i := range optimizing.source.Exports {
			function := optimizing.source.Exports[i].Index
			args := random.arguments(optimizing.instance.Module().FunctionType(function).Params)
			what := fmt.Sprintf("call %d of function %d with %x", round, function, args)
			for _, m := range []*machine{optimizing, interpreter} {
				m.instance.SetGlobal(fuelGlobal, fuel, 0)
			}
			if err := differs(what, optimizing.call(function, args), interpreter.call(function, args)); err != nil {
				return err
			}
			if err := checkState(what, optimizing, interpreter); err != nil {
				return err
			}
		}
	}
	return nil
}

func differs(what string, a, b outcome) error {
	if a.failure == b.failure && slices.Equal(a.results, b.results) {
		return nil
	}
	return fmt.Errorf("%s: optimized %q %x, interpreted %q %x", what, a.failure, a.results, b.failure, b.results)
}

// checkState compares what is left after a call.
func checkState(what string, optimizing, interpreter *machine) error {
	a, b := optimizing.state(), interpreter.state()
	if a.host != b.host {
		return fmt.Errorf("%s: the host function was given something else", what)
	}
	for i := range a.globals {
		if a.globals[i] != b.globals[i] {
			return fmt.Errorf("%s: global %d: optimized %x, interpreted %x", what, i, a.globals[i], b.globals[i])
		}
	}
	for i := range a.tables {
		if !slices.Equal(a.tables[i], b.tables[i]) {
			return fmt.Errorf("%s: table %d: optimized %x, interpreted %x", what, i, a.tables[i], b.tables[i])
		}
	}
	if len(a.memory) != len(b.memory) {
		return fmt.Errorf("%s: the memory has %d bytes optimized, %d interpreted", what, len(a.memory), len(b.memory))
	}
	if !bytes.Equal(a.memory, b.memory) {
		at := 0
		for a.memory[at] == b.memory[at] {
			at++
		}
		return fmt.Errorf("%s: memory at %#x: optimized %x, interpreted %x", what, at, a.memory[at], b.memory[at])
	}
	return nil
}

// arguments deals out arguments that depend on the input alone.
type argumentSource struct{ *rand.ChaCha8 }

func argumentsFor(data []byte) argumentSource {
	seed := [32]byte{}
	for i, b := range data {
		seed[i%32] = seed[i%32]*31 + b
	}
	return argumentSource{rand.NewChaCha8(seed)}
}

func (r argumentSource) arguments(types []wasm.ValType) []value128 {
	var args []value128
	for _, t := range types {
		s := source{make([]byte, 32)}
		_, _ = r.Read(s.data) // never fails
		var v value128
		switch t {
		case wasm.I32:
			v.lo = uint64(uint32(s.integer()))
		case wasm.I64:
			v.lo = uint64(s.integer())
		case wasm.F32:
			v.lo = uint64(s.f32())
		case wasm.F64:
			v.lo = s.f64()
		case wasm.V128:
			v.lo, v.hi = s.raw(), s.f64()
		case wasm.FuncRef:
			v.lo = uint64(s.below(2)) * 2 // null or the first function of the module
		default:
			v.lo = uint64(s.below(4))
		}
		args = append(args, v)
	}
	return args
}
