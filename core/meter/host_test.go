package meter_test

import (
	"context"
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
	hook     uintptr // reference to the host function below
	onHook   func()
}

func newHost(t testing.TB, compiled bool) *host {
	config := wazero.NewRuntimeConfigInterpreter()
	if compiled {
		config = wazero.NewRuntimeConfigCompiler()
	}
	ctx := context.Background()
	h := &host{runtime: wazero.NewRuntimeWithConfig(ctx, config.WithCoreFeatures(features)), compiled: compiled}
	t.Cleanup(func() { h.runtime.Close(ctx) })
	module, err := h.runtime.NewHostModuleBuilder("meter").NewFunctionBuilder().
		WithFunc(func() {
			if h.onHook != nil {
				h.onHook()
			}
		}).Export("hook").Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	h.hook = insides(module).engine.FunctionInstanceReference(0)
	return h
}

// instantiate returns an instance with its hook in place.
func (h *host) instantiate(t testing.TB, binary []byte, in meter.Injected) api.Module {
	guest, err := h.runtime.InstantiateWithConfig(context.Background(), binary, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { guest.Close(context.Background()) })
	if in.Any {
		insides(guest).setTable(in.Hook, h.hook)
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

func (i inside) setTable(index uint32, ref uintptr) {
	i.value.FieldByName("Tables").Index(int(index)).Elem().FieldByName("References").Index(0).SetUint(uint64(ref))
}

func (i inside) flag(index uint32) *atomic.Uint32 { return (*atomic.Uint32)(i.global(index)) }

// global returns where the guest reads a global that its module defines. The compiler keeps it in the context of the
// instance, 16 bytes for each global; the interpreter in wazero's GlobalInstance.
func (i inside) global(index uint32) unsafe.Pointer {
	engine := reflect.ValueOf(i.engine).Elem()
	if context := engine.FieldByName("opaquePtr"); context.IsValid() {
		begin := engine.FieldByName("parent").Elem().FieldByName("offsets").FieldByName("GlobalsBegin").Int()
		return unsafe.Add(context.UnsafePointer(), begin+16*int64(index))
	}
	return i.value.FieldByName("Globals").Index(int(index)).Elem().FieldByName("Val").Addr().UnsafePointer()
}
