package differential

import (
	"math"
	"slices"
	"strings"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// operator is an instruction whose type is known from the table of opcodes alone, with what the generator must know of
// it beside its type.
type operator struct {
	*wasm.OpInfo
	// observes says that the bits of a float operand, the last one, can be seen in what the instruction does.
	observes bool
	// exact says that all bits of a float result are determined; keeps, that they are if those of the first operand are.
	exact, keeps bool
	// lanes is the instruction that compares lanes, if the result has float lanes that may be a NaN of any bits.
	lanes wasm.Opcode
}

// operatorSet holds the operators by what they need beside their operands.
type operatorSet struct {
	numeric, vector, access, vectorAccess, atomic, bulk []*operator

	all       []*operator                  // but those in bulk
	producers map[wasm.ValType][]*operator // by the type of the result; without those that change memory
}

// operators holds what the table of opcodes says.
var operators = classify()

func classify() *operatorSet {
	all := &operatorSet{producers: map[wasm.ValType][]*operator{}}
	for op := range wasm.Opcode(math.MaxUint16) {
		if info := op.Info(); info.Op == op && info.Simple && info.Feature.Supported() {
			all.add(describe(info))
		}
	}
	return all
}

func (all *operatorSet) add(o *operator) {
	list := &all.bulk
	simd := o.Feature == wasm.SIMD || o.Feature == wasm.RelaxedSIMD
	switch o.Imm {
	case wasm.ImmI32, wasm.ImmI64, wasm.ImmF32, wasm.ImmF64, wasm.ImmV128, wasm.ImmTable:
		return // constants, and table.size, which is made with the instructions on tables
	case wasm.ImmMemArg, wasm.ImmMemArgLane:
		switch {
		case simd:
			list = &all.vectorAccess
		case o.Feature == wasm.Threads:
			list = &all.atomic
		default:
			list = &all.access
		}
	case wasm.ImmNone, wasm.ImmLane, wasm.ImmShuffle:
		list = &all.numeric
		if simd {
			list = &all.vector
		}
	}
	*list = append(*list, o)
	if list == &all.bulk {
		return
	}
	all.all = append(all.all, o)
	if list == &all.atomic {
		return
	}
	for _, t := range o.Results {
		all.producers[t] = append(all.producers[t], o)
	}
}

// accesses reports whether the first operand is an address.
func (o *operator) accesses() bool { return o.Imm == wasm.ImmMemArg || o.Imm == wasm.ImmMemArgLane }

func isFloat(t wasm.ValType) bool { return t == wasm.F32 || t == wasm.F64 }

// describe derives the rest from the name. WebAssembly leaves the sign and the payload of most NaNs open.
//
// https://webassembly.github.io/spec/core/exec/numerics.html#nan-propagation
func describe(info *wasm.OpInfo) *operator {
	o := &operator{OpInfo: info}
	kind, name, _ := strings.Cut(info.Name, ".")
	bits := strings.HasPrefix(name, "reinterpret") || name == "copysign"
	vectorResult := slices.Contains(info.Results, wasm.V128)
	o.observes = slices.ContainsFunc(info.Params, isFloat) && (bits || vectorResult || len(info.Results) == 0)
	o.keeps = name == "abs" || name == "neg" || name == "copysign"
	o.exact = info.Imm != wasm.ImmNone || bits && !o.keeps
	if vectorResult && (kind == "f32x4" || kind == "f64x2") && !slices.Contains(exactLanes, name) {
		o.lanes = opcode(kind + ".eq")
	}
	return o
}

// exactLanes are the instructions on float lanes that make no NaN of their own.
var exactLanes = []string{
	"eq", "ne", "lt", "gt", "le", "ge", "abs", "neg", "pmin", "pmax", "splat", "replace_lane",
}

func opcode(name string) wasm.Opcode {
	op, ok := wasm.OpcodeByName(name)
	if !ok {
		panic("unknown instruction " + name)
	}
	return op
}
