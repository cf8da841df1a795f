package differential

import (
	"fmt"
	"testing"

	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/meter"
	"github.com/pywasm-go/pywasm/core/wasm"
	"github.com/pywasm-go/pywasm/core/wat"
)

// More fuel and more calls than any generated program needs. One bulk operation may take 1<<29 of fuel.
const (
	muchFuel  = 1 << 60
	manyCalls = 1 << 30
)

// TestMeter compares modules of fixed seeds with what core/meter makes of them.
func TestMeter(t *testing.T) {
	for seed := range uint64(200) {
		if data := randomBytes(seed, 1500); !metersAgree(t, data) {
			t.Fatalf("seed %d", seed)
		}
	}
}

// FuzzMeter compares modules made of what the fuzzer finds with what core/meter makes of them.
func FuzzMeter(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(randomBytes(seed, 1500))
	}
	f.Fuzz(func(t *testing.T, data []byte) { metersAgree(t, data) })
}

func metersAgree(t *testing.T, data []byte) bool {
	for _, pass := range []func(*wasm.Module) (*wasm.Module, meter.Injected, error){meter.Interrupt, meter.Fuel} {
		if err := checkPass(data, pass); err != nil {
			text, printErr := wat.Print(generate(data))
			t.Errorf("%v\n%s%v", err, text, printErr)
			return false
		}
	}
	return true
}

// checkPass compares the module with what a pass and Depth make of it, and that on both compilers: then all that was added
// is equal, too, what is left of the fuel among it.
func checkPass(data []byte, pass func(*wasm.Module) (*wasm.Module, meter.Injected, error)) error {
	m := generate(data)
	metered, err := fullyMetered(m, pass)
	if err != nil {
		return err
	}
	var machines [3]*machine
	var outcomes [3]outcome
	for i, binary := range [...][]byte{m.Encode(), metered, metered} {
		compiler := engine.Optimizing
		if i == 2 {
			compiler = engine.Interpreter
		}
		if machines[i], outcomes[i], err = newMachine(compiler, binary); err != nil {
			return err
		}
		defer machines[i].close()
	}
	if err := checkRun(machines[0], machines[1], outcomes[0], outcomes[1], data); err != nil {
		return fmt.Errorf("unmetered (first) and metered: %w", err)
	}
	if machines[1], outcomes[1], err = newMachine(engine.Optimizing, metered); err != nil {
		return err
	}
	defer machines[1].close()
	return checkRun(machines[1], machines[2], outcomes[1], outcomes[2], data)
}

// fullyMetered returns the module after the pass and Depth, with enough of all in it.
func fullyMetered(m *wasm.Module, pass func(*wasm.Module) (*wasm.Module, meter.Injected, error)) ([]byte, error) {
	once, in, err := pass(m)
	if err != nil {
		return nil, err
	}
	twice, deep, err := meter.Depth(once)
	if err != nil {
		return nil, err
	}
	imported := uint32(m.Spaces().ImportedGlobals)
	if in.Fuel != 0 {
		twice.Globals[in.Fuel-imported].Init.Bytes = wasm.OpEnd.Append(wasm.AppendS64(wasm.OpI64Const.Append(nil), muchFuel))
	}
	if deep.Any {
		twice.Globals[deep.Global-imported].Init.Bytes = wasm.OpEnd.Append(wasm.AppendS32(wasm.OpI32Const.Append(nil), manyCalls))
	}
	if err := wasm.Validate(twice); err != nil {
		return nil, fmt.Errorf("metered: %w", err)
	}
	return twice.Encode(), nil
}
