package engine

import (
	"errors"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// A module that uses exceptions is interpreted in a store whose other modules are compiled. wazero cannot link the two,
// so a function of one is called from the other through a host function. What else they could share, memories, tables,
// globals, tags and references to functions, they cannot.

const unreachable = "a module that is interpreted, because it uses exceptions, shares with compiled ones only functions of " +
	"numbers and external references"

// reaches reports whether an extern can be linked with the module, directly or by a call.
func (m *Module) reaches(e *Extern) bool {
	if e.Instance == nil || e.Instance.module.compiler == m.compiler {
		return true
	}
	return e.Kind == wasm.ExternFunc && transferable(e.functionType())
}

func transferable(t wasm.FuncType) bool {
	for _, list := range [][]wasm.ValType{t.Params, t.Results} {
		for _, v := range list {
			if v.IsRef() && v != wasm.ExternRef {
				return false
			}
		}
	}
	return true
}

// bridge gives functions of the other kind of module a host function that calls them.
func (m *Module) bridge(imports []Extern) {
	for k := range imports {
		if e := &imports[k]; e.Kind == wasm.ExternFunc && e.Instance != nil && e.Instance.module.compiler != m.compiler {
			e.Host = passOn(e.Instance.Function(e.Index))
		}
	}
}

func passOn(f *Function) HostFunc {
	return func(c *Call, _ api.Module, stack []uint64) {
		err := f.Call(stack, c.Data)
		if raised := (*Raised)(nil); errors.As(err, &raised) {
			panic(ErrRaised)
		} else if err != nil {
			panic(err)
		}
	}
}
