package meter

import "github.com/pywasm-go/pywasm/core/wasm"

// classify finds the classes: which functions may be called through a table or a reference, by type. A function can be
// if ref.func, an element segment or an export names it.
func (g *graph) classify() {
	byType := map[string]int32{}
	for _, t := range g.Types {
		key := typeKey(t)
		class, ok := byType[key]
		if !ok {
			class = int32(g.defined + len(g.members))
			byType[key] = class
			g.members = append(g.members, nil)
		}
		g.classOf = append(g.classOf, class)
	}
	g.open = g.receivesFunctions()
	g.foreign = make([]bool, len(g.members))
	for i := range g.foreign {
		g.foreign[i] = g.open
	}
	seen := make([]bool, len(g.spaces.Funcs))
	g.references(func(f uint32) {
		if int(f) >= len(seen) || seen[f] || int(g.spaces.Funcs[f]) >= len(g.classOf) {
			return
		}
		seen[f] = true
		class := int(g.classOf[g.spaces.Funcs[f]]) - g.defined
		if f < g.imported() {
			g.foreign[class] = true
			return
		}
		g.members[class] = append(g.members[class], call{node: int32(f - g.imported()), loop: -1})
	})
}

// typeKey is equal for types that are the same. It does not tell references to types apart, so that types that are not
// the same may share a class, which does no harm.
func typeKey(t wasm.FuncType) string {
	var key []byte
	for _, list := range [...][]wasm.ValType{t.Params, t.Results} {
		key = wasm.AppendU32(key, uint32(len(list)))
		for _, t := range list {
			if _, ok := t.TypeIndex(); ok {
				t = wasm.FuncRef
			}
			key = wasm.AppendValType(key, t)
		}
	}
	return string(key)
}

// references calls f with the functions that the module takes references to. (Bodies may only name what is declared
// outside of them.)
func (g *graph) references(f func(uint32)) {
	expr := func(e wasm.Expr) {
		for it := wasm.NewIter(e); it.Next(); {
			if it.Op == wasm.OpRefFunc {
				f(it.Index)
			}
		}
	}
	for i := range g.Elements {
		for _, function := range g.Elements[i].Funcs {
			f(function)
		}
		for _, e := range g.Elements[i].Exprs {
			expr(e)
		}
	}
	for i := range g.Globals {
		expr(g.Globals[i].Init)
	}
	for i := range g.Tables {
		if init := g.Tables[i].Init; init != nil {
			expr(*init)
		}
	}
	for _, e := range g.Exports {
		if e.Kind == wasm.ExternFunc {
			f(e.Index)
		}
	}
}

// receivesFunctions reports whether functions of other modules can come into this one, other than as imports: in a table
// that others see, in a global, or as a parameter or a result of some function.
func (g *graph) receivesFunctions() bool {
	for _, i := range g.Imports {
		if i.Kind == wasm.ExternTable || i.Kind == wasm.ExternGlobal && i.Global.Type.IsRef() {
			return true
		}
	}
	for _, e := range g.Exports {
		if e.Kind == wasm.ExternTable || e.Kind == wasm.ExternGlobal {
			return true
		}
	}
	for _, t := range g.Globals {
		if t.Type.IsRef() && t.Mutable {
			return true
		}
	}
	for _, t := range g.Types {
		for _, list := range [...][]wasm.ValType{t.Params, t.Results} {
			for _, t := range list {
				if holdsFunction(t) {
					return true
				}
			}
		}
	}
	return false
}

// holdsFunction reports whether a value of type t may be a function.
func holdsFunction(t wasm.ValType) bool {
	if !t.IsRef() {
		return false
	}
	_, concrete := t.TypeIndex()
	return concrete || t.Heap() == wasm.HeapFunc
}
