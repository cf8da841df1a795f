package wasm

const (
	maxOperands = 1 << 20
	maxNesting  = 1 << 18
)

// machine is the state of the validation of one expression: the stacks of the algorithm in the appendix of the
// specification, where a value of type 0 is one that unreachable code makes up.
//
// https://webassembly.github.io/spec/core/appendix/algorithm.html
type machine struct {
	it      Iter
	stack   []ValType
	floor   int // height of the stack where the innermost block starts
	frames  []frame
	locals  locals
	isConst bool // a constant expression, which may use
	globals int  // as many globals

	lists   map[ValType][]ValType // see listOf
	labels  []uint32              // storage for br_table
	catches []Catch               // storage for try_table
}

// frame is a block that is open.
type frame struct {
	op              Opcode
	unreachable     bool
	params, results []ValType
	height          int // of the value stack
	sets            int // how many locals had been set
}

// labelTypes returns what a branch to the block takes.
func (f *frame) labelTypes() []ValType {
	if f.op == OpLoop {
		return f.params
	}
	return f.results
}

func (v *validator) checkBodies() {
	if len(v.m.Code) != len(v.m.Funcs) {
		v.fail(0, "function and code section have inconsistent lengths")
		return
	}
	for i := range v.m.Code {
		v.body(&v.m.Code[i], v.m.Types[v.m.Funcs[i]])
		if v.err != nil {
			v.err.Func = v.s.ImportedFuncs + i
			return
		}
	}
}

func (v *validator) body(c *Code, t FuncType) {
	for _, run := range c.Locals {
		v.checkValType(c.Offset, run.Type, len(v.m.Types))
	}
	if v.err != nil {
		return
	}
	v.locals.enter(t.Params, c)
	v.run(c.Body, t.Results)
	v.locals.leave()
}

// constExpr validates a constant expression that gives a value of type want and may use the first globals.
//
// https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
func (v *validator) constExpr(e Expr, want ValType, globals int) {
	if v.err != nil {
		return
	}
	v.isConst, v.machine.globals = true, globals
	v.run(e, v.listOf(want))
	v.isConst = false
}

// run validates an expression from no operands to the results.
func (v *validator) run(e Expr, results []ValType) {
	v.it = Iter{reader: reader{b: e.Bytes, base: e.Offset}}
	v.stack, v.frames = v.stack[:0], v.frames[:0]
	v.open(OpBlock, nil, results)
	for len(v.frames) > 0 && v.err == nil && v.it.Next() {
		sig := &signatures[v.it.Op]
		if v.isConst && !sig.constant {
			v.failHere("constant expression required")
		} else if check := checks[v.it.Op]; check != nil {
			check(v)
		} else {
			v.apply(sig)
		}
	}
	switch {
	case v.err != nil:
	case v.it.err != nil:
		v.err = v.it.err
	case len(v.frames) > 0:
		v.fail(v.it.base+len(v.it.b), "END opcode expected")
	case v.it.pos < len(v.it.b):
		v.fail(v.it.base+v.it.pos, "section size mismatch")
	}
}

// failHere reports an error in the instruction that is being validated.
func (v *validator) failHere(msg string) { v.fail(v.it.Offset(), msg) }

// mismatch reports that the instruction wants another type than the stack has.
func (v *validator) mismatch(want, got string) {
	v.failHere("type mismatch: " + v.it.Op.String() + " expects " + want + " but the stack has " + got)
}

// listOf returns a list of one type, or none for type 0. Lists of the same type share memory.
func (v *validator) listOf(t ValType) []ValType {
	if t == 0 {
		return nil
	}
	list, ok := v.lists[t]
	if !ok {
		if v.lists == nil {
			v.lists = make(map[ValType][]ValType)
		}
		list = []ValType{t}
		v.lists[t] = list
	}
	return list
}

func (v *validator) push(t ValType) { v.stack = append(v.stack, t) }

// pushAll pushes the results of an instruction. The height that a few bytes can reach is bounded.
func (v *validator) pushAll(types []ValType) {
	if len(v.stack)+len(types) > maxOperands {
		v.failHere("too many values on the stack")
		return
	}
	v.stack = append(v.stack, types...)
}

// pop takes the top of the stack, whatever its type.
func (v *validator) pop() ValType {
	n := len(v.stack)
	if n > v.floor {
		t := v.stack[n-1]
		v.stack = v.stack[:n-1]
		return t
	}
	if !v.frames[len(v.frames)-1].unreachable {
		v.mismatch("a value", "none")
	}
	return 0
}

// popType takes a value of type want from the stack.
func (v *validator) popType(want ValType) {
	if n := len(v.stack); n > v.floor && v.stack[n-1] == want {
		v.stack = v.stack[:n-1]
		return
	}
	v.popMatching(want)
}

func (v *validator) popMatching(want ValType) {
	if len(v.stack) == v.floor {
		if !v.frames[len(v.frames)-1].unreachable {
			v.mismatch(want.String(), "none")
		}
		return
	}
	if t := v.pop(); !v.matches(t, want) {
		v.mismatch(want.String(), t.String())
	}
}

func (v *validator) popAll(types []ValType) {
	for i := len(types) - 1; i >= 0; i-- {
		v.popType(types[i])
	}
}

// popRef takes a reference from the stack.
func (v *validator) popRef() ValType {
	switch t := v.pop(); {
	case t == 0:
		return Ref(heapBottom, false)
	case !t.IsRef():
		v.mismatch("a reference", t.String())
		return Ref(heapBottom, false)
	default:
		return t
	}
}

// open begins a block whose parameters were popped.
func (v *validator) open(op Opcode, params, results []ValType) {
	if len(v.frames) >= maxNesting {
		v.failHere("blocks are nested too deep")
	}
	v.floor = len(v.stack)
	v.frames = append(v.frames, frame{
		op: op, params: params, results: results, height: v.floor, sets: len(v.locals.set),
	})
	v.pushAll(params)
}

// shut ends the innermost block and returns it. Its results are not pushed.
func (v *validator) shut() frame {
	f := v.frames[len(v.frames)-1]
	v.popAll(f.results)
	if len(v.stack) != f.height {
		v.failHere("type mismatch: values remain on the stack at the end of the block")
	}
	v.stack = v.stack[:min(f.height, len(v.stack))]
	v.locals.forget(f.sets)
	v.frames = v.frames[:len(v.frames)-1]
	v.floor = 0
	if n := len(v.frames); n > 0 {
		v.floor = v.frames[n-1].height
	}
	return f
}

// unreachable says that what follows in the block is never run.
func (v *validator) unreachable() {
	v.stack = v.stack[:v.floor]
	v.frames[len(v.frames)-1].unreachable = true
}

// label returns the types that a branch to a label takes.
func (v *validator) label(depth uint32) []ValType {
	if !v.known(v.it.Offset(), depth, len(v.frames), "label") {
		return nil
	}
	return v.frames[len(v.frames)-1-int(depth)].labelTypes()
}
