package engine

import (
	"fmt"
	"reflect"
	"sync"
	"unsafe"

	"github.com/tetratelabs/wazero/api"
)

// What wazero v1.12.0 does not export: tables and globals of an instance, and functions by index. All of it is reached
// by reflection over exported fields and methods of its internal types; a type that looks different is reported at the
// first instantiation, not misread. TestInternals is the check when wazero is upgraded.

// moduleEngine is the part of wazero's internal interface wasm.ModuleEngine that is used here.
type moduleEngine interface {
	NewFunction(index uint32) api.Function
	FunctionInstanceReference(index uint32) uintptr
}

// globalInstance is *wasm.GlobalInstance.
type globalInstance interface {
	Value() (lo, hi uint64)
	SetValue(lo, hi uint64)
}

// tableInstance is *wasm.TableInstance.
type tableInstance struct {
	grow interface {
		Grow(delta uint32, init uintptr) uint32
	}
	references reflect.Value // []uintptr, addressable
}

// layout says where the fields of *wasm.ModuleInstance are.
type layout struct {
	engine, tables, globals, elements, exports int
	shared                                     []int // fields that a view of an instance copies, see view
	references, involved, involvedLock         int   // in wasm.TableInstance
}

// layoutOf finds the fields by name.
func layoutOf(t reflect.Type) (*layout, error) {
	var err error
	field := func(t reflect.Type, name string) int {
		f, ok := t.FieldByName(name)
		if !ok {
			err = fmt.Errorf("wazero's %s has no field %s: this version is not supported", t, name)
			return 0
		}
		return f.Index[0]
	}
	l := &layout{
		engine: field(t, "Engine"), tables: field(t, "Tables"), globals: field(t, "Globals"),
		elements: field(t, "ElementInstances"), exports: field(t, "Exports"),
	}
	for _, name := range []string{"Engine", "Tables", "Globals", "Tags", "MemoryInstance", "Source", "TypeIDs", "ModuleName"} {
		l.shared = append(l.shared, field(t, name))
	}
	if err == nil {
		table := t.Field(l.tables).Type.Elem().Elem()
		l.references = field(table, "References")
		l.involved = field(table, "involvingModuleInstances")
		l.involvedLock = field(table, "involvingModuleInstancesMutex")
	}
	return l, err
}

// guts are the insides of an instance.
type guts struct {
	layout *layout
	value  reflect.Value // wasm.ModuleInstance, addressable
	engine moduleEngine
}

var (
	layoutOnce sync.Once
	theLayout  *layout
	errLayout  error
)

func open(guest api.Module) (guts, error) {
	v := reflect.ValueOf(guest).Elem()
	layoutOnce.Do(func() { theLayout, errLayout = layoutOf(v.Type()) })
	if errLayout != nil {
		return guts{}, fail(CodeInternal, errLayout.Error())
	}
	engine, ok := v.Field(theLayout.engine).Interface().(moduleEngine)
	if !ok {
		return guts{}, fail(CodeInternal, "wazero's module engine has other methods: this version is not supported")
	}
	return guts{layout: theLayout, value: v, engine: engine}, nil
}

func (g guts) global(index uint32) globalInstance {
	return g.value.Field(g.layout.globals).Index(int(index)).Interface().(globalInstance)
}

// setGlobal sets the value where machine code reads it, and where wazero reads the initial value for constant
// expressions of importing modules.
func (g guts) setGlobal(index uint32, lo, hi uint64) {
	v := g.value.Field(g.layout.globals).Index(int(index))
	v.Interface().(globalInstance).SetValue(lo, hi)
	v.Elem().FieldByName("Val").SetUint(lo)
	v.Elem().FieldByName("ValHi").SetUint(hi)
}

// globalAddress returns where machine code, or the interpreter, reads a global that the module defines; nil if wazero
// looks different.
func (g guts) globalAddress(index uint32) unsafe.Pointer {
	value := g.value.Field(g.layout.globals).Index(int(index)).Elem().FieldByName("Val")
	engine := reflect.ValueOf(g.engine).Elem()
	context := engine.FieldByName("opaque")
	if !context.IsValid() {
		return value.Addr().UnsafePointer() // the interpreter
	}
	offsets := engine.FieldByName("parent").Elem().FieldByName("offsets")
	if !offsets.IsValid() {
		return nil
	}
	const size = 16 // of a global
	at := int(offsets.FieldByName("GlobalsBegin").Int()) + size*int(index)
	return context.Index(at).Addr().UnsafePointer()
}

// function returns a reference to a function of a host module, by the name of its export.
func (g guts) function(name string) uintptr {
	export := g.value.Field(g.layout.exports).MapIndex(reflect.ValueOf(name))
	return g.engine.FunctionInstanceReference(uint32(export.Elem().FieldByName("Index").Uint()))
}

func (g guts) table(index uint32) tableInstance {
	v := g.value.Field(g.layout.tables).Index(int(index))
	t := tableInstance{references: v.Elem().Field(g.layout.references)}
	t.grow = v.Interface().(interface {
		Grow(delta uint32, init uintptr) uint32
	})
	return t
}

func (t tableInstance) size() uint32 { return uint32(t.references.Len()) }

func (t tableInstance) get(i uint32) uintptr { return uintptr(t.references.Index(int(i)).Uint()) }

func (t tableInstance) set(i uint32, ref uintptr) { t.references.Index(int(i)).SetUint(uint64(ref)) }

// all returns the elements themselves.
func (t tableInstance) all() []uintptr { return t.references.Interface().([]uintptr) }

// involved calls change with the instances that a table keeps alive: that which made it, and those that import it.
func (g guts) involved(table uint32, change func([]unsafe.Pointer) []unsafe.Pointer) {
	t := g.value.Field(g.layout.tables).Index(int(table)).Elem()
	lock := writable(t.Field(g.layout.involvedLock)).Addr().Interface().(*sync.RWMutex)
	lock.Lock()
	defer lock.Unlock()
	list := (*[]unsafe.Pointer)(t.Field(g.layout.involved).Addr().UnsafePointer()) // []*wasm.ModuleInstance
	*list = change(*list)
}

// segments returns the element segments, dropped ones being empty.
func (g guts) segments() [][]uintptr {
	return g.value.Field(g.layout.elements).Interface().([][]uintptr)
}

func (g guts) setSegment(index int, refs []uintptr) {
	g.value.Field(g.layout.elements).Index(index).Set(reflect.ValueOf(refs))
}

// view returns a module that is the same instance but exports one thing, under the name that an importing module uses.
func (g guts) view(name string, kind api.ExternType, index uint32) api.Module {
	out := reflect.New(g.value.Type())
	v := out.Elem()
	for _, field := range g.layout.shared {
		v.Field(field).Set(g.value.Field(field))
	}
	exports := v.Field(g.layout.exports)
	export := reflect.New(exports.Type().Elem().Elem())
	export.Elem().FieldByName("Type").SetUint(uint64(kind))
	export.Elem().FieldByName("Name").SetString(name)
	export.Elem().FieldByName("Index").SetUint(uint64(index))
	exports.Set(reflect.MakeMapWithSize(exports.Type(), 1))
	exports.SetMapIndex(reflect.ValueOf(name), export)
	return out.Interface().(api.Module)
}

// target is what a function reference points to: the instance and the index of the function in it.
func (g guts) target(ref uintptr) (guest api.Module, index uint32, err error) {
	p := *(*unsafe.Pointer)(unsafe.Pointer(&ref)) // a pointer that wazero made of a Go object it keeps alive
	engine := reflect.ValueOf(g.engine).Elem()
	if f, ok := engine.Type().FieldByName("localFunctionInstances"); ok { // the compiler: []*functionInstance
		fn := reflect.NewAt(f.Type.Elem().Elem(), p).Elem()
		opaque := fn.FieldByName("moduleContextOpaquePtr").UnsafePointer()
		instance := *(*unsafe.Pointer)(opaque) // its first word is the *wasm.ModuleInstance
		return g.guest(instance), uint32(fn.FieldByName("indexInModule").Uint()), nil
	}
	if f, ok := engine.Type().FieldByName("functions"); ok { // the interpreter: []function
		fn := reflect.NewAt(f.Type.Elem(), p).Elem()
		index := fn.FieldByName("parent").Elem().FieldByName("index").Uint()
		return g.guest(fn.FieldByName("moduleInstance").UnsafePointer()), uint32(index), nil
	}
	return nil, 0, fail(CodeInternal, "wazero's function references look different: this version is not supported")
}

// ownership tells whether functions are an instance's own, which target would tell as well, but not as fast: there are
// tables of ten thousand functions.
type ownership struct {
	offset uintptr // in what a reference points to
	self   unsafe.Pointer
}

func (g guts) ownership() ownership {
	engine := reflect.ValueOf(g.engine).Elem()
	if f, ok := engine.Type().FieldByName("localFunctionInstances"); ok { // as in target
		context, _ := f.Type.Elem().Elem().FieldByName("moduleContextOpaquePtr")
		return ownership{context.Offset, engine.FieldByName("opaquePtr").UnsafePointer()}
	}
	function := engine.FieldByName("functions").Type().Elem()
	instance, _ := function.FieldByName("moduleInstance")
	return ownership{instance.Offset, g.value.Addr().UnsafePointer()}
}

func (o ownership) of(ref uintptr) bool {
	p := *(*unsafe.Pointer)(unsafe.Pointer(&ref))
	return *(*unsafe.Pointer)(unsafe.Add(p, o.offset)) == o.self
}

func (g guts) guest(p unsafe.Pointer) api.Module {
	return reflect.NewAt(g.value.Type(), p).Interface().(api.Module)
}

// Entry is the machine code of a function, as wazero enters it. All zero where there is none.
type Entry struct {
	Preamble, Executable, Module unsafe.Pointer
}

// entry returns the machine code behind fn, a function of wazero's compiler.
func entry(fn api.Function) Entry {
	v := reflect.ValueOf(fn).Elem()
	pointer := func(v reflect.Value) unsafe.Pointer {
		if v.Kind() != reflect.Pointer {
			return nil
		}
		return v.UnsafePointer()
	}
	parent := v.FieldByName("parent")
	if !v.FieldByName("preambleExecutable").IsValid() || parent.Kind() != reflect.Pointer {
		return Entry{}
	}
	return Entry{
		Preamble:   pointer(v.FieldByName("preambleExecutable")),
		Executable: pointer(v.FieldByName("executable")),
		Module:     pointer(parent.Elem().FieldByName("opaquePtr")),
	}
}

// executionContext returns the bytes of the execution context of fn and the offset in it of the stack's lower bound.
func executionContext(fn api.Function) (bytes []byte, stackBottom int, ok bool) {
	v := reflect.ValueOf(fn).Elem()
	context := v.FieldByName("execCtx")
	if context.Kind() != reflect.Struct {
		return nil, 0, false
	}
	bottom, ok := context.Type().FieldByName("stackBottomPtr")
	if !ok || context.Field(0).Kind() != reflect.Uint32 {
		return nil, 0, false
	}
	return unsafe.Slice((*byte)(context.Addr().UnsafePointer()), context.Type().Size()), int(bottom.Offset), true
}
