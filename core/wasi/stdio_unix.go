//go:build linux || darwin

package wasi

import (
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// hostStream is a file of the host for which poll(2) can wait, so that a guest that waits can be interrupted and takes nothing
// from it that it does not read. It does not go through os.File's own methods, because those end the process when a pipe that is
// its standard output breaks.
type hostStream struct {
	conn syscall.RawConn
	file *os.File
	kind atomic.Int32 // of file, once somebody wants to know
}

const (
	kindRegular = 1 + iota // always ready, which spares asking
	kindOther
)

// pipeBuf is what a pipe has room for when poll(2) says that it can be written to.
const pipeBuf = 4096

func newHostStream(f *os.File) *hostStream {
	conn, err := f.SyscallConn() // an error if there is no file
	if err != nil {
		return nil
	}
	return &hostStream{conn: conn, file: f}
}

func (s *hostStream) regular() bool {
	kind := s.kind.Load()
	if kind == 0 {
		kind = kindOther
		if info, err := s.file.Stat(); err == nil && info.Mode().IsRegular() {
			kind = kindRegular
		}
		s.kind.Store(kind)
	}
	return kind == kindRegular
}

// poll waits for an event or an error; the latter is for the call that follows to find.
func (s *hostStream) poll(events int16, d time.Duration) bool {
	n := 0
	err := s.conn.Control(func(fd uintptr) {
		n, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: events}}, int(d.Milliseconds()))
	})
	return n > 0 || err != nil
}

func (s *hostStream) ready() bool { return s.regular() || s.poll(unix.POLLIN, 0) }

func (s *hostStream) wait(d time.Duration) { s.poll(unix.POLLIN, max(d, time.Millisecond)) }

func (s *hostStream) pending() (int, bool) { return 1, false }

func (s *hostStream) read(p []byte) (int, error) { return s.do(unix.Read, p) }

func (s *hostStream) do(move func(int, []byte) (int, error), p []byte) (n int, err error) {
	ctlErr := s.conn.Control(func(fd uintptr) {
		for {
			if n, err = move(int(fd), p); err != unix.EINTR {
				return
			}
		}
	})
	if ctlErr != nil {
		return 0, streamError(ctlErr)
	}
	return max(n, 0), streamError(err)
}

func (s *hostStream) write(c call, p []byte) (total int, err error) {
	chunk := maxIO
	regular := s.regular()
	if !regular {
		chunk = pipeBuf
	}
	for total < len(p) {
		for !regular && !s.poll(unix.POLLOUT, maxWait) {
			c.checkInterrupt()
		}
		n, err := s.do(unix.Write, p[total:min(len(p), total+chunk)])
		if total += n; err != nil {
			return total, err
		}
	}
	return total, nil
}

func isTerminal(f *os.File) bool {
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	terminal := false
	err = conn.Control(func(fd uintptr) {
		_, err := unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ)
		terminal = err == nil
	})
	return terminal && err == nil
}
