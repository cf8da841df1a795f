package wasi

import (
	"math"
	"sync"
	"time"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// The clocks of WASI. The last two count CPU time; here they count all time since the environment was made, which bounds it.
const (
	clockRealtime = iota
	clockMonotonic
	clockProcess
	clockThread
)

// clock tells the time, in nanoseconds.
type clock interface {
	realtime() int64
	monotonic() int64 // since the environment was made
	// stamp is the time for what happens now. Unlike a reading it does not make time pass.
	stamp() int64
	// skip makes time pass without waiting, if this clock can.
	skip(ns int64) bool
}

type realClock struct{ start time.Time }

func (realClock) realtime() int64    { return time.Now().UnixNano() }
func (c realClock) monotonic() int64 { return int64(time.Since(c.start)) }
func (c realClock) stamp() int64     { return c.realtime() }
func (realClock) skip(int64) bool    { return false }

// fixedClock starts at a given time and is the same in each run. Each reading takes it on by a microsecond, so that a guest that
// waits by looking at the clock comes to an end, and sleeping takes it on by the time slept, at once.
type fixedClock struct {
	mu         sync.Mutex
	start, now int64
}

const fixedStep = 1000

func (c *fixedClock) realtime() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += fixedStep
	return c.now - fixedStep
}

func (c *fixedClock) monotonic() int64 { return c.realtime() - c.start }

func (c *fixedClock) stamp() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fixedClock) skip(ns int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += min(max(ns, 0), math.MaxInt64-c.now)
	return true
}

// read gives the time of a clock as WASI numbers them.
func (c call) readClock(id uint32) (int64, error) {
	switch id {
	case clockRealtime:
		return c.clock.realtime(), nil
	case clockMonotonic, clockProcess, clockThread:
		return c.clock.monotonic(), nil
	}
	return 0, vfs.EINVAL
}

func clockTimeGet(c call) error {
	now, err := c.readClock(c.u32(0))
	if err != nil {
		return err
	}
	return c.put64(2, uint64(now))
}

func clockResGet(c call) error {
	switch c.u32(0) {
	case clockRealtime:
		return c.put64(1, 1000)
	case clockMonotonic, clockProcess, clockThread:
		return c.put64(1, 1)
	}
	return vfs.EINVAL
}
