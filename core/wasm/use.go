package wasm

import "slices"

// Features returns the features that the module uses, as far as Decode saw.
func (m *Module) Features() FeatureSet { return m.use }

// UsesExceptions reports whether the module throws or catches.
func (m *Module) UsesExceptions() bool { return m.use.Has(Exceptions) }

// EndsAtOnce reports whether a function, given by its index, provably ends within microseconds: it has no loop, no
// call of any kind, nothing that grows, copies or fills, no wait and no exception. It is false for imports.
func (m *Module) EndsAtOnce(function uint32) bool {
	return int(function/64) < len(m.short) && m.short[function/64]>>(function%64)&1 != 0
}

func (m *Module) countImports(kind ExternKind) (n int) {
	for i := range m.Imports {
		if m.Imports[i].Kind == kind {
			n++
		}
	}
	return n
}

// declaredFeatures returns the features that show in the declarations of the module, those in bodies left out.
func (m *Module) declaredFeatures() (s FeatureSet) {
	for _, t := range m.Types {
		s |= typesUse(t.Params) | typesUse(t.Results)
		if len(t.Results) > 1 {
			s |= 1 << MultiValue
		}
	}
	for i := range m.Imports {
		s |= importUse(&m.Imports[i])
	}
	for i := range m.Tables {
		s |= tableUse(m.Tables[i].Elem)
		if m.Tables[i].Init != nil {
			s |= 1 << FunctionReferences
		}
	}
	for _, l := range m.Memories {
		s |= limitsUse(l)
	}
	for i := range m.Globals {
		s |= typeUse(m.Globals[i].Type)
	}
	for _, use := range [...]struct {
		feature Feature
		used    bool
	}{
		{MutableGlobals, m.exportsMutable()},
		{Exceptions, len(m.Tags) > 0},
		{FunctionReferences, len(m.RecGroups) > 0},
		{BulkMemory, m.DataCount != nil || m.hasPassive()},
		{ReferenceTypes, m.countImports(ExternTable)+len(m.Tables) > 1},
	} {
		if use.used {
			s |= 1 << use.feature
		}
	}
	return s
}

// exportsMutable reports whether a mutable global that is defined here is exported.
func (m *Module) exportsMutable() bool {
	imported := m.countImports(ExternGlobal)
	return slices.ContainsFunc(m.Exports, func(e Export) bool {
		g := int(e.Index) - imported
		return e.Kind == ExternGlobal && g >= 0 && g < len(m.Globals) && m.Globals[g].Mutable
	})
}

func (m *Module) hasPassive() bool {
	return slices.ContainsFunc(m.Elements, func(e Element) bool { return e.Mode != Active }) ||
		slices.ContainsFunc(m.Data, func(d Data) bool { return d.Mode != Active })
}

func importUse(i *Import) FeatureSet {
	switch i.Kind {
	case ExternTable:
		return tableUse(i.Table.Elem)
	case ExternMemory:
		return limitsUse(i.Memory)
	case ExternGlobal:
		if i.Global.Mutable {
			return typeUse(i.Global.Type) | 1<<MutableGlobals
		}
		return typeUse(i.Global.Type)
	case ExternTag:
		return 1 << Exceptions
	}
	return 0
}

// tableUse leaves out what the first version had: tables of functions.
func tableUse(elem ValType) FeatureSet {
	if elem == FuncRef {
		return 0
	}
	return typeUse(elem)
}

func limitsUse(l Limits) FeatureSet {
	if l.Shared {
		return 1 << Threads
	}
	return 0
}

func typesUse(types []ValType) (s FeatureSet) {
	for _, t := range types {
		s |= typeUse(t)
	}
	return s
}

func typeUse(t ValType) FeatureSet {
	switch {
	case t == V128:
		return 1 << SIMD
	case t == ExnRef:
		return 1 << Exceptions
	case t == FuncRef, t == ExternRef:
		return 1 << ReferenceTypes
	case t.IsRef():
		return 1 << FunctionReferences
	}
	return 0
}
