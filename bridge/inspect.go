package bridge

import (
	"strconv"

	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/wasm"
)

// inspection is what `pywasm inspect` shows of a module, see pywasm/cli/_inspect.py. Types are as in the text format.
type inspection struct {
	Name     *string           `json:"name"`
	Size     int               `json:"size"`
	Features []string          `json:"features"`
	Imports  []inspectedImport `json:"imports"`
	Exports  []inspectedExport `json:"exports"`
	Memories []inspectedLimits `json:"memories"`
	Tables   []inspectedLimits `json:"tables"`
	Sections []section         `json:"sections"`
}

type inspectedImport struct {
	Module string `json:"module"`
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Type   string `json:"type"`
}

type inspectedExport struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	Type string `json:"type"`
}

// inspectedLimits is a memory, or a table if it has an Element.
type inspectedLimits struct {
	Element  string  `json:"element,omitempty"`
	Minimum  uint64  `json:"minimum"`
	Maximum  *uint64 `json:"maximum"`
	Shared   bool    `json:"shared"`
	Imported bool    `json:"imported"`
}

type section struct {
	Kind   string `json:"kind"`
	Name   string `json:"name,omitempty"` // of a custom section
	Offset int    `json:"offset"`
	Size   int    `json:"size"`
}

// Inspect tells in JSON what a module in the binary format is made of. It does not compile it.
func Inspect(binary []byte) (text string, err error) {
	defer guard(&err)
	if err := engine.Validate(binary); err != nil {
		return "", err
	}
	m, err := wasm.Decode(binary)
	if err != nil {
		return "", err
	}
	spaces := m.Spaces()
	found := inspection{
		Size: len(binary), Features: append([]string{}, m.Features().Names()...),
		Imports: []inspectedImport{}, Exports: []inspectedExport{}, Sections: []section{},
		Memories: inspectedMemories(spaces), Tables: inspectedTables(spaces),
	}
	if name := m.Name(); name != "" {
		found.Name = &name
	}
	next := [wasm.ExternTag + 1]uint32{} // imports come first in each index space
	for _, i := range m.Imports {
		found.Imports = append(found.Imports, inspectedImport{i.Module, i.Name, i.Kind.String(), typeText(m, spaces, i.Kind, next[i.Kind])})
		next[i.Kind]++
	}
	for _, e := range m.Exports {
		found.Exports = append(found.Exports, inspectedExport{e.Name, e.Kind.String(), typeText(m, spaces, e.Kind, e.Index)})
	}
	for _, s := range m.Sections {
		found.Sections = append(found.Sections, section{s.ID.String(), s.Name, s.Offset, s.Size})
	}
	return toJSON(found), nil
}

func inspectedMemories(s *wasm.Spaces) []inspectedLimits {
	out := []inspectedLimits{}
	for i, l := range s.Memories {
		out = append(out, inspected(l, i < s.ImportedMemories))
	}
	return out
}

func inspectedTables(s *wasm.Spaces) []inspectedLimits {
	out := []inspectedLimits{}
	for i, t := range s.Tables {
		table := inspected(t.Limits, i < s.ImportedTables)
		table.Element = t.Elem.String()
		out = append(out, table)
	}
	return out
}

func inspected(l wasm.Limits, imported bool) inspectedLimits {
	out := inspectedLimits{Minimum: l.Min, Shared: l.Shared, Imported: imported}
	if l.HasMax {
		out.Maximum = &l.Max
	}
	return out
}

// typeText returns the type of what has an index in the index space of its kind.
func typeText(m *wasm.Module, s *wasm.Spaces, kind wasm.ExternKind, index uint32) string {
	switch kind {
	case wasm.ExternFunc:
		return m.Types[s.Funcs[index]].String()
	case wasm.ExternTag:
		return m.Types[s.Tags[index]].String()
	case wasm.ExternTable:
		return limitsText(s.Tables[index].Limits) + " " + s.Tables[index].Elem.String()
	case wasm.ExternMemory:
		return limitsText(s.Memories[index])
	}
	global := s.Globals[index]
	if global.Mutable {
		return "(mut " + global.Type.String() + ")"
	}
	return global.Type.String()
}

func limitsText(l wasm.Limits) string {
	text := strconv.FormatUint(l.Min, 10)
	if l.HasMax {
		text += " " + strconv.FormatUint(l.Max, 10)
	}
	if l.Shared {
		text += " shared"
	}
	return text
}
