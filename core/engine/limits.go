package engine

import (
	"fmt"
	"math"
	"sync/atomic"

	"github.com/pywasm-go/pywasm/buffer/linear"
	"github.com/pywasm-go/pywasm/core/wasm"
)

// Limits bound what an instance may have, or, in a Config, what the instances of a store may have together. Memories and
// tables that an instance imports are their owners' matter.
type Limits struct {
	Memory uint64 // bytes
	Tables uint64 // elements of all tables
	Depth  uint32 // active calls, if the store bounds them; the store's own is the most
}

// Unlimited is no limit.
var Unlimited = Limits{math.MaxUint64, math.MaxUint64, math.MaxUint32}

// budget is how much of something there is and may be.
type budget struct {
	limit uint64
	used  atomic.Uint64
}

func (b *budget) take(n uint64) bool {
	for {
		used := b.used.Load()
		if n > b.limit || used > b.limit-n {
			return false
		}
		if b.used.CompareAndSwap(used, used+n) {
			return true
		}
	}
}

func (b *budget) give(n uint64) { b.used.Add(-n) }

// budgets are those of an instance or a store.
type budgets struct{ memory, tables budget }

func (b *budgets) limit(l Limits) { b.memory.limit, b.tables.limit = l.Memory, l.Tables }

// take takes from the instance's and the store's budget, or from neither.
func take(own, shared *budget, n uint64) bool {
	if !own.take(n) {
		return false
	}
	if !shared.take(n) {
		own.give(n)
		return false
	}
	return true
}

// checkLimits refuses what an instance would begin with beyond the limits.
func (i *Instance) checkLimits() error {
	m, s := i.module, i.module.store
	var memory uint64
	for _, l := range m.source.Memories {
		memory += l.Min * linear.PageSize
	}
	if err := beyond("a memory", "bytes", memory, &i.budgets.memory, &s.budgets.memory); err != nil {
		return err
	}
	if err := beyond("tables", "elements", m.elements(), &i.budgets.tables, &s.budgets.tables); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !m.made && s.instanceLimit > 0 && s.users >= s.instanceLimit {
		return fail(CodeLimit, fmt.Sprintf("cannot instantiate: the store has %d instances and may have no more", s.users))
	}
	return nil
}

// elements is how many its tables begin with.
func (m *Module) elements() uint64 {
	var n uint64
	for i := range m.source.Tables {
		n += m.source.Tables[i].Limits.Min
	}
	return n
}

func beyond(what, unit string, n uint64, own, shared *budget) error {
	switch {
	case n > own.limit:
		return fail(CodeLimit, fmt.Sprintf("cannot instantiate: %s of %d %s exceeds the limit of %d %s", what, n, unit, own.limit, unit))
	case n > shared.limit-min(shared.limit, shared.used.Load()):
		return fail(CodeLimit, fmt.Sprintf("cannot instantiate: %s of %d %s: the store may have %d, and has %d",
			what, n, unit, shared.limit, shared.used.Load()))
	}
	return nil
}

// refuse is what growth beyond a limit comes to: an error if the store says so and a guest asked, else what the
// specification says.
func (i *Instance) refuse(what string) {
	if i.module.store.raise && !i.hostGrows {
		panic(fail(CodeLimit, what))
	}
}

// growsTable reports whether a table of the instance may grow by so many elements, and counts them.
func (i *Instance) growsTable(table uint32, delta uint32) bool {
	t := i.module.TableType(table)
	if size := i.TableSize(table); t.Limits.HasMax && uint64(size)+uint64(delta) > t.Limits.Max || uint64(size)+uint64(delta) > maxTable {
		return true // it will not, and nothing is to be counted
	}
	if take(&i.budgets.tables, &i.module.store.budgets.tables, uint64(delta)) {
		return true
	}
	i.refuse(fmt.Sprintf("table.grow by %d elements exceeds the limit", delta))
	return false
}

// returnAll gives back to the store what the instance had.
func (i *Instance) returnAll() {
	i.module.store.budgets.memory.give(i.budgets.memory.used.Swap(0))
	i.module.store.budgets.tables.give(i.budgets.tables.used.Swap(0))
}

// limited is a memory that does not grow beyond the limits of its owner.
type limited struct {
	*linear.Memory
	owner *Instance
}

// Reallocate implements experimental.LinearMemory.
func (m limited) Reallocate(size uint64) []byte {
	budget, shared := &m.owner.budgets.memory, &m.owner.module.store.budgets.memory
	more := size - min(size, budget.used.Load())
	if !take(budget, shared, more) {
		m.owner.refuse(fmt.Sprintf("memory.grow to %d bytes exceeds the limit", size))
		return nil
	}
	data := m.Memory.Reallocate(size)
	if data == nil && more > 0 {
		budget.give(more)
		shared.give(more)
	}
	return data
}

// Grow grows the memory by a number of pages and returns its size before, or false.
func (i *Instance) Grow(pages uint32) (uint32, bool) {
	i.hostGrows = true
	defer func() { i.hostGrows = false }()
	return i.guest.Memory().Grow(pages)
}

// GrowTable grows a table by a number of elements, all ref, and returns its size before, or false.
func (i *Instance) GrowTable(table, delta uint32, ref uint64) (uint32, bool) {
	i.hostGrows = true
	defer func() { i.hostGrows = false }()
	if e := i.Export(wasm.ExternTable, table); !e.Instance.growsTable(e.Index, delta) {
		return 0, false
	}
	size := i.guts.table(table).grow.Grow(delta, uintptr(ref))
	return size, size != ^uint32(0)
}
