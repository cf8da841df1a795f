package wasi

import (
	"context"
	"encoding/binary"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"github.com/tetratelabs/wazero/api"
)

// Bounds of what one call may ask for.
const (
	maxIovecs = 1024      // IOV_MAX of Linux
	maxIO     = 1<<31 - 1 // bytes in one read or write, which also keeps the count in 32 bits
)

// call is one call of a host function by a guest.
type call struct {
	*Environment
	ctx   context.Context
	abi   *abi
	mem   api.Memory
	stack []uint64
}

func newCall(e *Environment, ctx context.Context, abi *abi, mod api.Module, stack []uint64) call {
	mem := mod.Memory()
	if v := reflect.ValueOf(mem); v.Kind() == reflect.Pointer && v.IsNil() { // what wazero gives for a module without one
		mem = nil
	}
	return call{e, ctx, abi, mem, stack}
}

func (c call) u32(i int) uint32 { return uint32(c.stack[i]) }

func (c call) u64(i int) uint64 { return c.stack[i] }

// bytes gives the guest's memory at the pointer in parameter i. It is a view: what blocks must ask anew after, for the memory may
// have grown.
func (c call) bytes(i int, size uint32) ([]byte, error) { return c.view(c.u32(i), size) }

func (c call) view(ptr, size uint32) ([]byte, error) {
	if c.mem == nil {
		return nil, vfs.EFAULT
	}
	b, ok := c.mem.Read(ptr, size)
	if !ok {
		return nil, vfs.EFAULT
	}
	return b, nil
}

// put32 and put64 write a result. What has effects checks first, with bytes, that they will succeed.
func (c call) put32(i int, v uint32) error {
	b, err := c.bytes(i, 4)
	if err == nil {
		binary.LittleEndian.PutUint32(b, v)
	}
	return err
}

func (c call) put64(i int, v uint64) error {
	b, err := c.bytes(i, 8)
	if err == nil {
		binary.LittleEndian.PutUint64(b, v)
	}
	return err
}

// text reads the string whose pointer and length are the parameters i and i+1.
func (c call) text(i int) (string, error) {
	size := c.u32(i + 1)
	if size > vfs.MaxPath {
		return "", vfs.ENAMETOOLONG
	}
	b, err := c.bytes(i, size)
	if err != nil {
		return "", err
	}
	s := string(b)
	switch {
	case !utf8.ValidString(s):
		return "", vfs.EILSEQ
	case strings.IndexByte(s, 0) >= 0:
		return "", vfs.EINVAL
	}
	return s, nil
}

// iovecs reads the list of buffers whose pointer and length are the parameters i and i+1, appending to bufs.
func (c call) iovecs(bufs [][]byte, i int) ([][]byte, error) {
	n := c.u32(i + 1)
	if n > maxIovecs {
		return nil, vfs.EINVAL
	}
	list, err := c.bytes(i, 8*n)
	if err != nil {
		return nil, err
	}
	total := 0
	for ; len(list) > 0; list = list[8:] {
		size := binary.LittleEndian.Uint32(list[4:])
		if size == 0 {
			continue
		}
		b, err := c.view(binary.LittleEndian.Uint32(list), size)
		if err != nil {
			return nil, err
		}
		if total += len(b); total > maxIO {
			return nil, vfs.EINVAL
		}
		bufs = append(bufs, b)
	}
	return bufs, nil
}

// fd finds the handle of the descriptor in parameter i, if it has the rights. The caller puts it back.
func (c call) fd(i int, need rights) (*handle, error) {
	return c.checked(i, need, func(*handle) error { return nil })
}

// fileFD is fd for what only a file can do.
func (c call) fileFD(i int, need rights) (*handle, error) {
	return c.checked(i, need, func(h *handle) error {
		switch {
		case h.dir != nil:
			return vfs.EISDIR
		case h.file == nil:
			return vfs.ESPIPE
		}
		return nil
	})
}

// dirFD is fd for what only a directory can do.
func (c call) dirFD(i int, need rights) (*handle, error) {
	return c.checked(i, need, func(h *handle) error {
		if h.dir == nil {
			return vfs.ENOTDIR
		}
		return nil
	})
}

// socketFD is fd for what only a socket can do.
func (c call) socketFD(i int, need rights) (*handle, error) {
	return c.checked(i, need, func(h *handle) error {
		if h.typ != vfs.SocketStream || h.stream == nil {
			return vfs.ENOTSOCK
		}
		return nil
	})
}

// checked tells the wrong kind of file, which a guest can make sense of, before the lack of a right.
func (c call) checked(i int, need rights, kind func(*handle) error) (*handle, error) {
	h, err := c.fds.get(c.u32(i))
	if err != nil {
		return nil, err
	}
	if err = kind(h); err == nil {
		err = h.may(need)
	}
	if err != nil {
		c.fds.put(h)
		return nil, err
	}
	return h, nil
}
