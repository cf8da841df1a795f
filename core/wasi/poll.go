package wasi

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

const (
	maxSubscriptions = 4096
	eventSize        = 32

	eventClock = 0
	eventRead  = 1
	eventWrite = 2

	clockAbsolute  = 1
	eventHangup    = 1
	someBytes      = 1 // what an event says of a stream that has room, or holds an unknown number of bytes
	mixedPollEvery = 5 * time.Millisecond
)

// subscription is what a guest waits for.
type subscription struct {
	userdata uint64
	kind     byte
	err      error   // with which it is due at once
	h        *handle // of eventRead and eventWrite
	clock    uint32  // of eventClock, with the time on it to wait for
	due      int64
}

func pollOneoff(c call) error {
	n := c.u32(2)
	if n == 0 || n > maxSubscriptions {
		return vfs.EINVAL
	}
	in, err := c.bytes(0, n*c.abi.subSize)
	if err != nil {
		return err
	}
	if _, err := c.bytes(1, n*eventSize); err != nil {
		return err
	}
	if _, err := c.bytes(3, 4); err != nil {
		return err
	}
	subs := make([]subscription, n)
	defer func() {
		for _, s := range subs {
			if s.h != nil {
				c.fds.put(s.h)
			}
		}
	}()
	for i := range subs {
		c.subscribe(&subs[i], in[uint32(i)*c.abi.subSize:])
	}
	events := c.pollUntilDue(subs)
	out, err := c.bytes(1, n*eventSize)
	if err != nil {
		return err
	}
	copy(out, events)
	return c.put32(3, uint32(len(events)/eventSize))
}

// subscribe reads a subscription. What is wrong with one is told by its event.
func (c call) subscribe(s *subscription, b []byte) {
	le := binary.LittleEndian
	s.userdata, s.kind = le.Uint64(b), b[8]
	switch s.kind {
	case eventClock:
		b = b[c.abi.clockOffset:]
		s.clock = le.Uint32(b)
		timeout := int64(min(le.Uint64(b[8:]), math.MaxInt64))
		var now int64
		if now, s.err = c.readClock(s.clock); le.Uint16(b[24:])&clockAbsolute != 0 {
			now = 0
		}
		s.due = now + min(timeout, math.MaxInt64-now)
	case eventRead, eventWrite:
		s.h, s.err = c.pollable(le.Uint32(b[16:]), s.kind)
	default:
		s.err = vfs.EINVAL
	}
}

func (c call) pollable(fd uint32, kind byte) (*handle, error) {
	h, err := c.fds.get(fd)
	if err != nil {
		return nil, err
	}
	need := rightPoll | rightRead
	if kind == eventWrite {
		need = rightPoll | rightWrite
	}
	if h.dir != nil {
		return h, vfs.EISDIR
	}
	return h, h.may(need)
}

// pollUntilDue waits until at least one subscription is due, and gives the events of all that are.
func (c call) pollUntilDue(subs []subscription) (events []byte) {
	for {
		wake := c.activity.next()
		next := int64(math.MaxInt64)
		for i := range subs {
			s := &subs[i]
			if s.kind == eventClock && s.err == nil {
				now, _ := c.readClock(s.clock)
				if now < s.due {
					next = min(next, s.due-now)
					continue
				}
			}
			if n, hangup, ok := s.state(); ok {
				events = s.appendEvent(events, n, hangup)
			}
		}
		if len(events) > 0 {
			return events
		}
		if next < math.MaxInt64 && c.clock.skip(next) {
			c.checkInterrupt()
			continue
		}
		w, every := waiterOf(subs)
		c.pause(wake, w, min(time.Duration(next), every))
	}
}

// state says whether a subscription other than to a clock is due, with how many bytes.
func (s *subscription) state() (n uint64, hangup, due bool) {
	if s.err != nil || s.kind == eventClock {
		return 0, false, true
	}
	switch {
	case s.h.file != nil && s.kind == eventRead:
		st, err := s.h.file.Stat()
		s.h.mu.Lock()
		defer s.h.mu.Unlock()
		s.err = err
		return uint64(max(st.Size-s.h.pos, 0)), false, true
	case s.h.file != nil || s.kind == eventWrite:
		return someBytes, false, true
	case s.h.stream.accept != nil:
		return someBytes, false, s.h.stream.accept.ready()
	case !s.h.stream.src.ready():
		return 0, false, false
	}
	pending, ended := s.h.stream.src.pending()
	return uint64(pending), ended, true
}

// waiterOf finds what the host can wait for, if nothing else is waited for; else how long to wait before asking it again.
func waiterOf(subs []subscription) (w waiter, every time.Duration) {
	streams := 0
	for _, s := range subs {
		if s.h == nil || s.h.stream == nil {
			continue
		}
		streams++
		if found, ok := s.h.stream.src.(waiter); ok {
			w = found
		}
	}
	if w != nil && streams > 1 {
		return nil, mixedPollEvery
	}
	return w, maxWait
}

func (s *subscription) appendEvent(events []byte, n uint64, hangup bool) []byte {
	le := binary.LittleEndian
	var e [eventSize]byte
	le.PutUint64(e[:], s.userdata)
	le.PutUint16(e[8:], uint16(errnoOf(s.err)))
	e[10] = s.kind
	if s.err == nil && s.kind != eventClock {
		le.PutUint64(e[16:], n)
		if hangup {
			le.PutUint16(e[24:], eventHangup)
		}
	}
	return append(events, e[:]...)
}
