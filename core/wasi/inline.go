package wasi

import "io"

// Inline marks a reader or writer that is used on the thread that runs the guest, with nothing locked meanwhile: what it calls may
// take its time, may call guests of the same environment, and may grow the guest's memory. A guest that asks whether such a stream
// is ready is told that it is.
type Inline interface{ Inline() }

// maxInline is how much one call of an Inline stream moves: its data is copied, since the guest's memory may not stay where it is.
const maxInline = 1 << 20

type inlineSource struct{ io.Reader }

func (s inlineSource) ready() bool { return true }

func (s inlineSource) pending() (int, bool) { return someBytes, false }

func (s inlineSource) read(p []byte) (int, error) {
	n, err := s.Read(p)
	return min(max(n, 0), len(p)), streamError(err)
}

// receiveInline is receive for such a source.
func (c call) receiveInline(src inlineSource, size, result int) error {
	buf := make([]byte, min(size, maxInline))
	n, err := src.read(buf)
	if err != nil && (n == 0 || isAbort(err)) {
		return err
	}
	bufs, err := c.iovecs(nil, 1) // again: the memory may have moved
	if err != nil {
		return err
	}
	given := 0
	for _, b := range bufs {
		given += copy(b, buf[given:n])
	}
	return c.put32(result, uint32(given))
}

type inlineSink struct{ io.Writer }

func (s inlineSink) write(_ call, p []byte) (int, error) {
	n, err := s.Write(p)
	return min(max(n, 0), len(p)), streamError(err)
}

// sendInline is send for such a sink.
func (c call) sendInline(dst inlineSink, bufs [][]byte, result int) error {
	buf := make([]byte, 0, min(length(bufs), maxInline))
	for _, b := range bufs {
		buf = append(buf, b[:min(len(b), cap(buf)-len(buf))]...)
	}
	if len(buf) == 0 {
		return c.put32(result, 0)
	}
	n, err := dst.write(c, buf)
	if err != nil && (n == 0 || isAbort(err)) {
		return err
	}
	return c.put32(result, uint32(n))
}
