package engine

import (
	"fmt"
	"time"
	"unsafe"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// Call is a call into the guest. It is the context.Context that wazero hands to host functions.
type Call struct {
	// Data is what the caller passed: host functions find it here.
	Data unsafe.Pointer
	// instance is where the call began, and function what it began with.
	instance *Instance
	function *Function
	outer    uint64 // bytes of stack that the calls around this one take
	within   *Call  // the innermost of them

	exceptions *exceptions // nil until there are some
}

// Deadline implements context.Context: wazero is not to watch the clock, which costs too much in its code.
func (*Call) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context.
func (*Call) Done() <-chan struct{} { return nil }

// Err implements context.Context.
func (*Call) Err() error { return nil }

// Value implements context.Context.
func (*Call) Value(any) any { return nil }

// HostFunc is a function of the host. It takes its parameters from stack and leaves its results there; guest is the
// instance that called. It may panic with ErrRaised, or with an error.
type HostFunc func(c *Call, guest api.Module, stack []uint64)

// Function is a function of an instance, ready to be called by one thread at a time, again from within itself too.
type Function struct {
	instance *Instance
	index    uint32
	fn       api.Function
	stack    stackField
	checks   []check
	busy     bool
	call     Call
}

// Function returns the function with the given index. If that is an import, it must be exported, and is called with the
// instance as its caller.
func (i *Instance) Function(index uint32) *Function {
	checks := i.module.checksOf(index)
	if int(index) < len(i.module.imported[wasm.ExternFunc]) {
		index = i.module.wrapperOf(index)
	}
	fn := i.guts.engine.NewFunction(index)
	return &Function{instance: i, index: index, fn: fn, stack: stackFieldOf(fn), checks: checks}
}

// check is a parameter that not every reference is good for.
type check struct {
	parameter, slot int
	typ             wasm.ValType
}

func (m *Module) checksOf(index uint32) (checks []check) {
	if index >= m.functions {
		return nil // one that prepare added
	}
	slot := 0
	for k, t := range m.FunctionType(index).Params {
		if t.IsRef() && t != wasm.FuncRef && t != wasm.ExternRef {
			checks = append(checks, check{k, slot, t})
		}
		slot++
		if t == wasm.V128 {
			slot++
		}
	}
	return checks
}

func (f *Function) checkArguments(stack []uint64) error {
	for _, c := range f.checks {
		if !f.instance.Admits(c.typ, stack[c.slot]) {
			return fail(CodeType, fmt.Sprintf("argument %d is no %s of the guest", c.parameter+1, c.typ))
		}
	}
	return nil
}

// Call calls the function. stack holds the parameters and receives the results; data reaches host functions.
//
// The error is *Raised or *Error.
func (f *Function) Call(stack []uint64, data unsafe.Pointer) error {
	return f.CallWithin(nil, stack, data)
}

// CallWithin calls the function from a host function that outer has called.
func (f *Function) CallWithin(outer *Call, stack []uint64, data unsafe.Pointer) error {
	if f.busy {
		// A function of wazero has one stack, so a call from within itself needs another.
		return f.instance.Function(f.index).CallWithin(outer, stack, data)
	}
	if err := f.checkArguments(stack); err != nil {
		return err
	}
	f.call = Call{Data: data, instance: f.instance, function: f, outer: outer.stack(), within: outer}
	if f.call.outer > maxOuterStack {
		return f.exhausted(&Error{Code: CodeTrap, Trap: stackExhausted})
	}
	f.busy = true
	depths := f.instance.depths()
	err := f.fn.CallWithStack(&f.call, stack)
	if e := f.call.exceptions; e != nil && e.owner == &f.call {
		if ended := e.end(f.instance.module.store); err == nil {
			err = ended
		}
	}
	f.busy, f.call = false, Call{}
	if f.stack.used(f.fn) > maxIdleStack {
		f.fn = f.instance.guts.engine.NewFunction(f.index)
	}
	if err == nil {
		return nil
	}
	unwound(depths)
	translated := f.instance.module.store.translate(err)
	if own, ok := translated.(*Error); ok && own.Trap == stackExhausted && own.Frames == nil {
		return f.exhausted(own) // the compiler does not unwind so deep a stack
	}
	return translated
}

// maxIdleStack is how many bytes of stack a function keeps for its next call: it would stay as large as it ever was.
const maxIdleStack = 1 << 20

// exhausted says of an error where the call began.
func (f *Function) exhausted(e *Error) error {
	e.Frames = []Frame{f.instance.module.frame(f.index)}
	e.Text = describe(e.Trap, e.Frames)
	return e
}

// stack returns how many bytes of stack this call and those around it take.
func (c *Call) stack() uint64 {
	if c == nil {
		return 0
	}
	return c.outer + c.function.stack.used(c.function.fn) + bytesOfHostCall
}

// EndsAtOnce reports whether the function is sure to end soon: it has no loop and calls nothing.
func (f *Function) EndsAtOnce() bool { return f.instance.module.endsAtOnce(f.index) }

// Entry returns the machine code of a function that ends at once and needs nothing of Go, for a caller that enters it by
// itself.
func (f *Function) Entry() Entry {
	if !f.instance.module.entersDirectly(f.index) {
		return Entry{}
	}
	return entry(f.fn)
}

func (m *Module) entersDirectly(function uint32) bool {
	return m.compiler == Optimizing && m.endsAtOnce(function) && m.unchanged(function) && selfContained(m.body(function))
}

// Context returns the initial contents of an execution context as wazero's machine code expects it, and where in it the
// lower bound of the stack is to be written.
func (f *Function) Context() (bytes []byte, stackBottom int, ok bool) { return executionContext(f.fn) }

const stackExhausted = "call stack exhausted"

// endsAtOnce is false for the functions that prepare adds.
func (m *Module) endsAtOnce(index uint32) bool {
	return index < m.functions && m.source.EndsAtOnce(index)
}

func (m *Module) body(index uint32) wasm.Expr {
	return m.source.Code[int(index)-len(m.imported[wasm.ExternFunc])].Body
}
