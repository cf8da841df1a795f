package meter_test

import (
	"context"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/pywasm-go/pywasm/core/meter"
)

const features = api.CoreFeaturesV2 |
	experimental.CoreFeaturesThreads |
	experimental.CoreFeaturesTailCall |
	experimental.CoreFeaturesExtendedConst |
	experimental.CoreFeaturesExceptionHandling |
	experimental.CoreFeaturesTypedFunctionReferences

// host runs modules on one of wazero's compilers.
type host struct {
	runtime  wazero.Runtime
	compiled bool
	hooks    [2]uintptr // references to the host functions that call what follows
	onHook   func()
	onEmpty  func()
}

func newHost(t testing.TB, compiled bool) *host {
	config := wazero.NewRuntimeConfigInterpreter()
	if compiled {
		config = wazero.NewRuntimeConfigCompiler()
	}
	ctx := context.Background()
	h := &host{runtime: wazero.NewRuntimeWithConfig(ctx, config.WithCoreFeatures(features)), compiled: compiled}
	t.Cleanup(func() { h.runtime.Close(ctx) })
	for i, f := range [...]*func(){&h.onHook, &h.onEmpty} {
		module, err := h.runtime.NewHostModuleBuilder(fmt.Sprint("hook ", i)).NewFunctionBuilder().
			WithFunc(func() {
				if *f != nil {
					(*f)()
				}
			}).Export("hook").Instantiate(ctx)
		if err != nil {
			t.Fatal(err)
		}
		h.hooks[i] = insides(module).engine.FunctionInstanceReference(0)
	}
	return h
}

// instantiate returns an instance with its hooks in place.
func (h *host) instantiate(t testing.TB, binary []byte, in meter.Injected) api.Module {
	guest, err := h.runtime.InstantiateWithConfig(context.Background(), binary, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { guest.Close(context.Background()) })
	if in.Any {
		insides(guest).setTable(in.Hook, h.hooks[:])
	}
	return guest
}

// inside is what wazero does not export of an instance.
type inside struct {
	value  reflect.Value
	engine interface {
		FunctionInstanceReference(index uint32) uintptr
	}
}

func insides(guest api.Module) inside {
	v := reflect.ValueOf(guest)
	if v.Kind() == reflect.Struct { // a host module, which has no ExportedFunction
		v = reflect.ValueOf(v.Field(0).Interface())
	}
	v = v.Elem()
	return inside{v, v.FieldByName("Engine").Interface().(interface {
		FunctionInstanceReference(index uint32) uintptr
	})}
}

// setTable puts functions into a table, as many as it takes.
func (i inside) setTable(index uint32, refs []uintptr) {
	elements := i.value.FieldByName("Tables").Index(int(index)).Elem().FieldByName("References")
	for k := range elements.Len() {
		elements.Index(k).SetUint(uint64(refs[k]))
	}
}

// flag returns the global that the host shares with the guest, and fuel that of the fuel.
func (i inside) flag(in meter.Injected) *atomic.Uint64 {
	return (*atomic.Uint64)(unsafe.Pointer(i.global(in.Global)))
}

func (i inside) fuel(in meter.Injected) *atomic.Uint64 {
	return (*atomic.Uint64)(unsafe.Pointer(i.global(in.Fuel)))
}

// global returns where the guest reads a global that its module defines. The compiler keeps it in the context of the
// instance, 16 bytes for each global; the interpreter in wazero's GlobalInstance.
func (i inside) global(index uint32) *uint64 {
	engine := reflect.ValueOf(i.engine).Elem()
	if context := engine.FieldByName("opaquePtr"); context.IsValid() {
		begin := engine.FieldByName("parent").Elem().FieldByName("offsets").FieldByName("GlobalsBegin").Int()
		return (*uint64)(unsafe.Add(context.UnsafePointer(), begin+16*int64(index)))
	}
	return (*uint64)(i.value.FieldByName("Globals").Index(int(index)).Elem().FieldByName("Val").Addr().UnsafePointer())
}

// notify wakes who waits at an address of the memory.
func notify(guest api.Module, address uint32) {
	guest.Memory().(interface {
		Notify(offset, count uint32) uint32
	}).Notify(address, 1)
}
