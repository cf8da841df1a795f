package wasm

import "strconv"

// validator holds the context of validation.
//
// https://webassembly.github.io/spec/core/valid/conventions.html#contexts
type validator struct {
	m        *Module
	s        *Spaces
	canon    []uint32 // see canonicalTypes; built when first needed
	declared []bool   // the functions that bodies may refer to with ref.func
	err      *Error
	refused  *Error // a use of a feature that is an error only if the module is otherwise valid
	machine
}

// Validate checks a module that Decode read, or that was put together in memory.
//
// https://webassembly.github.io/spec/core/valid/modules.html
func Validate(m *Module) error {
	m.selects = nil
	v := &validator{m: m, s: m.Spaces()}
	v.declared = make([]bool, len(v.s.Funcs))
	for _, step := range [...]func(){
		v.checkTypes, v.checkImports, v.checkFunctions, v.checkTables, v.checkMemories, v.checkTags, v.checkGlobals,
		v.checkExports, v.checkStart, v.checkElements, v.checkData, v.checkBodies,
	} {
		if step(); v.err != nil {
			return v.err
		}
	}
	if v.refused != nil {
		return v.refused
	}
	return nil
}

func (v *validator) fail(offset int, msg string) {
	if v.err == nil {
		v.err = &Error{Offset: offset, Msg: msg, Func: -1}
	}
}

// known checks an index against the length of its space; what says what it is an index of.
func (v *validator) known(offset int, index uint32, n int, what string) bool {
	return int64(index) < int64(n) || v.failUnknown(offset, index, what)
}

func (v *validator) failUnknown(offset int, index uint32, what string) bool {
	v.fail(offset, "unknown "+what+" "+strconv.FormatUint(uint64(index), 10))
	return false
}

// sectionOffset returns where a section starts, for errors in items that have no offset of their own.
func (v *validator) sectionOffset(id SectionID) int {
	for _, s := range v.m.Sections {
		if s.ID == id {
			return s.Offset
		}
	}
	return 0
}

// maxArity bounds parameters and results, as all engines do; validation takes time in proportion to it for each call.
// https://webassembly.github.io/spec/js-api/#limits
const maxArity = 1000

func (v *validator) checkTypes() {
	offset := v.sectionOffset(SectionType)
	groups := v.m.RecGroups
	end := 0 // of the recursion group
	for i, t := range v.m.Types {
		for len(groups) > 0 && i >= int(groups[0].First) {
			end = int(groups[0].First) + int(groups[0].Len)
			groups = groups[1:]
		}
		end = max(end, i+1)
		if len(t.Params) > maxArity || len(t.Results) > maxArity {
			v.fail(offset, "too many parameters or results")
		}
		for _, types := range [...][]ValType{t.Params, t.Results} {
			for _, t := range types {
				v.checkValType(offset, t, end)
			}
		}
	}
}

// valType checks that t refers only to the first n types.
func (v *validator) checkValType(offset int, t ValType, n int) {
	if index, ok := t.TypeIndex(); ok {
		v.known(offset, index, n, "type")
	}
}

func (v *validator) checkImports() {
	for i := range v.m.Imports {
		switch imp := &v.m.Imports[i]; imp.Kind {
		case ExternFunc:
			v.known(imp.Offset, imp.Type, len(v.m.Types), "type")
		case ExternTable:
			v.checkTableType(imp.Offset, imp.Table)
		case ExternMemory:
			v.checkMemoryType(imp.Offset, imp.Memory)
		case ExternGlobal:
			v.checkValType(imp.Offset, imp.Global.Type, len(v.m.Types))
		case ExternTag:
			v.checkTagType(imp.Offset, imp.Type)
		}
	}
}

func (v *validator) checkFunctions() {
	offset := v.sectionOffset(SectionFunction)
	for _, t := range v.m.Funcs {
		v.known(offset, t, len(v.m.Types), "type")
	}
}

func (v *validator) checkTableType(offset int, t TableType) {
	v.checkValType(offset, t.Elem, len(v.m.Types))
	v.checkLimits(offset, t.Limits, 1<<32-1, "table size must be at most 2^32-1")
}

func (v *validator) checkLimits(offset int, l Limits, most uint64, msg string) {
	switch {
	case l.Min > most || l.HasMax && l.Max > most:
		v.fail(offset, msg)
	case l.HasMax && l.Min > l.Max:
		v.fail(offset, "size minimum must not be greater than maximum")
	}
}

func (v *validator) checkTables() {
	for i := range v.m.Tables {
		t := &v.m.Tables[i]
		v.checkTableType(t.Offset, t.TableType)
		switch {
		case t.Init != nil:
			v.constExpr(*t.Init, t.Elem, v.s.ImportedGlobals)
		case !t.Elem.Defaultable():
			v.fail(t.Offset, "type mismatch: a table of "+t.Elem.String()+" needs an initial value")
		}
	}
}

func (v *validator) checkMemoryType(offset int, l Limits) {
	v.checkLimits(offset, l, 1<<16, "memory size must be at most 65536 pages (4GiB)")
	if l.Shared && !l.HasMax {
		v.fail(offset, "shared memory must have maximum")
	}
}

func (v *validator) checkMemories() {
	offset := v.sectionOffset(SectionMemory)
	for _, l := range v.m.Memories {
		v.checkMemoryType(offset, l)
	}
	if len(v.s.Memories) > 1 && v.refused == nil {
		v.refused = unsupported(offset, MultiMemory, "a second memory")
		v.refused.Msg = "multiple memories: " + v.refused.Msg
	}
}

func (v *validator) checkTagType(offset int, index uint32) {
	if v.known(offset, index, len(v.m.Types), "type") && len(v.m.Types[index].Results) > 0 {
		v.fail(offset, "non-empty tag result type")
	}
}

func (v *validator) checkTags() {
	offset := v.sectionOffset(SectionTag)
	for _, t := range v.m.Tags {
		v.checkTagType(offset, t)
	}
}

func (v *validator) checkGlobals() {
	for i := range v.m.Globals {
		g := &v.m.Globals[i]
		v.checkValType(g.Init.Offset, g.Type, len(v.m.Types))
		v.constExpr(g.Init, g.Type, v.s.ImportedGlobals+i)
	}
}

func (v *validator) checkElements() {
	for i := range v.m.Elements {
		e := &v.m.Elements[i]
		v.checkValType(e.Offset, e.Type, len(v.m.Types))
		if e.Mode == Active && v.known(e.Offset, e.Table, len(v.s.Tables), "table") {
			if t := v.s.Tables[e.Table].Elem; v.err == nil && !v.matches(e.Type, t) {
				v.fail(e.Offset, "type mismatch: a segment of "+e.Type.String()+" in a table of "+t.String())
			}
			v.constExpr(e.Start, I32, len(v.s.Globals))
		}
		for _, f := range e.Funcs {
			v.refersTo(e.Offset, f)
		}
		for _, x := range e.Exprs {
			v.constExpr(x, e.Type, len(v.s.Globals))
		}
	}
}

// refersTo checks a reference to a function outside of bodies, which allows bodies to make one too.
func (v *validator) refersTo(offset int, f uint32) bool {
	if v.known(offset, f, len(v.s.Funcs), "function") {
		v.declared[f] = true
		return true
	}
	return false
}

func (v *validator) checkData() {
	for i := range v.m.Data {
		d := &v.m.Data[i]
		if d.Mode == Active && v.known(d.Offset, d.Memory, len(v.s.Memories), "memory") {
			v.constExpr(d.Start, I32, len(v.s.Globals))
		}
	}
}

func (v *validator) checkStart() {
	if v.m.Start == nil {
		return
	}
	offset := v.sectionOffset(SectionStart)
	if !v.known(offset, *v.m.Start, len(v.s.Funcs), "function") {
		return
	}
	if t := v.m.Types[v.s.Funcs[*v.m.Start]]; len(t.Params)+len(t.Results) > 0 {
		v.fail(offset, "start function: must have no parameters and no results")
	}
}

func (v *validator) checkExports() {
	seen := make(map[string]struct{}, len(v.m.Exports))
	for i := range v.m.Exports {
		e := &v.m.Exports[i]
		if !v.known(e.Offset, e.Index, v.s.Len(e.Kind), exportNouns[e.Kind]) {
			return
		}
		if e.Kind == ExternFunc {
			v.declared[e.Index] = true
		}
		if _, twice := seen[e.Name]; twice {
			v.fail(e.Offset, "duplicate export name")
		}
		seen[e.Name] = struct{}{}
	}
}

var exportNouns = [...]string{"function", "table", "memory", "global", "tag"}
