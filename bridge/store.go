package bridge

import (
	"unsafe"

	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/wasm"
	"github.com/pywasm-go/pywasm/core/wat"
)

// Store is a handle on a store of the engine.
type Store struct {
	store *engine.Store
}

// DefaultCompiler returns the name of the best compiler for this machine.
func DefaultCompiler() string { return string(engine.DefaultCompiler()) }

// Pause does what is due on the thread of a guest, see core/engine; an error unwinds it. The data plane sets it.
var Pause func() error

// Signals runs the handlers of signals that are due, see core/engine; an error is what one of them raised. The data plane
// sets it.
var Signals func() error

// StoreConfig says how a store is made.
type StoreConfig struct {
	Compiler      string // "optimizing", "interpreter", or "" for none
	Interruptible bool
	Fuel          bool // is counted
	RaiseAtLimit  bool

	Memory, Tables   int64 // Unlimited for no limit
	Instances, Depth int64 // 0 for no limit
	CompileMemory    int64 // 0 for what is usual
}

// Unlimited stands for no limit.
const Unlimited = -1

// NewStoreConfig returns a configuration without limits.
func NewStoreConfig() *StoreConfig {
	return &StoreConfig{Memory: Unlimited, Tables: Unlimited}
}

// NewStore makes a store.
func NewStore(c *StoreConfig) (s *Store, err error) {
	defer guard(&err)
	limits := engine.Unlimited
	bound(&limits.Memory, c.Memory)
	bound(&limits.Tables, c.Tables)
	config := engine.Config{
		Compiler: engine.Compiler(c.Compiler), Fuel: c.Fuel, RaiseAtLimit: c.RaiseAtLimit, Limits: &limits,
		Instances: c.Instances, Depth: uint32(c.Depth), CompileMemory: uint64(c.CompileMemory), Signals: Signals,
	}
	if c.Interruptible {
		config.Pause = func(*engine.Call) error { return Pause() }
	}
	store, err := engine.NewStore(config)
	if err != nil {
		return nil, err
	}
	return &Store{store: store}, nil
}

func bound(limit *uint64, given int64) {
	if given != Unlimited {
		*limit = uint64(given)
	}
}

// Pointer returns the address of the store for the data plane. It is valid as long as the handle.
func (s *Store) Pointer() int64 { return int64(uintptr(unsafe.Pointer(s.store))) }

// Close closes all that is in the store; nothing of it may be running.
func (s *Store) Close() (err error) {
	defer guard(&err)
	s.store.Close()
	return nil
}

// Compile compiles a module from its binary format.
func (s *Store) Compile(binary []byte) (m *Module, err error) {
	defer guard(&err)
	return owner(s.store.Compile(binary))
}

// Note says why the module would be interpreted in a store that compiles, or nothing.
func (s *Store) Note(binary []byte) (note string, err error) {
	defer guard(&err)
	return s.store.Note(binary)
}

// MakeMemory returns a module that exports a memory.
func (s *Store) MakeMemory(minimum, maximum int64, bounded, shared bool) (m *Module, err error) {
	defer guard(&err)
	return owner(s.store.MakeMemory(limits(minimum, maximum, bounded, shared)))
}

// MakeTable returns a module that exports a table.
func (s *Store) MakeTable(element int, minimum, maximum int64, bounded bool) (m *Module, err error) {
	defer guard(&err)
	return owner(s.store.MakeTable(wasm.TableType{Elem: valueType(element), Limits: limits(minimum, maximum, bounded, false)}))
}

// MakeGlobal returns a module that exports a global.
func (s *Store) MakeGlobal(valType int, mutable bool) (m *Module, err error) {
	defer guard(&err)
	return owner(s.store.MakeGlobal(wasm.GlobalType{Type: valueType(valType), Mutable: mutable}))
}

// MakeFunction returns a module that imports a function and defines, as function 1, one that calls it.
func (s *Store) MakeFunction(params, results []byte, interpreted bool) (m *Module, err error) {
	defer guard(&err)
	compiler := s.store.Compiler()
	if interpreted {
		compiler = engine.Interpreter
	}
	t := wasm.FuncType{Params: ValueTypes(params), Results: ValueTypes(results)}
	return owner(s.store.MakeFunction(t, compiler))
}

func limits(minimum, maximum int64, bounded, shared bool) wasm.Limits {
	l := wasm.Limits{Min: uint64(minimum), HasMax: bounded, Shared: shared}
	if bounded {
		l.Max = uint64(maximum)
	}
	return l
}

// Validate returns the error of a module that is malformed or invalid.
func Validate(binary []byte) (err error) {
	defer guard(&err)
	return engine.Validate(binary)
}

// TextToBinary assembles the text format.
func TextToBinary(text []byte) (binary []byte, err error) {
	defer guard(&err)
	return wat.ToBinary(text)
}

// BinaryToText prints a module in the text format.
func BinaryToText(binary []byte) (text string, err error) {
	defer guard(&err)
	return wat.FromBinary(binary)
}
