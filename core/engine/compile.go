package engine

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// A compilation runs on a goroutine of its own, so that whoever waits for it can give it up: for a signal, or since it takes
// too much memory. wazero looks at the context between functions; the last ones that it has begun end in the background.

// patience is how long the thread that waits for a compilation does nothing else.
const patience = 25 * time.Millisecond

// task is a compilation that is under way.
type task struct {
	context.Context
	grant atomic.Pointer[grant] // set when it is known what the compilation may take
}

type compilation struct {
	module *Module
	err    error
}

// await does work and waits for it.
func (s *Store) await(work func(*task) (*Module, error)) (*Module, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	t := &task{Context: ctx}
	done := make(chan compilation, 1)
	go func() {
		m, err := t.run(work)
		done <- compilation{m, err}
	}()
	ticker := time.NewTicker(patience)
	defer ticker.Stop()
	for {
		select {
		case c := <-done:
			return c.module, c.err
		case <-ticker.C:
			if err := s.look(t); err != nil {
				go drop(done)
				return nil, err
			}
		}
	}
}

// run makes an error of a panic, which would end the process on a goroutine.
func (t *task) run(work func(*task) (*Module, error)) (m *Module, err error) {
	defer func() {
		if r := recover(); r != nil {
			m, err = nil, fail(CodeInternal, fmt.Sprintf("panic in Go: %v", r))
		}
	}()
	return work(t)
}

// look returns why a compilation is to be given up, or nil.
func (s *Store) look(t *task) error {
	if s.signals != nil {
		if err := s.signals(); err != nil {
			return err
		}
	}
	if g := t.grant.Load(); g != nil {
		return g.exceeded()
	}
	return nil
}

// drop closes what comes of a compilation that nobody waits for any more.
func drop(done <-chan compilation) {
	if c := <-done; c.module != nil {
		c.module.Close()
	}
}

// grant is memory that a compilation may take of the heap, which it shares with others.
type grant struct {
	limit  uint64
	before uint64 // what the heap had
	others uint64 // what had been given back before
}

// How many bytes were granted since the process began, and given back.
var granted, givenBack atomic.Uint64

func newGrant(limit uint64) *grant {
	g := &grant{limit: limit, before: heap(), others: givenBack.Load()}
	granted.Add(limit)
	return g
}

func (g *grant) giveBack() { givenBack.Add(g.limit) }

// exceeded returns an error if the heap has grown by more than was granted to all compilations that were under way
// meanwhile.
func (g *grant) exceeded() error {
	most := g.before + granted.Load() - g.others
	if heap() <= most {
		return nil
	}
	runtime.GC() // part of it may be garbage
	if taken := heap(); taken > most {
		return fail(CodeCompile, fmt.Sprintf(memoryError, mebibytes(taken-g.before), mebibytes(g.limit)))
	}
	return nil
}

// heap returns how many bytes Go's objects have.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
