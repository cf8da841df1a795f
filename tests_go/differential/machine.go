package differential

import (
	"errors"
	"math"
	"math/bits"
	"unsafe"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/wasm"
)

// machine runs a module with one compiler.
type machine struct {
	store    *engine.Store
	instance *engine.Instance
	source   *wasm.Module
	spaces   *wasm.Spaces
	host     uint64 // what the host function has seen
}

// value128 is a value in a form that can be compared: all NaNs are one, a reference is a number, and bits that do not
// belong to the value are zero.
type value128 struct{ lo, hi uint64 }

// outcome is what a call or an instantiation came to.
type outcome struct {
	failure string // code and text of an error
	results []value128
}

func newMachine(compiler engine.Compiler, binary []byte) (*machine, outcome, error) {
	store, err := engine.NewStore(engine.Config{Compiler: compiler})
	if err != nil {
		return nil, outcome{}, err
	}
	m := &machine{store: store}
	module, err := store.Compile(binary)
	if err != nil {
		store.Close()
		return nil, outcome{}, err
	}
	m.source = module.Source()
	m.spaces = m.source.Spaces()
	var imports []engine.Extern
	for i := range m.source.Imports {
		extern, err := m.provide(i)
		if err != nil {
			store.Close()
			return nil, outcome{}, err
		}
		imports = append(imports, extern)
	}
	m.instance, err = module.Instantiate(imports, nil, nil)
	return m, outcome{failure: describeFailure(err)}, nil
}

// provide makes what import i asks for.
func (m *machine) provide(i int) (engine.Extern, error) {
	im := &m.source.Imports[i]
	var module *engine.Module
	var imports []engine.Extern
	var index uint32
	var err error
	switch im.Kind {
	case wasm.ExternFunc:
		t := m.source.Types[im.Type]
		host := engine.Extern{Kind: wasm.ExternFunc, Type: t, Host: m.hostCall}
		if im.Name != viaInstance {
			return host, nil
		}
		imports, index = []engine.Extern{host}, 1
		module, err = m.store.MakeFunction(t, m.store.Compiler())
	case wasm.ExternTable:
		module, err = m.store.MakeTable(im.Table)
	case wasm.ExternMemory:
		module, err = m.store.MakeMemory(im.Memory)
	default:
		module, err = m.store.MakeGlobal(im.Global)
	}
	if err != nil {
		return engine.Extern{}, err
	}
	instance, err := module.Instantiate(imports, nil, nil)
	if err != nil {
		return engine.Extern{}, err
	}
	if im.Kind == wasm.ExternGlobal && !im.Global.Type.IsRef() {
		instance.SetGlobal(0, fuel, 0)
	}
	return instance.Export(im.Kind, index), nil
}

func (m *machine) close() { m.store.Close() }

// describeFailure gives the text of a trap, without the frames: tail calls may keep them or not.
func describeFailure(err error) string {
	own := (*engine.Error)(nil)
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &own):
		return err.Error()
	case own.Code == engine.CodeTrap:
		return own.Trap
	}
	return string(own.Code) + ": " + own.Text
}

// hostCall is the host function: it mixes what it is given into m.host, and returns what it makes of that.
func (m *machine) hostCall(_ *engine.Call, _ api.Module, stack []uint64) {
	t := m.source.Types[m.source.Imports[0].Type]
	for _, v := range m.values(t.Params, stack) {
		m.host = mix(mix(m.host, v.lo), v.hi)
	}
	for _, r := range t.Results {
		m.host = mix(m.host, 1)
		stack[0] = m.host
		switch r {
		case wasm.V128:
			stack[1] = bits.Reverse64(m.host)
			stack = stack[1:]
		case wasm.I32, wasm.F32:
			stack[0] = uint64(uint32(m.host))
		case wasm.FuncRef:
			stack[0] = 0
		case wasm.ExternRef:
			stack[0] = m.host % 4
		}
		stack = stack[1:]
	}
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9E3779B97F4A7C15, b^0xD1B54A32D192ED03)
	return hi ^ lo
}

// call calls a function with these arguments. References among them are numbers: of a function, plus one; or of an
// external reference.
func (m *machine) call(function uint32, args []value128) outcome {
	t := m.instance.Module().FunctionType(function)
	stack := make([]uint64, 0, 2*(len(t.Params)+len(t.Results)))
	for i, p := range t.Params {
		lo := args[i].lo
		if p == wasm.FuncRef && lo != 0 {
			lo = m.instance.Reference(uint32(lo - 1))
		}
		if stack = append(stack, lo); p == wasm.V128 {
			stack = append(stack, args[i].hi)
		}
	}
	stack = stack[:cap(stack)]
	if err := m.instance.Function(function).Call(stack, nil); err != nil {
		return outcome{failure: describeFailure(err)}
	}
	return outcome{results: m.values(t.Results, stack)}
}

// values reads values as they lie in the slots of a call.
func (m *machine) values(types []wasm.ValType, stack []uint64) []value128 {
	var out []value128
	for _, t := range types {
		v := value128{lo: stack[0]}
		stack = stack[1:]
		if t == wasm.V128 {
			v.hi, stack = stack[0], stack[1:]
		}
		out = append(out, m.comparable(t, v))
	}
	return out
}

func (m *machine) comparable(t wasm.ValType, v value128) value128 {
	switch t {
	case wasm.I32:
		return value128{lo: uint64(uint32(v.lo))}
	case wasm.F32:
		f := math.Float32frombits(uint32(v.lo))
		if f != f {
			return value128{lo: nan32}
		}
		return value128{lo: uint64(uint32(v.lo))}
	case wasm.F64:
		f := math.Float64frombits(v.lo)
		if f != f {
			return value128{lo: nan64}
		}
	case wasm.FuncRef:
		return value128{lo: m.functionNumber(v.lo)}
	}
	if t == wasm.V128 {
		return v
	}
	return value128{lo: v.lo}
}

// functionNumber returns the number of the function that a reference points to, plus one. While the start function runs,
// the instance is not known, and all functions are one.
func (m *machine) functionNumber(ref uint64) uint64 {
	if ref == 0 || m.instance == nil {
		return min(ref, 1)
	}
	owner, number, host, ok := m.instance.Resolve(ref)
	if !ok || owner != m.instance || host && number != hostFunction {
		return math.MaxUint64
	}
	return uint64(number) + 1
}

// state is all that a program can leave behind.
type state struct {
	host    uint64
	memory  []byte
	globals []value128
	tables  [][]value128
}

func (m *machine) state() state {
	s := state{host: m.host, memory: m.memory()}
	for i, g := range m.spaces.Globals {
		lo, hi := m.instance.GetGlobal(uint32(i))
		s.globals = append(s.globals, m.comparable(g.Type, value128{lo, hi}))
	}
	for i, t := range m.spaces.Tables {
		var elements []value128
		for k := range m.instance.TableSize(uint32(i)) {
			ref, _ := m.instance.GetTable(uint32(i), k)
			elements = append(elements, m.comparable(t.Elem, value128{lo: ref}))
		}
		s.tables = append(s.tables, elements)
	}
	return s
}

// memory is the memory of the instance, as it lies there. Its address is the first field of linear.Memory.
func (m *machine) memory() []byte {
	memory := m.instance.Memory()
	if memory.Size() == 0 {
		return nil
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(memory)), memory.Size())
}
