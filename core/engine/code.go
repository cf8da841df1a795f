package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"reflect"
	"runtime/debug"
	"sync"
	"unsafe"

	"github.com/tetratelabs/wazero"

	"github.com/pywasm-go/pywasm/core/artefact"
)

// Machine code, out of wazero v1.12.0 and into it. Out: by reflection, since wazero writes code to files only as part of
// compiling. In: as its file cache, which is an interface that has no name here. As with internals.go, what looks
// different is reported.

// machineCode is what wazero's compiler has made of a module. It is wazero's own, to be read only, and only as long as
// owner is alive.
type machineCode struct {
	offsets []byte // of the functions, u64 each
	bytes   []byte
	owner   any
}

// inside returns a field of something of wazero's, followed through pointers and interfaces.
func inside(v reflect.Value, names ...string) (reflect.Value, error) {
	for _, name := range names {
		for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		if v.Kind() == reflect.Struct {
			v = v.FieldByName(name)
		}
		if !v.IsValid() {
			return v, fail(CodeInternal, "wazero has no field "+name+" where it was: this version is not supported")
		}
	}
	return v, nil
}

// writable returns a field that reflection could only read.
func writable(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}

// codeOf returns the machine code of a module.
func codeOf(compiled wazero.CompiledModule) (*machineCode, error) {
	module := reflect.ValueOf(compiled)
	id, err := inside(module, "module", "ID")
	if err != nil {
		return nil, err
	}
	modules, err := inside(module, "compiledEngine", "compiledModules")
	if err != nil {
		return nil, err
	}
	lock, err := inside(module, "compiledEngine", "mux")
	if err != nil {
		return nil, err
	}
	mutex := writable(lock).Addr().Interface().(*sync.RWMutex)
	mutex.RLock()
	entry := modules.MapIndex(id)
	mutex.RUnlock()
	if !entry.IsValid() {
		return nil, fail(CodeClosed, "the module is closed")
	}
	offsets, err := inside(entry, "compiledModule", "functionOffsets")
	if err != nil {
		return nil, err
	}
	executable, err := inside(entry, "compiledModule", "executables", "executable")
	if err != nil {
		return nil, err
	}
	code := &machineCode{bytes: executable.Bytes(), owner: entry}
	for i := range offsets.Len() {
		code.offsets = binary.LittleEndian.AppendUint64(code.offsets, uint64(offsets.Index(i).Int()))
	}
	return code, nil
}

// codeStream is machine code on its way into wazero.
type codeStream struct {
	from    io.Reader
	offsets []byte
	size    uint64

	read uint64
	sum  uint32 // CRC-32C of what was read
	err  error
}

// Read fills p whatever happens: where wazero cannot read all of the code, it does not let go of the memory for it. So
// errors are told by check.
func (c *codeStream) Read(p []byte) (int, error) {
	if c.read == c.size {
		return 0, io.EOF
	}
	p = p[:min(uint64(len(p)), c.size-c.read)]
	n, err := io.ReadFull(c.from, p)
	if err != nil {
		c.err = err
		clear(p[n:])
	}
	c.read += uint64(len(p))
	c.sum = crc32.Update(c.sum, artefact.Castagnoli, p)
	return len(p), nil
}

// check reads what wazero has not needed, since it had the same module already, and compares the checksum.
func (c *codeStream) check(sum uint32) error {
	if _, err := io.Copy(io.Discard, c); err != nil {
		return err
	}
	if c.err == nil && c.sum != sum {
		return errors.New("the checksum of its code is wrong")
	}
	return c.err
}

// giveCode has wazero take code for the next module that it is to compile, until restore is called.
func giveCode(runtime wazero.Runtime, code *codeStream) (restore func(), err error) {
	engine, err := inside(reflect.ValueOf(runtime), "store", "Engine")
	if err != nil {
		return nil, err
	}
	version, err := inside(engine, "wazeroVersion")
	if err != nil {
		return nil, err
	}
	cache, err := inside(engine, "fileCache")
	if err != nil {
		return nil, err
	}
	given := reflect.ValueOf(&givenCode{version: version.String(), code: code})
	if !given.Type().AssignableTo(cache.Type()) {
		return nil, fail(CodeInternal, "wazero's file cache has other methods: this version is not supported")
	}
	field := writable(cache)
	field.Set(given)
	return field.SetZero, nil
}

// givenCode is a filecache.Cache that has the code of one module.
type givenCode struct {
	version string
	code    *codeStream
}

// Get returns the code as wazero writes it into files: its header and the offsets of the functions, the code and its
// checksum, no source map, no catch clauses (modules that catch are interpreted).
func (g *givenCode) Get([32]byte) (content io.ReadCloser, ok bool, err error) {
	before := append([]byte("WAZEVO"), byte(len(g.version)))
	before = append(before, g.version...)
	before = binary.LittleEndian.AppendUint32(before, uint32(len(g.code.offsets)/8))
	before = append(before, g.code.offsets...)
	before = binary.LittleEndian.AppendUint64(before, g.code.size)
	return io.NopCloser(io.MultiReader(bytes.NewReader(before), g.code, &afterCode{code: g.code})), true, nil
}

// afterCode is what follows the code, of which the checksum is known when that has been read.
type afterCode struct {
	code *codeStream
	rest *bytes.Reader
}

// Read implements io.Reader.
func (a *afterCode) Read(p []byte) (int, error) {
	if a.rest == nil {
		var b []byte
		if a.code.size > 0 {
			b = binary.LittleEndian.AppendUint32(b, a.code.sum)
		}
		a.rest = bytes.NewReader(append(b, 0, 0, 0, 0, 0))
	}
	return a.rest.Read(p)
}

// Add is called for nothing that has been found.
func (g *givenCode) Add([32]byte, io.Reader) error { return nil }

// Delete would be called if the code were of another version of wazero.
func (g *givenCode) Delete([32]byte) error { return nil }

// wazeroVersion returns the version of wazero that is linked in.
func wazeroVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/tetratelabs/wazero" {
				return module.Version
			}
		}
	}
	return "unknown"
}
