package engine

import (
	"context"
	"slices"
	"sync"
	"unsafe"

	"github.com/tetratelabs/wazero/api"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// wazero's interpreter gives a guest the address of an exception as an exnref, and keeps the exception no longer than until
// it is caught: Go may have put something else there when throw_ref follows the address. So a guest gets the address of an
// exception of ours, which looks the same and is kept as long as the guest may have it:
//
//   - before throw, the guest tells us what it throws: that is the current exception of the call;
//   - after the end of a block that a catch_ref or catch_all_ref leads to, it has us put the current one in the place of
//     wazero's, which is not looked at;
//   - before throw_ref, it has us make that the current one, which is refused if it is none of ours.

// exception begins as wazero's wasm.Exception does.
type exception struct {
	tag    unsafe.Pointer // *wasm.TagInstance
	params []uint64
	types  []wasm.ValType // of params; none is a vector
}

// exceptions are those that a call of the host's has, with the calls of the same store within it. At its end, they go.
type exceptions struct {
	owner   *Call
	current *exception
	held    map[uintptr]*exception
	sweepAt int
}

const (
	firstSweep = 1 << 10
	maxLasting = 1 << 20 // exceptions of a store that were in a table or global when a call ended
)

// lasting are the exceptions that a store keeps to its end.
type lasting struct {
	mu   sync.Mutex
	held map[uintptr]*exception
}

// thrown returns what the call shares with those around it.
func (c *Call) thrown() *exceptions {
	if c.exceptions == nil {
		if c.within != nil && c.within.instance.module.store == c.instance.module.store {
			c.exceptions = c.within.thrown()
		} else {
			c.exceptions = &exceptions{owner: c, held: map[uintptr]*exception{}, sweepAt: firstSweep}
		}
	}
	return c.exceptions
}

// keepExceptions has the module tell us of its exceptions.
func (m *Module) keepExceptions(p *wasm.Module) {
	if !m.source.UsesExceptions() || !throws(p) {
		return
	}
	table := uint32(len(m.imported[wasm.ExternTable]) + len(p.Tables))
	p.Tables = append(slices.Clone(p.Tables), wasm.Table{TableType: wasm.TableType{
		Elem: wasm.FuncRef, Limits: wasm.Limits{Min: 3, Max: 3, HasMax: true},
	}})
	tells := telling{p: p, table: table}
	tells.tag = typeIndex(p, wasm.FuncType{Params: []wasm.ValType{wasm.I32}})
	tells.nothing = typeIndex(p, wasm.FuncType{})
	p.Code = slices.Clone(p.Code)
	for i := range p.Code {
		p.Code[i].Body = tells.rewrite(p.Code[i].Body, p.Types[p.Funcs[i]])
	}
	m.exceptionHooks = &table
}

// telling rewrites the bodies of a module.
type telling struct {
	p            *wasm.Module
	table        uint32 // of the hooks
	tag, nothing uint32 // their types
}

func (t telling) rewrite(x wasm.Expr, function wasm.FuncType) wasm.Expr {
	receivers := receivers(x)
	var out []byte
	copied := 0
	insert := func(at int, hook []byte) {
		out = append(append(out, x.Bytes[copied:at]...), hook...)
		copied = at
	}
	var open []int // where the blocks around here begin
	for it := wasm.NewIter(x); it.Next(); {
		switch it.Op {
		case wasm.OpBlock, wasm.OpIf, wasm.OpTryTable, wasm.OpLoop:
			open = append(open, it.Start)
			if it.Op == wasm.OpLoop && receivers[it.Start] {
				insert(it.Pos(), t.call(hookReceive))
			}
		case wasm.OpEnd:
			if len(open) == 0 {
				break
			}
			begin := open[len(open)-1]
			open = open[:len(open)-1]
			if receivers[begin] && !isLoop(x, begin) {
				insert(it.Pos(), t.call(hookReceive))
			}
		case wasm.OpThrow:
			insert(it.Start, t.call(hookThrow, wasm.AppendS32(wasm.OpI32Const.Append(nil), int32(it.Index))...))
		case wasm.OpThrowRef:
			insert(it.Start, t.call(hookRethrow))
		}
	}
	if receivers[wholeBody] {
		return t.wrapped(append(out, x.Bytes[copied:]...), function)
	}
	if out == nil {
		return x
	}
	return wasm.Expr{Bytes: append(out, x.Bytes[copied:]...), Offset: x.Offset}
}

// wrapped is a body of which the function's label is that of a block, so that something can come after it.
func (t telling) wrapped(body []byte, function wasm.FuncType) wasm.Expr {
	block := wasm.BlockType{Indexed: true, Index: typeIndex(t.p, wasm.FuncType{Results: function.Results})}
	b := append(wasm.AppendBlockType(wasm.OpBlock.Append(nil), block), body...)
	return wasm.Expr{Bytes: wasm.OpEnd.Append(append(b, t.call(hookReceive)...))}
}

// call is a call of a hook, after what its arguments take.
func (t telling) call(hook int, arguments ...byte) []byte {
	kind := t.nothing
	if hook == hookThrow {
		kind = t.tag
	}
	b := wasm.AppendS32(wasm.OpI32Const.Append(arguments), int32(hook-hookThrow))
	return wasm.AppendU32(wasm.AppendU32(wasm.OpCallIndirect.Append(b), kind), t.table)
}

// wholeBody stands for where the function's own label begins.
const wholeBody = -1

// receivers are where those blocks begin whose labels receive an exnref from a catch clause.
func receivers(x wasm.Expr) map[int]bool {
	found := map[int]bool{}
	open := []int{wholeBody}
	for it := wasm.NewIter(x); it.Next(); {
		switch it.Op {
		case wasm.OpTryTable:
			for _, c := range it.Catches(nil) { // their labels do not count the try_table itself
				if c.Kind == wasm.CatchTagRef || c.Kind == wasm.CatchAllRef {
					found[open[len(open)-1-int(c.Label)]] = true
				}
			}
			open = append(open, it.Start)
		case wasm.OpBlock, wasm.OpLoop, wasm.OpIf:
			open = append(open, it.Start)
		case wasm.OpEnd:
			open = open[:len(open)-1]
		}
	}
	return found
}

func isLoop(x wasm.Expr, begin int) bool {
	it := wasm.NewIter(wasm.Expr{Bytes: x.Bytes[begin:]})
	return it.Next() && it.Op == wasm.OpLoop
}

// ---- the hooks ----

// throwException notes what is thrown: its parameters lie below the number of its tag.
func throwException(ctx context.Context, guest api.Module, stack []uint64) {
	c := ctx.(*Call)
	tag := int(stack[0])
	operands := c.operands()
	params := operands[:len(operands)-1]
	i := c.instanceOf(guest)
	types := i.module.TagType(uint32(tag)).Params
	c.thrown().current = &exception{
		tag:    i.guts.value.FieldByName("Tags").Index(tag).UnsafePointer(),
		params: slices.Clone(params[len(params)-len(types):]), types: types,
	}
}

// rethrowException notes which exception is thrown again.
func rethrowException(c *Call) error {
	operands := c.operands()
	ref := uintptr(operands[len(operands)-1])
	if ref == 0 {
		return nil // a trap
	}
	held := c.heldException(ref)
	if held == nil {
		return fail(CodeRuntime, "throw_ref of what is no exception")
	}
	c.thrown().current = held
	return nil
}

// receiveException gives the guest an exception of ours, unless it has one of them already.
func receiveException(c *Call) error {
	operands := c.operands()
	top := &operands[len(operands)-1]
	if *top == 0 || c.heldException(uintptr(*top)) != nil {
		return nil
	}
	e := c.thrown()
	if len(e.held) >= e.sweepAt {
		c.sweepExceptions()
	}
	address := uintptr(unsafe.Pointer(e.current))
	e.held[address] = e.current
	*top = uint64(address)
	return nil
}

func (c *Call) heldException(ref uintptr) *exception {
	if held := c.thrown().held[ref]; held != nil {
		return held
	}
	l := &c.instance.module.store.lastingExceptions
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held[ref]
}

// sweepExceptions lets go of those that no stack of this thread, table, global or other exception has. Whatever a number of the
// guest's is, a number that is an address holds what is there.
func (c *Call) sweepExceptions() {
	e := c.exceptions
	r := reachable{of: e.held, found: map[uintptr]*exception{}}
	for each := c; each != nil; each = each.within {
		if each.instance.module.compiler == Interpreter {
			for _, operand := range each.operands() {
				r.visit(uintptr(operand))
			}
		}
	}
	c.instance.module.store.visitExceptions(r.visit)
	e.held, e.sweepAt = r.found, max(firstSweep, 2*len(r.found))
}

// end keeps what is in tables and globals for other calls.
func (e *exceptions) end(s *Store) error {
	if len(e.held) == 0 {
		return nil
	}
	l := &s.lastingExceptions
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[uintptr]*exception{}
	}
	s.visitExceptions(reachable{of: e.held, found: l.held}.visit)
	if len(l.held) > maxLasting {
		return fail(CodeRuntime, "the tables and globals of the store have held too many exceptions")
	}
	return nil
}

// reachable gathers exceptions, and those that they carry.
type reachable struct{ of, found map[uintptr]*exception }

func (r reachable) visit(ref uintptr) {
	e := r.of[ref]
	if e == nil || r.found[ref] != nil {
		return
	}
	r.found[ref] = e
	for k, t := range e.types {
		if t.Heap() == wasm.HeapExn {
			r.visit(uintptr(e.params[k]))
		}
	}
}

// visitExceptions visits what is in tables, globals and segments of the type exnref.
func (s *Store) visitExceptions(visit func(ref uintptr)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, i := range s.instances {
		if i.module.source.UsesExceptions() {
			i.references(func(t wasm.ValType, refs []uintptr) {
				if t.Heap() == wasm.HeapExn {
					distinct(refs, visit)
				}
			})
		}
	}
}

// carried calls f with the references that a lasting exception, and those that it carries, have.
func (s *Store) carried(ref uintptr, f func(t wasm.ValType, refs []uintptr)) {
	l := &s.lastingExceptions
	l.mu.Lock()
	r := reachable{of: l.held, found: map[uintptr]*exception{}}
	r.visit(ref)
	l.mu.Unlock()
	for _, e := range r.found {
		for k, t := range e.types {
			if t.IsRef() && t.Heap() != wasm.HeapExn {
				f(t, []uintptr{uintptr(e.params[k])})
			}
		}
	}
}
