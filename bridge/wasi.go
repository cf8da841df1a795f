package bridge

import (
	"os"
	"unsafe"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/wasi"
)

// WasiConfig gathers what an environment is made of; see wasi.Config.
type WasiConfig struct{ config wasi.Config }

// NewWasiConfig returns a configuration in which the guest has the streams of the process.
func NewWasiConfig() *WasiConfig {
	return &WasiConfig{wasi.Config{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}}
}

// Argument adds an argument, the first being the program's name. Text crosses as bytes, since it may hold a NUL, which is
// an error to tell.
func (w *WasiConfig) Argument(argument []byte) {
	w.config.Args = append(w.config.Args, string(argument))
}

// Variable adds an environment variable.
func (w *WasiConfig) Variable(name, value []byte) {
	w.config.Env = append(w.config.Env, wasi.Variable{Name: string(name), Value: string(value)})
}

// Directory mounts a directory of the host.
func (w *WasiConfig) Directory(guest, host []byte, readOnly bool) {
	w.config.Mounts = append(w.config.Mounts, wasi.Mount{Guest: string(guest), Host: string(host), ReadOnly: readOnly})
}

// Environment is what guests see of the world through WASI.
type Environment struct {
	environment *wasi.Environment
	functions   []wasi.Function
	hosts       []engine.HostFunc
}

// Open makes the environment.
func (w *WasiConfig) Open() (e *Environment, err error) {
	defer guard(&err)
	environment, err := wasi.New(w.config)
	if err != nil {
		return nil, err
	}
	e = &Environment{environment: environment}
	for _, version := range []wasi.Version{wasi.Snapshot0, wasi.Snapshot1} {
		for _, f := range environment.Functions(version) {
			e.functions = append(e.functions, f)
			e.hosts = append(e.hosts, host(f))
		}
	}
	return e, nil
}

func host(f wasi.Function) engine.HostFunc {
	return func(c *engine.Call, guest api.Module, stack []uint64) { f.Call(c, guest, stack) }
}

// HostFunction returns the host function that Python knows by its address.
func HostFunction(p unsafe.Pointer) engine.HostFunc { return *(*engine.HostFunc)(p) }

// First returns the number of the first function of a snapshot, 0 or 1; the last is before that of the next.
func (e *Environment) First(snapshot int) int {
	first := 0
	for _, version := range []wasi.Version{wasi.Snapshot0, wasi.Snapshot1}[:snapshot] {
		first += len(e.environment.Functions(version))
	}
	return first
}

// Count returns how many functions there are.
func (e *Environment) Count() int { return len(e.functions) }

// Name returns the name of a function.
func (e *Environment) Name(i int) string { return e.functions[i].Name }

// Params returns the types of the parameters of a function, as numbers.
func (e *Environment) Params(i int) []byte { return apiNumbers(e.functions[i].Params) }

// Results returns the types of the results of a function, as numbers.
func (e *Environment) Results(i int) []byte { return apiNumbers(e.functions[i].Results) }

func apiNumbers(types []api.ValueType) []byte {
	out := make([]byte, len(types))
	for i, t := range types {
		out[i] = map[api.ValueType]byte{api.ValueTypeI32: 1, api.ValueTypeI64: 2}[t]
	}
	return out
}

// Pointer returns the address of a function for the data plane. It is valid as long as the handle.
func (e *Environment) Pointer(i int) int64 { return int64(uintptr(unsafe.Pointer(&e.hosts[i]))) }
