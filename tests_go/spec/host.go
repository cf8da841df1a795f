package spec

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/wasm"
	"github.com/pywasm-go/pywasm/core/wat"
	"github.com/tetratelabs/wazero/api"
)

// host is where the scripts' modules live: a store, and the module "spectest"
// that the suite expects to import from.
type host struct {
	store    *engine.Store
	spectest map[string]engine.Extern
}

// instance is an instance with its exports by name.
type instance struct {
	*engine.Instance
	exports map[string]engine.Extern
}

// spectestSource are the externs of "spectest". The suite reads their values.
// The memories are modules of their own, as a module can have only one.
var spectestSource = []string{
	`(module
		(global (export "global_i32") i32 (i32.const 666))
		(global (export "global_i64") i64 (i64.const 666))
		(global (export "global_f32") f32 (f32.const 666.6))
		(global (export "global_f64") f64 (f64.const 666.6))
		(table (export "table") 10 20 funcref)
		(memory (export "memory") 1 2))`,
	`(module (memory (export "shared_memory") 1 2 shared))`,
}

// prints are the parameters of the functions of "spectest", which do nothing.
var prints = map[string][]wasm.ValType{
	"print": nil, "print_i32": {wasm.I32}, "print_i64": {wasm.I64}, "print_f32": {wasm.F32}, "print_f64": {wasm.F64},
	"print_i32_f32": {wasm.I32, wasm.F32}, "print_f64_f64": {wasm.F64, wasm.F64},
}

func newHost(compiler engine.Compiler) (*host, error) {
	store, err := engine.NewStore(engine.Config{Compiler: compiler})
	if err != nil {
		return nil, err
	}
	h := &host{store: store, spectest: map[string]engine.Extern{}}
	for name, params := range prints {
		h.spectest[name] = engine.Extern{
			Kind: wasm.ExternFunc, Type: wasm.FuncType{Params: params},
			Host: func(*engine.Call, api.Module, []uint64) {},
		}
	}
	for _, source := range spectestSource {
		bin, err := wat.ToBinary([]byte(source))
		if err != nil {
			return nil, err
		}
		i, err := h.instantiate(bin, nil)
		if err != nil {
			return nil, err
		}
		for name, e := range i.exports {
			h.spectest[name] = e
		}
	}
	return h, nil
}

// instantiate compiles a module and links it with what resolve finds.
func (h *host) instantiate(bin []byte, resolve func(module, name string) (engine.Extern, error)) (*instance, error) {
	m, err := h.store.Compile(bin)
	if err != nil {
		return nil, err
	}
	source := m.Source()
	imports := make([]engine.Extern, len(source.Imports))
	for k := range source.Imports {
		if imports[k], err = resolve(source.Imports[k].Module, source.Imports[k].Name); err != nil {
			return nil, err
		}
	}
	in, err := m.Instantiate(imports, nil, nil)
	if err != nil {
		return nil, err
	}
	i := &instance{Instance: in, exports: map[string]engine.Extern{}}
	for k := range source.Exports {
		e := &source.Exports[k]
		i.exports[e.Name] = in.Export(e.Kind, e.Index)
	}
	return i, nil
}

// call invokes an exported function.
func (i *instance) call(name string, args []wat.Value) ([]wat.Value, error) {
	e, ok := i.exports[name]
	if !ok || e.Kind != wasm.ExternFunc {
		return nil, fmt.Errorf("no function %q is exported", name)
	}
	if e.Instance == nil {
		e.Host(nil, nil, nil)
		return nil, nil
	}
	t := e.Instance.Module().FunctionType(e.Index)
	if len(args) != len(t.Params) {
		return nil, fmt.Errorf("%q takes %d arguments, got %d", name, len(t.Params), len(args))
	}
	var stack []uint64
	for k, a := range args {
		lo, hi := toSlots(a)
		stack = append(stack, lo)
		if t.Params[k] == wasm.V128 {
			stack = append(stack, hi)
		}
	}
	for range 2 * len(t.Results) {
		stack = append(stack, 0)
	}
	if err := e.Instance.Function(e.Index).Call(stack, unsafe.Pointer(nil)); err != nil {
		return nil, err
	}
	return results(t.Results, stack), nil
}

func results(types []wasm.ValType, stack []uint64) []wat.Value {
	var out []wat.Value
	for _, t := range types {
		lo, hi := stack[0], uint64(0)
		if stack = stack[1:]; t == wasm.V128 {
			hi, stack = stack[0], stack[1:]
		}
		out = append(out, fromSlots(t, lo, hi))
	}
	return out
}

// get reads an exported global.
func (i *instance) get(name string) ([]wat.Value, error) {
	e, ok := i.exports[name]
	if !ok || e.Kind != wasm.ExternGlobal {
		return nil, fmt.Errorf("no global %q is exported", name)
	}
	lo, hi := e.Instance.GetGlobal(e.Index)
	return []wat.Value{fromSlots(e.Instance.Module().GlobalType(e.Index).Type, lo, hi)}, nil
}

// toSlots gives a value as the engine takes it. Scripts number references to
// things of the host from 0, which is null to the engine.
func toSlots(v wat.Value) (lo, hi uint64) {
	switch {
	case v.Null:
		return 0, 0
	case v.Type.IsRef():
		return v.Bits[0] + 1, 0
	}
	return v.Bits[0], v.Bits[1]
}

func fromSlots(t wasm.ValType, lo, hi uint64) wat.Value {
	v := wat.Value{Type: t, Bits: [2]uint64{lo, hi}}
	switch {
	case t.IsRef() && lo == 0:
		v.Null, v.Bits[0] = true, 0
	case t.IsRef():
		v.Bits[0]--
		if _, indexed := t.TypeIndex(); indexed {
			v.Type = wasm.Ref(wasm.HeapFunc, false)
		}
	case t == wasm.I32 || t == wasm.F32:
		v.Bits[0] = uint64(uint32(lo))
	}
	return v
}

// feature names the feature that an error says is missing, if it says that.
func feature(err error) string {
	if e := (*wat.Error)(nil); errors.As(err, &e) {
		return e.Feature
	}
	if e := (*wasm.Error)(nil); errors.As(err, &e) {
		return e.Feature
	}
	return ""
}
