package engine

import (
	"context"
	"fmt"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/pywasm-go/pywasm/core/artefact"
)

// Compiler names what turns a module into something that runs.
type Compiler string

// The compilers.
const (
	Optimizing  Compiler = "optimizing"  // wazero's compiler; amd64 and arm64
	Interpreter Compiler = "interpreter" // wazero's interpreter; everywhere
)

// DefaultCompiler returns the best compiler for this machine.
func DefaultCompiler() Compiler {
	if compilerSupported() {
		return Optimizing
	}
	return Interpreter
}

// features is all that wazero can do.
const features = api.CoreFeaturesV2 |
	experimental.CoreFeaturesThreads |
	experimental.CoreFeaturesTailCall |
	experimental.CoreFeaturesExtendedConst |
	experimental.CoreFeaturesExceptionHandling |
	experimental.CoreFeaturesTypedFunctionReferences

// Store owns modules and instances; what belongs to one store cannot be linked with what belongs to another.
type Store struct {
	compiler Compiler
	pause    Pause // may be nil
	fuel     bool
	depth    uint32          // how many calls of an instance may be active; 0 for any number
	raise    bool            // growth beyond limits is an error
	headless bool            // loads artefacts only
	cache    *artefact.Cache // may be nil

	signals       func() error // may be nil
	compileMemory uint64

	budgets       budgets
	instanceLimit int64

	mu        sync.RWMutex
	users     int64 // instances that users made
	closed    bool
	runtimes  map[Compiler]*wazeroRuntime // that of the compiler, and the interpreter's if a module needs it
	instances map[api.Module]*Instance    // open ones, by what wazero calls them
	modules   map[string]*Module          // by the name that stack traces show, see Module.tag
	made      []madeModule                // generated ones, the newest last, see make.go
	files     map[string]loadedFile       // by path, see files.go
	hooked    map[Compiler]hooks          // see pause.go

	lastingExceptions lasting
}

// Config says how the modules of a store are compiled.
type Config struct {
	// Compiler may be "": then the store is headless, and takes artefacts of any.
	Compiler Compiler
	// Pause, if set, has the modules compiled with safe points.
	Pause Pause
	// Fuel has the modules count fuel: their instances have none to begin with.
	Fuel bool
	// Depth, if not 0, is how many calls of an instance may be active, beside those that cannot lead to themselves.
	Depth uint32
	// Limits are those of all instances together, nil for none, and Instances is how many there may be, 0 for any number.
	Limits    *Limits
	Instances int64
	// RaiseAtLimit has growth beyond limits unwind the guest with an error, in place of a memory.grow that returns -1.
	RaiseAtLimit bool
	// CompileMemory is how many bytes compiling a module may take, 0 for what its size says.
	CompileMemory uint64
	// Signals, if set, is called now and then on the thread that waits for a compilation, which is given up if it returns an
	// error.
	Signals func() error
}

// NewStore returns an empty store.
func NewStore(config Config) (*Store, error) {
	headless := config.Compiler == ""
	if headless {
		config.Compiler = DefaultCompiler()
	}
	switch compiler := config.Compiler; {
	case compiler != Optimizing && compiler != Interpreter:
		return nil, fail(CodeUnsupported, fmt.Sprintf("unknown compiler %q", compiler))
	case compiler == Optimizing && !compilerSupported():
		return nil, fail(CodeUnsupported, "the optimizing compiler does not run on this machine: use compilers.interpreter")
	}
	s := &Store{
		compiler:      config.Compiler,
		headless:      headless,
		pause:         config.Pause,
		fuel:          config.Fuel,
		depth:         config.Depth,
		raise:         config.RaiseAtLimit,
		instanceLimit: config.Instances,
		signals:       config.Signals,
		compileMemory: config.CompileMemory,
		runtimes:      map[Compiler]*wazeroRuntime{},
		instances:     map[api.Module]*Instance{},
		modules:       map[string]*Module{},
		files:         map[string]loadedFile{},
		hooked:        map[Compiler]hooks{},
	}
	s.budgets.limit(Unlimited)
	if config.Limits != nil {
		s.budgets.limit(*config.Limits)
	}
	_, err := s.runtime(s.compiler)
	return s, err
}

// runtime returns wazero's runtime for a compiler. What is in one cannot be linked with what is in the other, but by
// calls of functions, see bridge.go.
func (s *Store) runtime(compiler Compiler) (*wazeroRuntime, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fail(CodeClosed, "the store is closed")
	}
	if r := s.runtimes[compiler]; r != nil {
		return r, nil
	}
	config := wazero.NewRuntimeConfigInterpreter()
	if compiler == Optimizing {
		config = wazero.NewRuntimeConfigCompiler()
	}
	config = config.WithCoreFeatures(features).WithDebugInfoEnabled(false)
	s.runtimes[compiler] = &wazeroRuntime{Runtime: wazero.NewRuntimeWithConfig(context.Background(), config)}
	return s.runtimes[compiler], nil
}

// Compiler returns the name of the compiler.
func (s *Store) Compiler() Compiler { return s.compiler }

// Close closes every instance and module. The caller sees to it that none is running.
func (s *Store) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	open := make([]*Instance, 0, len(s.instances))
	for _, i := range s.instances {
		open = append(open, i)
	}
	s.mu.Unlock()
	for _, i := range open {
		i.Close()
	}
	// Nothing of ours is open any more, and closing frees only what wazero holds.
	for _, r := range s.runtimes {
		_ = r.Close(context.Background())
	}
}

func (s *Store) add(i *Instance) {
	s.mu.Lock()
	s.instances[i.guest] = i
	if !i.module.made {
		s.users++
	}
	s.mu.Unlock()
}

func (s *Store) remove(i *Instance) {
	s.mu.Lock()
	delete(s.instances, i.guest)
	if !i.module.made {
		s.users--
	}
	s.mu.Unlock()
}

// instanceOf returns the instance that wazero calls guest.
func (s *Store) instanceOf(guest api.Module) *Instance {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.instances[guest]
}
