package wasi

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// stream is what a descriptor has instead of a file: a standard stream or a socket.
type stream struct {
	src      source   // nil if it cannot be read
	dst      sink     // nil if it cannot be written
	file     *os.File // behind it, if it is one of the host
	accept   *pump[net.Conn]
	listener net.Listener
	conn     net.Conn
	close    func()
}

// source is what can be read from without knowing for how long that takes.
type source interface {
	// ready says whether read would return at once. If not, it begins what is needed to become so, and the environment's
	// activity tells of it; a waiter does not begin anything.
	ready() bool
	// read gives what there is; 0 without an error is the end.
	read(p []byte) (int, error)
	// pending is how many bytes are known to be there, once ready, and whether the end is.
	pending() (n int, ended bool)
}

// sink writes all of p, or fails.
type sink interface {
	write(c call, p []byte) (int, error)
}

// newInput picks the way to read r.
func newInput(r io.Reader, a *activity) *stream {
	if r == nil {
		r = strings.NewReader("")
	}
	f, _ := r.(*os.File)
	if s := newHostStream(f); s != nil {
		return &stream{src: s, file: f}
	}
	if _, ok := r.(Inline); ok {
		return &stream{src: inlineSource{r}}
	}
	if r, ok := r.(sizedReader); ok {
		return &stream{src: &memorySource{r: r}}
	}
	return &stream{src: newReaderSource(r, a), file: f}
}

func newOutput(w io.Writer) *stream {
	if w == nil {
		w = io.Discard
	}
	f, _ := w.(*os.File)
	if s := newHostStream(f); s != nil {
		return &stream{dst: s, file: f}
	}
	return &stream{dst: writerSink{w}, file: f}
}

// fileType tells a guest only whether it talks to a terminal.
func (s *stream) fileType() vfs.FileType {
	if s.file != nil && isTerminal(s.file) {
		return vfs.CharDevice
	}
	return vfs.Unknown
}

// sizedReader is a reader that knows how much is left, so that it has no reason to wait.
type sizedReader interface {
	io.Reader
	Len() int
}

type memorySource struct {
	mu sync.Mutex
	r  sizedReader
}

func (s *memorySource) ready() bool { return true }

func (s *memorySource) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.r.Read(p)
	return n, streamError(err)
}

func (s *memorySource) pending() (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.r.Len(), s.r.Len() == 0
}

// readerSource reads chunks of any reader in a goroutine, and keeps what the guest has not asked for yet.
type readerSource struct {
	pump *pump[[]byte]

	mu   sync.Mutex
	rest []byte
	err  error
	last bool // rest and err are what was read last
}

// chunkSize is how much is read of a stream at a time.
const chunkSize = 64 << 10

func newReaderSource(r io.Reader, a *activity) *readerSource {
	var buf []byte
	return &readerSource{pump: newPump(a, func() ([]byte, error) {
		if buf == nil {
			buf = make([]byte, chunkSize)
		}
		n, err := r.Read(buf)
		return buf[:n], err
	})}
}

// fill moves what the pump has read to rest, if that is used up.
func (s *readerSource) fill() bool {
	if len(s.rest) > 0 || s.last {
		return true
	}
	if !s.pump.ready() {
		return false
	}
	s.rest, s.err = s.pump.take()
	s.last = true
	return true
}

func (s *readerSource) ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fill()
}

func (s *readerSource) pending() (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rest), s.last && len(s.rest) == 0
}

func (s *readerSource) read(p []byte) (int, error) { return s.take(p, false) }

// take is read, or with peek leaves what it gives.
func (s *readerSource) take(p []byte, peek bool) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.fill() {
		return 0, vfs.EAGAIN
	}
	n := copy(p, s.rest)
	if peek {
		return n, nil
	}
	if s.rest = s.rest[n:]; len(s.rest) > 0 {
		return n, nil
	}
	if n > 0 && s.err != nil { // told by the next read
		return n, nil
	}
	s.last = false
	return n, streamError(s.err)
}

// writerSink writes to any writer. It holds no lock meanwhile, for what the writer does may lead back to this environment.
type writerSink struct{ w io.Writer }

func (s writerSink) write(_ call, p []byte) (int, error) {
	n, err := s.w.Write(p)
	return min(max(n, 0), len(p)), streamError(err)
}

// streamError makes an error of a stream one for the guest, unless it is to end the guest.
func streamError(err error) error {
	var abort Abort
	var number vfs.Errno
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return nil
	case errors.As(err, &abort):
		return abort
	case errors.As(err, &number):
		return number
	case errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		return vfs.EPIPE
	case errors.Is(err, syscall.ECONNRESET):
		return vfs.ECONNRESET
	case errors.Is(err, net.ErrClosed):
		return vfs.EBADF
	}
	return vfs.EIO
}
