package bridge

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"unsafe"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/wasi"
)

// Environment is what guests see of the world through WASI. Snapshots of WASI are numbered 0 and 1.
type Environment struct {
	environment *wasi.Environment
	opened      []*os.File
	captures    [3]*wasi.Capture
	snapshots   [2]wasiSnapshot
}

// wasiSnapshot is an environment as seen through one version of WASI.
type wasiSnapshot struct {
	environment *wasi.Environment
	version     wasi.Version
}

// OpenWasi makes an environment of the records at an address, see wasiConfig. The guest has the streams of the process where
// they do not say otherwise.
func OpenWasi(address, size int64) (e *Environment, err error) {
	defer guard(&err)
	w := wasiConfig{Config: wasi.Config{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Interrupt: Pause}}
	err = w.read(records{borrowed(address, size)})
	var environment *wasi.Environment
	if err == nil {
		environment, err = wasi.New(w.Config)
	}
	if err != nil {
		_ = closeAll(w.opened)
		return nil, err
	}
	return &Environment{
		environment: environment, opened: w.opened, captures: w.captures,
		snapshots: [2]wasiSnapshot{{environment, wasi.Snapshot0}, {environment, wasi.Snapshot1}},
	}, nil
}

func closeAll(files []*os.File) (err error) {
	for _, file := range files {
		err = errors.Join(err, file.Close())
	}
	return err
}

// Pointer returns the address of the environment as a snapshot has it, for the data plane. It is valid as long as the handle.
func (e *Environment) Pointer(snapshot int) int64 {
	return int64(uintptr(unsafe.Pointer(&e.snapshots[snapshot])))
}

// WasiFunction returns a function of a snapshot that Python knows by its address, by its place in WasiFunctions.
func WasiFunction(snapshot unsafe.Pointer, index int) wasi.Function {
	s := (*wasiSnapshot)(snapshot)
	return s.environment.Function(s.version, index)
}

// WasiFunctions returns the functions of a snapshot, in lines of name, parameters and results: i for i32, I for i64.
func WasiFunctions(snapshot int) string {
	var lines strings.Builder
	for _, s := range wasi.Version(snapshot).Signatures() {
		lines.WriteString(s.Name + " " + letters(s.Params) + " " + letters(s.Results) + "\n")
	}
	return lines.String()
}

func letters(types []api.ValueType) string {
	out := make([]byte, len(types))
	for i, t := range types {
		out[i] = map[api.ValueType]byte{api.ValueTypeI32: 'i', api.ValueTypeI64: 'I'}[t]
	}
	return string(out)
}

// Close closes what guests have open, the sockets, and the files that their streams go to.
func (e *Environment) Close() (err error) {
	defer guard(&err)
	err = errors.Join(e.environment.Close(), closeAll(e.opened))
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
