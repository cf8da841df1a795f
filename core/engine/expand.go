package engine

import (
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// mend replaces what wazero does not know, and what the module's compiler gets wrong. It must see bodies as they were
// validated.
func (m *Module) mend(p *wasm.Module) {
	replaceSelects(p, m.wrongSelects())
	if m.compiler == Interpreter {
		replaceBrOnNonNull(p)
		m.keepExceptions(p)
	} else if miscompilesTailCalls {
		replaceTailCalls(p)
	}
	if m.source.Features().Has(wasm.RelaxedSIMD) {
		expand(p, relaxed())
	}
	if m.compiler == Optimizing {
		rules := map[wasm.Opcode]expansion{wasm.OpRefFunc: m.referenceGlobals(p)}
		if wrong := miscompiled[runtime.GOARCH]; wrong != nil {
			maps.Copy(rules, wrong())
		}
		expand(p, rules)
		replaceComparisons(p, zeroesMislead)
	}
}

// expansion appends what stands for an instruction with these immediates. first is the function's first scratch local.
type expansion func(b, immediates []byte, first uint32) []byte

// scratch are the locals that are added to a function in which something is expanded.
var scratch = []wasm.LocalRun{{Count: 3, Type: wasm.V128}, {Count: 3, Type: wasm.I32}, {Count: 2, Type: wasm.I64}}

// Where scratch locals begin that are not vectors.
const (
	scratchI32 = 3
	scratchI64 = 6
)

// expand replaces instructions wherever they occur.
func expand(p *wasm.Module, rules map[wasm.Opcode]expansion) {
	if len(rules) == 0 {
		return
	}
	byOpcode := make([]expansion, slices.Max(slices.Collect(maps.Keys(rules)))+1)
	for op, rule := range rules {
		byOpcode[op] = rule
	}
	p.Code = slices.Clone(p.Code)
	for i := range p.Code {
		p.Code[i] = expandBody(p.Code[i], len(p.Types[p.Funcs[i]].Params), byOpcode)
	}
}

func expandBody(c wasm.Code, params int, rules []expansion) wasm.Code {
	first := uint32(params)
	for _, run := range c.Locals {
		first += run.Count
	}
	var out []byte
	copied := 0
	for it := wasm.NewIter(c.Body); it.Next(); {
		if int(it.Op) >= len(rules) || rules[it.Op] == nil {
			continue
		}
		out = append(out, c.Body.Bytes[copied:it.Start]...)
		out = rules[it.Op](out, it.Bytes()[len(it.Op.Append(nil)):], first)
		copied = it.Pos()
	}
	if out == nil {
		return c
	}
	c.Body.Bytes = append(out, c.Body.Bytes[copied:]...)
	c.Locals = append(slices.Clone(c.Locals), scratch...)
	return c
}

func localGet(b []byte, local uint32) []byte { return wasm.AppendU32(wasm.OpLocalGet.Append(b), local) }

func localSet(b []byte, local uint32) []byte { return wasm.AppendU32(wasm.OpLocalSet.Append(b), local) }

func opcode(name string) wasm.Opcode {
	op, ok := wasm.OpcodeByName(name)
	if !ok {
		panic("unknown instruction " + name)
	}
	return op
}

// sequences makes expansions of texts. In a text, =n sets scratch local n, $n gets it, a number is an i32.const, and one
// after a colon is an immediate. The last instruction gets the immediates of the one that the sequence stands for. They are
// made at the first use, since a process that loads artefacts has none.
func sequences(texts map[string]string) func() map[wasm.Opcode]expansion {
	return sync.OnceValue(func() map[wasm.Opcode]expansion { return parseSequences(texts) })
}

func parseSequences(texts map[string]string) map[wasm.Opcode]expansion {
	rules := map[wasm.Opcode]expansion{}
	for name, text := range texts {
		steps := strings.Fields(text)
		rules[opcode(name)] = func(b, immediates []byte, first uint32) []byte {
			for _, step := range steps {
				b = appendStep(b, step, first)
			}
			return append(b, immediates...)
		}
	}
	return rules
}

func appendStep(b []byte, step string, first uint32) []byte {
	if name, immediate, ok := strings.Cut(step, ":"); ok {
		n, err := strconv.ParseInt(immediate, 10, 64)
		if err != nil {
			panic(err)
		}
		return wasm.AppendS64(opcode(name).Append(b), n)
	}
	switch n, err := strconv.Atoi(strings.TrimLeft(step, "=$")); {
	case err != nil:
		return opcode(step).Append(b)
	case step[0] == '=':
		return localSet(b, first+uint32(n))
	case step[0] == '$':
		return localGet(b, first+uint32(n))
	default:
		return wasm.AppendS32(wasm.OpI32Const.Append(b), int32(n))
	}
}
