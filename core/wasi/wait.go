package wasi

import (
	"fmt"
	"sync"
	"time"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// maxWait is the longest that a guest waits before the interrupt is looked at again.
const maxWait = 50 * time.Millisecond

// activity tells everybody who waits in an environment that something has become ready.
type activity struct {
	mu sync.Mutex
	ch chan struct{}
}

func newActivity() *activity { return &activity{ch: make(chan struct{})} }

// next is closed at the next signal. Take it before looking whether there is anything to wait for.
func (a *activity) next() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ch
}

func (a *activity) signal() {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.ch)
	a.ch = make(chan struct{})
}

// pump runs what blocks in a goroutine, once each time that somebody wants its result and there is none.
type pump[T any] struct {
	fetch    func() (T, error)
	activity *activity

	mu        sync.Mutex
	busy, got bool
	value     T
	err       error
}

func newPump[T any](a *activity, fetch func() (T, error)) *pump[T] {
	return &pump[T]{fetch: fetch, activity: a}
}

// ready says whether there is a result, and sees to it that there will be.
func (p *pump[T]) ready() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.got && !p.busy {
		p.busy = true
		go p.run()
	}
	return p.got
}

func (p *pump[T]) run() {
	value, err := p.safely()
	p.mu.Lock()
	p.value, p.err, p.got, p.busy = value, err, true, false
	p.mu.Unlock()
	p.activity.signal()
}

// safely keeps a panic of the embedder's reader from ending the process: nobody could recover it here.
func (p *pump[T]) safely() (value T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = Abort{fmt.Errorf("panic in a stream: %v", r)}
		}
	}()
	return p.fetch()
}

// take gives the result that is ready.
func (p *pump[T]) take() (value T, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	value, err, p.got = p.value, p.err, false
	p.value = *new(T)
	return value, err
}

// waiter is a source for which the host can wait.
type waiter interface{ wait(d time.Duration) }

// await returns once ready says yes.
func (c call) await(ready func() bool, w waiter, nonblock bool) error {
	for {
		wake := c.activity.next()
		if ready() {
			return nil
		}
		if nonblock {
			return vfs.EAGAIN
		}
		c.pause(wake, w, maxWait)
	}
}

// pause waits for a signal, for the waiter if there is one, or for so long, which is at most maxWait. Before that it unwinds the guest
// if it was interrupted; who is interrupted here comes again, as nothing is ready.
func (c call) pause(wake <-chan struct{}, w waiter, d time.Duration) {
	c.checkInterrupt()
	if w != nil {
		w.wait(d)
	} else {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-wake:
		case <-timer.C:
		case <-c.ctx.Done():
		}
	}
}
