package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/artefact"
	"github.com/pywasm-go/pywasm/core/meter"
	"github.com/pywasm-go/pywasm/core/wasm"
)

// Module is a compiled module.
type Module struct {
	store    *Store
	source   *wasm.Module      // as the user wrote it, or what an artefact tells of it, see outline
	base     *wasm.Module      // what is prepared: the source, or what core/meter made of it
	binary   []byte            // what source was decoded from; nil if it is an outline
	stub     []byte            // what wazero got if it is one, see makeStub
	sum      [sha256.Size]byte // of the binary
	compiler Compiler          // that of the store, unless the module needs another
	note     string            // why it does
	runtime  *wazeroRuntime
	compiled wazero.CompiledModule

	// tag names the module in wazero's stack traces: a hash of its bytes, so that equal modules compile to equal code.
	tag       string
	functions uint32 // how many the user's module has, imports included
	// wrappers has the imported function that function firstWrapper+i stands for, see prepare.go.
	wrappers     []uint32
	firstWrapper uint32
	// initializer is the function that copies the active segments, see segments.go.
	initializer *uint32
	imported    [wasm.ExternTag + 1][]int
	made        bool    // by make.go, not by a user
	growHook    *uint32 // see tablegrow.go

	exceptionHooks *uint32        // see exceptions.go
	depth          meter.Injected // see depth.go
	injected       meter.Injected // what pauses it and counts its fuel, see pause.go
	changed        []bool         // by function, whether it has safe points; nil if none has, see pause.go

	hosts    func() (api.Module, error) // the host functions behind the imports, made at first use
	names    func() *wasm.Names
	keysOnce sync.Once
	keys     []string // of types, see typekey.go
	holders  int      // who has yet to call Close, under the store's mutex
}

// Compile decodes, validates and compiles a module, unless the store has a cache with what that would give.
func (s *Store) Compile(binary []byte) (*Module, error) {
	return s.await(func(t *task) (*Module, error) { return s.compileBinary(t, binary) })
}

func (s *Store) compileBinary(t *task, binary []byte) (*Module, error) {
	if s.cache != nil {
		if m := s.cached(binary); m != nil {
			return m, nil
		}
	}
	source, err := decode(binary)
	if err != nil {
		return nil, err
	}
	m, err := s.compile(t, source, binary, s.compilerFor(source))
	if err == nil && s.cache != nil {
		s.keep(m)
	}
	return m, err
}

// Validate decodes and validates a module.
func Validate(binary []byte) error {
	_, err := decode(binary)
	return err
}

func decode(binary []byte) (*wasm.Module, error) {
	if artefact.IsArtefact(binary) { // whose code would run: whoever has it must say so
		return nil, fail(CodeCompile, "this is no module but an artefact: load it with Module.deserialize")
	}
	source, err := wasm.Decode(binary)
	if err == nil {
		err = wasm.Validate(source)
	}
	if err != nil {
		return nil, compileError(err)
	}
	// wazero reads one byte of a vector opcode: a padded one would be taken for another instruction.
	if short := source.Shortest(); short != source {
		if err := wasm.Validate(short); err != nil { // for what it notes, with the new offsets
			return nil, compileError(err)
		}
		return short, nil
	}
	return source, nil
}

func compileError(err error) error {
	if refused := (*wasm.Error)(nil); errors.As(err, &refused) && !refused.Malformed && refused.Feature == "" {
		return fail(CodeCompile, "Validation error: "+err.Error())
	}
	return fail(CodeCompile, err.Error())
}

// compilerFor returns the compiler that gives right answers for a module. wazero's compiler restores locals when an
// exception is caught (wazero#2503), so modules that use exceptions are interpreted.
func (s *Store) compilerFor(source *wasm.Module) Compiler {
	if source.UsesExceptions() && throws(source) {
		return Interpreter
	}
	return s.compiler
}

// throws reports whether a function throws or catches: a module may also do no more than declare tags for others.
func throws(source *wasm.Module) bool {
	for i := range source.Code {
		for it := wasm.NewIter(source.Code[i].Body); it.Next(); {
			if it.Op.Info().Feature == wasm.Exceptions {
				return true
			}
		}
	}
	return false
}

func (s *Store) compile(t *task, source *wasm.Module, binary []byte, compiler Compiler) (*Module, error) {
	if err := limits(source); err != nil {
		return nil, err
	}
	m, prepared, work, err := s.plan(source, binary, compiler)
	if err != nil {
		return nil, err
	}
	limit, workers, err := s.permit(&work, len(binary))
	if err == nil {
		err = t.Err()
	}
	if err != nil {
		return nil, err
	}
	g := newGrant(limit)
	defer g.giveBack()
	t.grant.Store(g)
	if m.compiled, err = m.runtime.compile(t, prepared.Encode(), workers); err != nil {
		return nil, fail(CodeCompile, "wazero refuses the module: "+err.Error())
	}
	return m, s.register(m)
}

// plan returns a module and what wazero is to compile for it. It is interpreted if it asks too much of the compiler.
func (s *Store) plan(source *wasm.Module, binary []byte, compiler Compiler) (*Module, *wasm.Module, workload, error) {
	m, err := s.newModule(source, sha256.Sum256(binary), compiler)
	if err != nil {
		return nil, nil, workload{}, err
	}
	m.binary = binary
	prepared, err := m.rewrite()
	if err != nil {
		return nil, nil, workload{}, err
	}
	work := estimate(prepared, compiler, len(binary), max(2, runtime.GOMAXPROCS(0)))
	if work.tooMuch == "" {
		return m, prepared, work, nil
	}
	m, prepared, interpreted, err := s.plan(source, binary, Interpreter)
	if err == nil {
		m.note = work.tooMuch
	}
	return m, prepared, interpreted, err
}

// rewrite returns what wazero is to compile.
func (m *Module) rewrite() (*wasm.Module, error) {
	if err := m.addMeter(); err != nil {
		return nil, err
	}
	return m.prepare()
}

// newModule returns a module that has yet to be compiled, or to get its code from an artefact.
func (s *Store) newModule(source *wasm.Module, sum [sha256.Size]byte, compiler Compiler) (*Module, error) {
	runtime, err := s.runtime(compiler)
	if err != nil {
		return nil, err
	}
	m := &Module{
		store: s, source: source, base: source, sum: sum, compiler: compiler, runtime: runtime,
		tag: "pywasm-" + hex.EncodeToString(sum[:8]), holders: 1,
	}
	for i := range source.Imports {
		kind := source.Imports[i].Kind
		m.imported[kind] = append(m.imported[kind], i)
	}
	m.functions = uint32(len(m.imported[wasm.ExternFunc]) + len(source.Funcs))
	m.hosts = sync.OnceValues(m.makeHosts)
	m.names = sync.OnceValue(source.Names)
	return m, nil
}

func (s *Store) register(m *Module) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fail(CodeClosed, "the store is closed")
	}
	s.modules[m.tag] = m
	return nil
}

const maxTable = 10_000_000 // elements; each takes 8 bytes of the host

// limits refuses what would take the host's memory before anything runs, and exceptions with vectors: wazero's interpreter counts
// one operand for each, where it has two.
func limits(m *wasm.Module) error {
	for tag, t := range m.Spaces().Tags {
		if slices.Contains(m.Types[t].Params, wasm.V128) && throws(m) {
			return fail(CodeCompile, fmt.Sprintf("tag %d has a parameter of type v128: such exceptions are not supported", tag))
		}
	}
	for i := range m.Tables {
		if m.Tables[i].Limits.Min > maxTable {
			return fail(CodeCompile, fmt.Sprintf("table %d starts with %d elements; at most %d are supported",
				i, m.Tables[i].Limits.Min, maxTable))
		}
	}
	return nil
}

// Close lets go of the compiled code, when each holder has called it. Instances keep what they run.
func (m *Module) Close() {
	m.store.mu.Lock()
	m.holders--
	last := m.holders == 0
	if last {
		m.store.forget(m)
	}
	m.store.mu.Unlock()
	if last {
		_ = m.compiled.Close(context.Background()) // reports nothing that could be acted upon
	}
}

// Source returns the module as it was decoded.
func (m *Module) Source() *wasm.Module { return m.source }

// Binary returns what the module was decoded from, or nil if that was an artefact with machine code.
func (m *Module) Binary() []byte { return m.binary }

// Store returns the store the module was compiled in.
func (m *Module) Store() *Store { return m.store }

// Compiler returns the compiler that the module was compiled with.
func (m *Module) Compiler() Compiler { return m.compiler }

// Note says why the module is interpreted in a store that compiles, or nothing.
func (m *Module) Note() string {
	if m.note == "" && m.compiler != m.store.compiler {
		return "the module uses exceptions, which only the interpreter runs right"
	}
	return m.note
}

// Note returns what Module.Note will say of a module.
func (s *Store) Note(binary []byte) (string, error) {
	source, err := decode(binary)
	if err != nil {
		return "", err
	}
	m, _, _, err := s.plan(source, binary, s.compilerFor(source))
	if err != nil {
		return "", err
	}
	return m.Note(), nil
}

// Name returns the name that the name section gives the module.
func (m *Module) Name() string { return m.names().Module }

// FunctionName returns the name that the name section gives a function.
func (m *Module) FunctionName(index uint32) string { return m.names().Funcs[index] }

func (m *Module) frame(index uint32) Frame {
	return Frame{Module: m.Name(), Index: index, Function: m.FunctionName(index)}
}

// FunctionType returns the type of a function by its index in the user's module.
func (m *Module) FunctionType(index uint32) wasm.FuncType {
	return m.source.Types[m.functionTypeIndex(index)]
}

func (m *Module) functionTypeIndex(index uint32) uint32 {
	imports := m.imported[wasm.ExternFunc]
	if int(index) < len(imports) {
		return m.source.Imports[imports[index]].Type
	}
	return m.source.Funcs[int(index)-len(imports)]
}

// TableType returns the type of a table by its index.
func (m *Module) TableType(index uint32) wasm.TableType {
	imports := m.imported[wasm.ExternTable]
	if int(index) < len(imports) {
		return m.source.Imports[imports[index]].Table
	}
	return m.source.Tables[int(index)-len(imports)].TableType
}

// MemoryType returns the limits of a memory by its index.
func (m *Module) MemoryType(index uint32) wasm.Limits {
	imports := m.imported[wasm.ExternMemory]
	if int(index) < len(imports) {
		return m.source.Imports[imports[index]].Memory
	}
	return m.source.Memories[int(index)-len(imports)]
}

// GlobalType returns the type of a global by its index.
func (m *Module) GlobalType(index uint32) wasm.GlobalType {
	imports := m.imported[wasm.ExternGlobal]
	if int(index) < len(imports) {
		return m.source.Imports[imports[index]].Global
	}
	return m.source.Globals[int(index)-len(imports)].GlobalType
}

func (m *Module) tagTypeIndex(index uint32) uint32 {
	imports := m.imported[wasm.ExternTag]
	if int(index) < len(imports) {
		return m.source.Imports[imports[index]].Type
	}
	return m.source.Tags[int(index)-len(imports)]
}

// TagType returns the type of a tag by its index.
func (m *Module) TagType(index uint32) wasm.FuncType { return m.source.Types[m.tagTypeIndex(index)] }
