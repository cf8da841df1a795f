package main

// #include "python.h"
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/bridge"
	"github.com/pywasm-go/pywasm/buffer/linear"
	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/wasm"
)

// The data plane, called from bridge/native. go_table.h declares each function; bridge/README.md is the contract.
// Objects that C has the address of are held as long as it does, see held.go.

// settle writes the outcome of a call where C looks for it.
func settle(err error, call *C.struct_pywasm_call) C.int32_t {
	if err == nil {
		return C.PYWASM_OK
	}
	call.error = C.CString(bridge.Text(err))
	if _, raised := err.(*engine.Raised); raised {
		return C.PYWASM_RAISED
	}
	return C.PYWASM_FAILED
}

// failed makes an error of a panic: none may pass into C.
func failed(call *C.struct_pywasm_call, status *C.int32_t) {
	if r := recover(); r != nil {
		*status = settle(&engine.Error{Code: engine.CodeInternal, Text: fmt.Sprintf("panic in Go: %v", r)}, call)
	}
}

// contained is deferred where the GIL is held: it makes a Python exception of a panic.
func contained() {
	if r := recover(); r != nil {
		text := C.CString(bridge.Text(&engine.Error{Code: engine.CodeInternal, Text: fmt.Sprintf("panic in Go: %v", r)}))
		C.python_raise(text)
		C.free(unsafe.Pointer(text))
	}
}

//export pywasm_instantiate
func pywasm_instantiate(module, core unsafe.Pointer, imports *C.struct_pywasm_import, count C.int32_t,
	limits *C.struct_pywasm_limits, call *C.struct_pywasm_call, out *C.struct_pywasm_instance,
) (status C.int32_t) {
	defer failed(call, &status)
	externs := make([]engine.Extern, count)
	for i, source := range unsafe.Slice(imports, count) {
		externs[i] = extern(source, core, uint32(i))
	}
	m := (*engine.Module)(module)
	made, err := m.Link(engine.Limits{
		Memory: uint64(limits.memory), Tables: uint64(limits.tables), Depth: uint32(limits.depth),
	}, externs, core)
	if err != nil {
		return settle(err, call)
	}
	made.SetFuel(uint64(limits.fuel))
	out.instance, out.flag, out.pauses = hold(made), (*C.uint64_t)(made.Flag()), C.uint8_t(truth(m.Pauses()))
	return C.PYWASM_OK
}

//export pywasm_start
func pywasm_start(p unsafe.Pointer, call *C.struct_pywasm_call) (status C.int32_t) {
	defer failed(call, &status)
	return settle((*engine.Instance)(p).Start(outer(call), unsafe.Pointer(call)), call)
}

// outer is the call of the same thread that a call is within, or nil.
func outer(call *C.struct_pywasm_call) *engine.Call {
	if call.outer == nil {
		return nil
	}
	return (*engine.Call)(call.outer.guest)
}

// leaveGuest notes which call has come to the host: others may come of that.
func leaveGuest(c *engine.Call) *C.struct_pywasm_call {
	call := (*C.struct_pywasm_call)(c.Data)
	call.guest = unsafe.Pointer(c)
	return call
}

func extern(i C.struct_pywasm_import, core unsafe.Pointer, position uint32) engine.Extern {
	e := engine.Extern{Kind: wasm.ExternKind(i.extern_kind), Index: uint32(i.index)}
	switch i.kind {
	case C.PYWASM_IMPORT_INSTANCE:
		e.Instance = (*engine.Instance)(i.source)
	case C.PYWASM_IMPORT_GO:
		e.Host = released(bridge.WasiFunction(i.source, int(i.index)).Call)
		e.Type = hostType(i)
	case C.PYWASM_IMPORT_HOST:
		e.Host = python(core, position)
		e.Type = hostType(i)
	}
	return e
}

// released is a host function of Go's, which may wait: so it does not keep the GIL.
func released(f api.GoModuleFunc) engine.HostFunc {
	return func(c *engine.Call, guest api.Module, stack []uint64) {
		if leaveGuest(c).thread_state == nil {
			C.python_guest_release(c.Data)
		}
		f(c, guest, stack)
	}
}

// pause asks Python what is due.
func pause() error {
	if C.python_guest_pause() != C.PYWASM_OK {
		return engine.ErrRaised
	}
	return nil
}

// signals runs the handlers of signals that are due; what one of them raises is parked for the call that it ends.
func signals() error {
	if C.python_signals_check() != C.PYWASM_OK {
		return &engine.Raised{}
	}
	return nil
}

func init() { bridge.Pause, bridge.Signals = pause, signals }

func hostType(i C.struct_pywasm_import) wasm.FuncType {
	types := bridge.ValueTypes(unsafe.Slice((*byte)(i.types), i.params+i.results))
	return wasm.FuncType{Params: types[:i.params], Results: types[i.params:]}
}

// python is a host function written in Python: C knows it as number position of the core.
func python(core unsafe.Pointer, position uint32) engine.HostFunc {
	return func(c *engine.Call, _ api.Module, stack []uint64) {
		leaveGuest(c)
		status := C.python_host_call(C.uintptr_t(uintptr(core)), C.uint32_t(position),
			C.uintptr_t(uintptr(unsafe.Pointer(unsafe.SliceData(stack)))), C.uintptr_t(uintptr(c.Data)))
		if status != C.PYWASM_OK {
			panic(engine.ErrRaised)
		}
	}
}

//export pywasm_instance_close
func pywasm_instance_close(p unsafe.Pointer) {
	defer contained()
	(*engine.Instance)(p).Close()
	drop(p)
}

//export pywasm_call
func pywasm_call(p unsafe.Pointer, stack *C.uint64_t, slots C.int32_t, call *C.struct_pywasm_call) (status C.int32_t) {
	defer failed(call, &status)
	err := (*engine.Function)(p).CallWithin(outer(call), unsafe.Slice((*uint64)(stack), slots), unsafe.Pointer(call))
	if err != nil {
		return settle(err, call)
	}
	return C.PYWASM_OK
}

//export pywasm_function_get
func pywasm_function_get(p unsafe.Pointer, index C.uint32_t, out *C.struct_pywasm_function) {
	defer contained()
	f := (*engine.Instance)(p).Function(uint32(index))
	out.callee = hold(f)
	if f.EndsAtOnce() {
		out.ends_at_once = 1
	}
	entry := f.Entry()
	out.preamble, out.executable, out.module_context = entry.Preamble, entry.Executable, entry.Module
}

//export pywasm_function_free
func pywasm_function_free(p unsafe.Pointer) { drop(p) }

//export pywasm_function_ref
func pywasm_function_ref(p unsafe.Pointer, index C.uint32_t) C.uint64_t {
	defer contained()
	return C.uint64_t((*engine.Instance)(p).Reference(uint32(index)))
}

// The number of an import, where a reference turns out to be a host function, is told apart from an index by this bit.
const isImport = 1 << 31

//export pywasm_ref_resolve
func pywasm_ref_resolve(p unsafe.Pointer, ref C.uint64_t, core *unsafe.Pointer, index *C.uint32_t) C.int32_t {
	defer contained()
	owner, number, host, ok := (*engine.Instance)(p).Resolve(uint64(ref))
	if !ok {
		return 0
	}
	*core, *index = owner.Core, C.uint32_t(number)
	if host {
		*index |= isImport
	}
	return 1
}

//export pywasm_memory_get
func pywasm_memory_get(p unsafe.Pointer, out **C.struct_pywasm_linear) {
	defer contained()
	m := (*engine.Instance)(p).Memory()
	m.View()
	// Held once for each view: drop comes with the last.
	*out = (*C.struct_pywasm_linear)(hold(m))
}

//export pywasm_memory_hold
func pywasm_memory_hold(p *C.struct_pywasm_linear) { (*linear.Memory)(unsafe.Pointer(p)).View() }

//export pywasm_memory_release
func pywasm_memory_release(p *C.struct_pywasm_linear) {
	m := (*linear.Memory)(unsafe.Pointer(p))
	if m.ReleaseView() == 0 {
		drop(unsafe.Pointer(p))
	}
}

//export pywasm_memory_grow
func pywasm_memory_grow(p unsafe.Pointer, pages C.uint32_t) C.int64_t {
	defer contained()
	return result((*engine.Instance)(p).Grow(uint32(pages)))
}

//export pywasm_global_get
func pywasm_global_get(p unsafe.Pointer, index C.uint32_t, value *C.uint64_t) {
	defer contained()
	v := unsafe.Slice(value, 2)
	lo, hi := (*engine.Instance)(p).GetGlobal(uint32(index))
	v[0], v[1] = C.uint64_t(lo), C.uint64_t(hi)
}

//export pywasm_global_set
func pywasm_global_set(p unsafe.Pointer, index C.uint32_t, value *C.uint64_t) {
	defer contained()
	v := unsafe.Slice(value, 2)
	(*engine.Instance)(p).SetGlobal(uint32(index), uint64(v[0]), uint64(v[1]))
}

// pywasm_admits tells whether a function reference can be in a global or a table.
//
//export pywasm_admits
func pywasm_admits(p unsafe.Pointer, kind C.uint8_t, index C.uint32_t, ref C.uint64_t) C.int32_t {
	defer contained()
	i := (*engine.Instance)(p)
	if wasm.ExternKind(kind) == wasm.ExternTable {
		return truth(i.Admits(i.Module().TableType(uint32(index)).Elem, uint64(ref)))
	}
	return truth(i.Admits(i.Module().GlobalType(uint32(index)).Type, uint64(ref)))
}

//export pywasm_table_size
func pywasm_table_size(p unsafe.Pointer, table C.uint32_t) C.uint32_t {
	defer contained()
	return C.uint32_t((*engine.Instance)(p).TableSize(uint32(table)))
}

//export pywasm_table_get
func pywasm_table_get(p unsafe.Pointer, table, index C.uint32_t, ref *C.uint64_t) C.int32_t {
	defer contained()
	r, ok := (*engine.Instance)(p).GetTable(uint32(table), uint32(index))
	*ref = C.uint64_t(r)
	return truth(ok)
}

//export pywasm_table_set
func pywasm_table_set(p unsafe.Pointer, table, index C.uint32_t, ref C.uint64_t) C.int32_t {
	defer contained()
	return truth((*engine.Instance)(p).SetTable(uint32(table), uint32(index), uint64(ref)))
}

//export pywasm_table_grow
func pywasm_table_grow(p unsafe.Pointer, table, delta C.uint32_t, ref C.uint64_t) C.int64_t {
	defer contained()
	return result((*engine.Instance)(p).GrowTable(uint32(table), uint32(delta), uint64(ref)))
}

//export pywasm_fuel_get
func pywasm_fuel_get(p unsafe.Pointer, out *C.uint64_t) C.int32_t {
	defer contained()
	fuel, ok := (*engine.Instance)(p).Fuel()
	*out = C.uint64_t(fuel)
	return truth(ok)
}

//export pywasm_fuel_set
func pywasm_fuel_set(p unsafe.Pointer, fuel C.uint64_t) {
	defer contained()
	(*engine.Instance)(p).SetFuel(uint64(fuel))
}

// pywasm_holdings writes as many as there is room for, and returns how many there are.
//
//export pywasm_holdings
func pywasm_holdings(p unsafe.Pointer, functions C.int32_t, out *C.struct_pywasm_holding, room C.int64_t) (count C.int64_t) {
	defer contained()
	into := unsafe.Slice(out, room)
	(*engine.Instance)(p).Holdings(functions != 0, func(owner *engine.Instance, external uint64) {
		if count < room {
			into[count] = C.struct_pywasm_holding{external: C.uint64_t(external)}
			if owner != nil {
				into[count].owner = owner.Core
			}
		}
		count++
	})
	return count
}

//export pywasm_direct_context
func pywasm_direct_context(p unsafe.Pointer, out *C.uint8_t, size C.int32_t, bottom unsafe.Pointer) C.int32_t {
	defer contained()
	context, offset, ok := (*engine.Function)(p).Context()
	if !ok || len(context) > int(size) {
		return 0
	}
	into := unsafe.Slice((*byte)(out), size)
	copy(into, context)
	*(*unsafe.Pointer)(unsafe.Pointer(&into[offset])) = bottom
	return 1
}

//export pywasm_free
func pywasm_free(text unsafe.Pointer) { C.free(text) }

func truth(ok bool) C.int32_t {
	if ok {
		return 1
	}
	return 0
}

// result is a size, or -1.
func result(size uint32, ok bool) C.int64_t {
	if !ok {
		return -1
	}
	return C.int64_t(size)
}
