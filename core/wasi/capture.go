package wasi

import (
	"sync"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// Capture is a Stdout or Stderr that keeps what is written, up to a limit. Beyond it the guest gets ENOSPC.
type Capture struct {
	mu    sync.Mutex
	limit int
	data  []byte
	full  bool
}

// NewCapture makes a Capture for so many bytes.
func NewCapture(limit int) *Capture { return &Capture{limit: limit} }

func (c *Capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(p), c.limit-len(c.data))
	c.data = append(c.data, p[:n]...)
	if n < len(p) {
		c.full = true
		return n, vfs.ENOSPC
	}
	return n, nil
}

// Bytes gives what was written so far.
func (c *Capture) Bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]byte(nil), c.data...)
}

// Full says whether something did not fit.
func (c *Capture) Full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.full
}
