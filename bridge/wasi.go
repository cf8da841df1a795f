package bridge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/wasi"
)

// WasiConfig gathers what an environment is made of; see wasi.Config.
type WasiConfig struct {
	config   wasi.Config
	opened   []*os.File
	captures [3]*wasi.Capture // of stdout and stderr
}

// NewWasiConfig returns a configuration in which the guest has the streams of the process.
func NewWasiConfig() *WasiConfig {
	return &WasiConfig{config: wasi.Config{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Interrupt: Pause}}
}

// Pointer returns the address for the data plane, which connects Python's streams. It is valid as long as the handle.
func (w *WasiConfig) Pointer() int64 { return int64(uintptr(unsafe.Pointer(w))) }

// Connect has a stream of Python's read or written, 0 to 2 being stdin to stderr.
func Connect(config unsafe.Pointer, number int, stream io.ReadWriter) {
	w := (*WasiConfig)(config)
	if number == 0 {
		w.config.Stdin = stream
	} else {
		w.output(number, stream)
	}
}

func (w *WasiConfig) output(number int, stream io.Writer) {
	if number == 1 {
		w.config.Stdout = stream
	} else {
		w.config.Stderr = stream
	}
}

// Input gives the guest bytes as its stdin.
func (w *WasiConfig) Input(content []byte) { w.config.Stdin = bytes.NewReader(content) }

// InputFile gives the guest a file as its stdin. Opening a FIFO does not wait for a writer: the guest does, which can be ended.
func (w *WasiConfig) InputFile(path []byte) (err error) {
	defer guard(&err)
	file, err := w.open(path, os.O_RDONLY|syscall.O_NONBLOCK)
	if err == nil {
		w.config.Stdin = file
	}
	return err
}

// OutputFile has stdout (1) or stderr (2) written to a file, which is made or emptied.
func (w *WasiConfig) OutputFile(number int, path []byte) (err error) {
	defer guard(&err)
	file, err := w.open(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err == nil {
		w.output(number, file)
	}
	return err
}

func (w *WasiConfig) open(path []byte, flags int) (*os.File, error) {
	file, err := os.OpenFile(string(path), flags, 0o666)
	if err != nil {
		return nil, &engine.Error{Code: engine.CodeRuntime, Text: "cannot open a stream: " + err.Error()}
	}
	w.opened = append(w.opened, file)
	return file, nil
}

// Capture keeps up to limit bytes of stdout (1) or stderr (2), see Environment.Captured.
func (w *WasiConfig) Capture(number int, limit int64) {
	w.captures[number] = wasi.NewCapture(int(limit))
	w.output(number, w.captures[number])
}

// Discard has nobody read stdout (1) or stderr (2).
func (w *WasiConfig) Discard(number int) { w.output(number, nil) }

// Join sends stderr where stdout goes.
func (w *WasiConfig) Join() { w.config.Stderr = w.config.Stdout }

// Argument adds an argument, the first being the program's name. Text crosses as bytes, since it may hold a NUL, which is
// an error to tell.
func (w *WasiConfig) Argument(argument []byte) {
	w.config.Args = append(w.config.Args, string(argument))
}

// Variable adds an environment variable.
func (w *WasiConfig) Variable(name, value []byte) {
	w.config.Env = append(w.config.Env, wasi.Variable{Name: string(name), Value: string(value)})
}

// Directory mounts a directory of the host. A quota is in bytes that may be added, 0 for no limit.
func (w *WasiConfig) Directory(guest, host []byte, readOnly bool, quota int64) {
	w.mount(wasi.Mount{Guest: string(guest), Host: string(host), ReadOnly: readOnly, Quota: quota})
}

// Memory mounts a file system in memory; File fills it. A quota is in bytes that it may hold, 0 for wasi.DefaultMemory.
func (w *WasiConfig) Memory(guest []byte, readOnly bool, quota int64) {
	w.mount(wasi.Mount{Guest: string(guest), Files: map[string][]byte{}, ReadOnly: readOnly, Quota: quota})
}

// File adds a file to what Memory has mounted last.
func (w *WasiConfig) File(path, content []byte) {
	w.config.Mounts[len(w.config.Mounts)-1].Files[string(path)] = content
}

func (w *WasiConfig) mount(m wasi.Mount) { w.config.Mounts = append(w.config.Mounts, m) }

// FixedTime has the clocks start at a time, in nanoseconds since 1970, and move only with the guest.
func (w *WasiConfig) FixedTime(nanoseconds int64) {
	start := time.Unix(0, nanoseconds)
	w.config.FixedTime = &start
}

// Seed makes randomness reproducible.
func (w *WasiConfig) Seed(seed uint64) { w.config.Seed = &seed }

// Listen gives the guest a socket that listens on a TCP address, host:port.
func (w *WasiConfig) Listen(address []byte) {
	w.config.Listen = append(w.config.Listen, string(address))
}

// Environment is what guests see of the world through WASI. Snapshots of WASI are numbered 0 and 1.
type Environment struct {
	environment *wasi.Environment
	opened      []*os.File
	captures    [3]*wasi.Capture
	mu          sync.Mutex
	hosts       [2]map[string]*engine.HostFunc // by snapshot and name, made when asked for
}

// Open makes the environment.
func (w *WasiConfig) Open() (e *Environment, err error) {
	defer guard(&err)
	environment, err := wasi.New(w.config)
	if err != nil {
		return nil, err
	}
	hosts := [2]map[string]*engine.HostFunc{{}, {}}
	return &Environment{environment: environment, opened: w.opened, captures: w.captures, hosts: hosts}, nil
}

// Close closes what guests have open, the sockets, and the files that their streams go to.
func (e *Environment) Close() (err error) {
	defer guard(&err)
	err = e.environment.Close()
	for _, file := range e.opened {
		err = errors.Join(err, file.Close())
	}
	e.opened = nil
	return err
}

// Captured returns what was written so far to a stream that is captured.
func (e *Environment) Captured(number int) []byte { return e.captures[number].Bytes() }

// CapturedAll reports whether that is everything.
func (e *Environment) CapturedAll(number int) bool { return !e.captures[number].Full() }

// Addresses returns where the sockets listen, divided by newlines.
func (e *Environment) Addresses() string { return strings.Join(e.environment.Addrs(), "\n") }

// Files are the files of a mount in memory, at one moment.
type Files struct {
	paths    []string
	contents map[string][]byte
}

// Files returns the files of the mount in memory that the guest knows by a name.
func (e *Environment) Files(guest []byte) (f *Files, err error) {
	defer guard(&err)
	contents := e.environment.Files(string(guest))
	if contents == nil {
		return nil, &engine.Error{Code: engine.CodeRuntime, Text: fmt.Sprintf("there is no mount in memory at %q", guest)}
	}
	return &Files{slices.Sorted(maps.Keys(contents)), contents}, nil
}

// Count returns how many there are.
func (f *Files) Count() int { return len(f.paths) }

// Path returns the path of a file in the mount, without a slash before it.
func (f *Files) Path(i int) []byte { return []byte(f.paths[i]) }

// Content returns what is in a file.
func (f *Files) Content(i int) []byte { return f.contents[f.paths[i]] }

// HostFunction returns the host function that Python knows by its address.
func HostFunction(p unsafe.Pointer) engine.HostFunc { return *(*engine.HostFunc)(p) }

// WasiFunctions are the functions of a snapshot of WASI.
type WasiFunctions struct{ signatures []wasi.Signature }

// NewWasiFunctions returns those of snapshot 0 or 1.
func NewWasiFunctions(snapshot int) *WasiFunctions {
	return &WasiFunctions{versions[snapshot].Signatures()}
}

var versions = [2]wasi.Version{wasi.Snapshot0, wasi.Snapshot1}

// Count returns how many there are.
func (f *WasiFunctions) Count() int { return len(f.signatures) }

// Name returns the name of a function.
func (f *WasiFunctions) Name(i int) string { return f.signatures[i].Name }

// Params returns the types of the parameters of a function, as numbers.
func (f *WasiFunctions) Params(i int) []byte { return apiNumbers(f.signatures[i].Params) }

// Results returns the types of the results of a function, as numbers.
func (f *WasiFunctions) Results(i int) []byte { return apiNumbers(f.signatures[i].Results) }

func apiNumbers(types []api.ValueType) []byte {
	out := make([]byte, len(types))
	for i, t := range types {
		out[i] = map[api.ValueType]byte{api.ValueTypeI32: 1, api.ValueTypeI64: 2}[t]
	}
	return out
}

// Pointer returns the address of a function of WasiFunctions for the data plane. It is valid as long as the handle.
func (e *Environment) Pointer(snapshot int, name string) int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	host := e.hosts[snapshot][name]
	if host == nil {
		f, _ := e.environment.Function(versions[snapshot], name)
		bound := engine.HostFunc(func(c *engine.Call, guest api.Module, stack []uint64) { f.Call(c, guest, stack) })
		host = &bound
		e.hosts[snapshot][name] = host
	}
	return int64(uintptr(unsafe.Pointer(host)))
}
