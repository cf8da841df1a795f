package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"unsafe"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/pywasm-go/pywasm/buffer/linear"
	"github.com/pywasm-go/pywasm/core/wasm"
)

// Extern is something that can be imported: a function of the host, or an extern of an instance.
type Extern struct {
	Kind     wasm.ExternKind
	Instance *Instance     // nil for a function of the host
	Index    uint32        // in Instance's module, which defines it; not an import of it
	Host     HostFunc      // a function of the host, or what calls a function of an instance, see bridge.go
	Type     wasm.FuncType // of a function of the host
}

// Instance is an instance of a module.
//
// Whoever holds an instance also holds those that it imports from, and all that may hold one another's functions in
// tables, globals or variables: none of these may be closed before the others.
type Instance struct {
	// Core is for whoever made the instance.
	Core unsafe.Pointer

	module   *Module
	guest    api.Module
	guts     guts
	bindings []Extern // by import
	memory   *linear.Memory
	refs     map[uint32]uintptr
	closed   bool

	flag      *uint64 // see pause.go
	unused    uint64  // fuel, where there is nothing to run
	budgets   budgets
	depth     uint32
	hostGrows bool       // a memory or a table: then nothing is raised
	relatives *relatives // see depth.go; nil if the store does not bound depths
}

// Instantiate links m with imports, one for each of m's, copies its active segments and runs its start function, as Link
// and Start do.
//
// If Start fails, there is an instance beside the error.
func (m *Module) Instantiate(imports []Extern, core, data unsafe.Pointer) (*Instance, error) {
	i, err := m.Link(Unlimited, imports, core)
	if err != nil {
		return nil, err
	}
	return i, i.Start(nil, data)
}

// Link makes an instance, of which nothing has run yet. Its own memory and tables do not grow beyond the limits, and a
// module that begins with more is refused. core becomes the instance's Core.
func (m *Module) Link(limits Limits, imports []Extern, core unsafe.Pointer) (*Instance, error) {
	if err := m.checkImports(imports); err != nil {
		return nil, err
	}
	m.bridge(imports)
	i := &Instance{Core: core, module: m, bindings: imports, depth: limits.Depth}
	i.budgets.limit(limits)
	if err := i.checkLimits(); err != nil {
		return nil, err
	}
	if err := i.link(); err != nil {
		i.release()
		return nil, err
	}
	m.store.add(i)
	if m.store.depth != 0 {
		i.joinRelatives()
	}
	return i, nil
}

// link has wazero instantiate the module, without its start function.
func (i *Instance) link() (err error) {
	// wazero's limits are checked by panics.
	defer func() {
		r := recover()
		if own, ok := r.(*Error); ok {
			err = own
		} else if r != nil {
			err = fail(CodeRuntime, fmt.Sprintf("cannot instantiate: %v", r))
		}
	}()
	m := i.module
	hosts, err := m.hosts()
	if err != nil {
		return err
	}
	ctx := experimental.WithMemoryAllocator(context.Background(), experimental.MemoryAllocatorFunc(i.allocate))
	if len(i.bindings) > 0 {
		ctx = experimental.WithImportResolver(ctx, func(name string) api.Module { return i.resolve(name, hosts) })
	}
	guest, err := m.runtime.InstantiateModule(ctx, m.compiled, anonymous)
	if err != nil {
		return m.store.translate(err)
	}
	i.guest = guest
	if i.guts, err = open(guest); err != nil {
		return err
	}
	if err = i.arm(); err != nil {
		return err
	}
	if !take(&i.budgets.tables, &m.store.budgets.tables, m.elements()) {
		return fail(CodeLimit, "cannot instantiate: the store has too many elements of tables")
	}
	i.fillExternrefSegments()
	if imported := m.imported[wasm.ExternMemory]; len(imported) > 0 {
		i.memory = i.bindings[imported[0]].Instance.memory
		i.memory.Hold()
	}
	return nil
}

// anonymous gives a random source because wazero would seed one of its own for each instance, which takes most of the
// time of an instantiation. (WASI is ours, so nothing reads it.)
var anonymous = wazero.NewModuleConfig().WithName("").WithStartFunctions().WithRandSource(rand.Reader)

func (i *Instance) allocate(_, max uint64) experimental.LinearMemory {
	most := min(i.budgets.memory.limit, i.module.store.budgets.memory.limit)
	i.memory = linear.Allocate(min(max, most/linear.PageSize*linear.PageSize))
	return limited{i.memory, i}
}

// resolve returns a module that exports import number name under that name.
func (i *Instance) resolve(name string, hosts api.Module) api.Module {
	k, err := strconv.Atoi(name)
	if err != nil {
		return nil
	}
	e := &i.bindings[k]
	if e.Host != nil {
		return hosts
	}
	return e.Instance.guts.view(name, api.ExternType(e.Kind), e.Index)
}

// Start copies the active segments that Link did not, and runs the start function, within a call of the host's or of a guest's.
// data reaches host functions.
//
// If it fails, functions of the instance may be in a table that it imported: then it must not be closed before whatever
// can reach them.
func (i *Instance) Start(outer *Call, data unsafe.Pointer) error {
	if init := i.module.initializer; init != nil {
		if err := i.Function(*init).CallWithin(outer, nil, data); err != nil {
			return err
		}
	}
	if i.module.source.Start == nil {
		return nil
	}
	return i.Function(*i.module.source.Start).CallWithin(outer, nil, data)
}

// Close lets go of what the instance holds.
func (i *Instance) Close() {
	if i.closed {
		return
	}
	i.module.store.remove(i)
	i.leaveRelatives()
	i.release()
}

func (i *Instance) release() {
	i.closed = true
	if i.guest != nil {
		i.leaveTables()
		_ = i.guest.Close(context.Background()) // there is no file or code behind it that could fail to close
	}
	if i.memory != nil {
		i.memory.Release()
		i.memory = nil
	}
	i.returnAll()
}

// leaveTables has the tables that the instance imported forget it, which wazero would not: one that lives long would
// keep all that ever imported it.
func (i *Instance) leaveTables() {
	for _, k := range i.module.imported[wasm.ExternTable] {
		e := &i.bindings[k]
		e.Instance.guts.involved(e.Index, func(list []unsafe.Pointer) []unsafe.Pointer {
			at, last := slices.Index(list, pointer(i.guest)), len(list)-1
			if at < 0 {
				return list
			}
			list[at], list[last] = list[last], nil
			return list[:last]
		})
	}
}

// Module returns the module of the instance.
func (i *Instance) Module() *Module { return i.module }

// Memory returns the memory of the instance, or nil.
func (i *Instance) Memory() *linear.Memory { return i.memory }

// Export returns extern number index of a kind, followed through imports to where it is defined.
func (i *Instance) Export(kind wasm.ExternKind, index uint32) Extern {
	imports := i.module.imported[kind]
	if int(index) < len(imports) {
		return i.bindings[imports[index]]
	}
	return Extern{Kind: kind, Instance: i, Index: index}
}

func pointer(guest api.Module) unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(&guest))[1] }

// instanceOf returns the instance that wazero calls guest; mostly it is the one where the call began.
func (c *Call) instanceOf(guest api.Module) *Instance {
	if pointer(c.instance.guest) == pointer(guest) { // which is faster than to compare the interfaces
		return c.instance
	}
	return c.instance.module.store.instanceOf(guest)
}

// makeHosts makes one host module for all instances of the module: function "k" finds what import k is bound to in the
// instance that called it.
func (m *Module) makeHosts() (api.Module, error) {
	imports := m.imported[wasm.ExternFunc]
	if len(imports) == 0 {
		return nil, nil
	}
	builder := m.runtime.NewHostModuleBuilder("host")
	for _, k := range imports {
		t := m.source.Types[m.source.Imports[k].Type]
		if !plain(t) {
			continue // can only be bound to a function of another instance
		}
		builder.NewFunctionBuilder().WithGoModuleFunction(hostImport(k), apiTypes(t.Params), apiTypes(t.Results)).
			Export(strconv.Itoa(k))
	}
	compiled, err := m.runtime.compileHosts(builder)
	if err != nil {
		return nil, fail(CodeInternal, "host functions: "+err.Error())
	}
	hosts, err := m.runtime.InstantiateModule(context.Background(), compiled, anonymous)
	if err != nil {
		return nil, fail(CodeInternal, "host functions: "+err.Error())
	}
	// What imports from it holds it. wazero's lists would hold it as long as the store.
	_ = hosts.Close(context.Background())
	_ = compiled.Close(context.Background())
	return hosts, nil
}

func hostImport(k int) api.GoModuleFunc {
	return func(ctx context.Context, guest api.Module, stack []uint64) {
		c := ctx.(*Call)
		c.instanceOf(guest).bindings[k].Host(c, guest, stack)
	}
}
