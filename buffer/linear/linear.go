// Package linear allocates linear memories outside of the Go heap: address space is reserved first and committed as the
// memory grows, so that the base never moves and views of it stay valid.
package linear

import (
	"fmt"
	"sync/atomic"
)

const (
	// PageSize is the unit in which a linear memory grows.
	PageSize = 65536
	// MaxPages is one page short of the 4 GiB that the specification allows: at the very end of a memory of 65,536
	// pages the upper bound of an access overflows in wazero's interpreter (wazero#2506).
	MaxPages = 65535
)

// Memory is a linear memory. Its first two fields are read by C through a pointer to it, see struct pywasm_linear.
//
// It belongs to all that hold it: the instance that defines it, the instances that import it, and every view. The
// mapping goes with the last of them.
type Memory struct {
	base uintptr
	size atomic.Uint64
	// views counts what was handed out to the host and expects the base to stay.
	views atomic.Int64

	holders   atomic.Int64
	mapped    []byte   // what is reserved
	committed uint64   // of it, from its beginning
	old       [][]byte // mappings that were left while a view came into being, see move
}

// live counts the memories that somebody holds.
var live atomic.Int64

// Live returns how many memories somebody holds.
func Live() int64 { return live.Load() }

// Allocate reserves address space for max bytes and holds the memory once. Where the system refuses that much, the
// memory is allocated as it grows and moves, but never while the host has a view of it.
func Allocate(max uint64) *Memory {
	m := &Memory{}
	m.holders.Store(1)
	live.Add(1)
	if max > MaxPages*PageSize {
		max = MaxPages * PageSize
	}
	if max == 0 {
		return m
	}
	if used, ok := takeUsed(max); ok {
		m.adopt(used.mapped, used.committed)
	} else if mapped, err := reserve(max); err == nil {
		m.adopt(mapped, 0)
	}
	return m
}

func (m *Memory) adopt(mapped []byte, committed uint64) {
	m.mapped, m.committed = mapped, committed
	m.base = address(mapped)
}

// Reallocate grows the memory to size bytes and returns it, or nil where that is not possible. It implements
// experimental.LinearMemory of wazero, which calls it for the initial size too.
func (m *Memory) Reallocate(size uint64) []byte {
	if size > MaxPages*PageSize {
		return nil
	}
	if size > uint64(len(m.mapped)) {
		if err := m.move(size); err != nil {
			return nil
		}
	} else if size > m.committed {
		if err := commit(m.mapped[m.committed:size]); err != nil {
			return nil
		}
		m.committed = size
	}
	m.size.Store(size)
	if size == 0 {
		return []byte{}
	}
	return m.mapped[:size:size]
}

// move is the fallback for a memory that could not reserve its maximum.
func (m *Memory) move(size uint64) error {
	if m.views.Load() > 0 {
		return fmt.Errorf("memory of %d bytes has views and cannot move", m.size.Load())
	}
	mapped, err := reserve(size)
	if err != nil {
		return err
	}
	if err := commit(mapped); err != nil {
		release(mapped)
		return err
	}
	old := m.mapped
	copy(mapped, old[:m.size.Load()])
	m.adopt(mapped, size)
	// A view may have been taken meanwhile by a thread that saw the old base.
	if m.views.Load() > 0 {
		m.old = append(m.old, old)
	} else {
		release(old)
	}
	return nil
}

// Free implements experimental.LinearMemory. It does nothing: wazero calls it also when an instance is closed that only
// imports the memory (wazero#2512). Release is what lets go.
func (m *Memory) Free() {}

// Hold adds a holder.
func (m *Memory) Hold() { m.holders.Add(1) }

// View adds a holder that expects the base to stay.
func (m *Memory) View() { m.views.Add(1); m.Hold() }

// ReleaseView is the end of a View; it returns how many are left.
func (m *Memory) ReleaseView() int64 {
	left := m.views.Add(-1)
	m.Release()
	return left
}

// Release drops a holder; the last one unmaps the memory, or leaves it to the next.
func (m *Memory) Release() {
	if n := m.holders.Add(-1); n > 0 {
		return
	} else if n < 0 {
		panic("linear: memory released once too often")
	}
	live.Add(-1)
	if !keepUsed(used{m.mapped, m.committed}, m.size.Load()) {
		release(m.mapped)
	}
	for _, old := range m.old {
		release(old)
	}
	m.mapped, m.old, m.base, m.committed = nil, nil, 0, 0
	m.size.Store(0)
}

// Size returns the size in bytes.
func (m *Memory) Size() uint64 { return m.size.Load() }
