package wasi

import (
	"sync"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// maxHandles bounds how many file descriptors a guest may hold.
const maxHandles = 1024

// fdFlags are the flags of a descriptor.
//
// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#fdflags
type fdFlags uint16

const (
	flagAppend fdFlags = 1 << iota
	flagDsync
	flagNonblock
	flagRsync
	flagSync
	allFlags = flagSync<<1 - 1
)

// handle is what a descriptor stands for: exactly one of file, dir and stream is set.
type handle struct {
	file     vfs.File
	dir      vfs.Dir
	stream   *stream
	typ      vfs.FileType // but for standard streams, which see fileType
	readOnly bool         // its mount is
	preopen  *string      // the guest's name of a preopened directory

	refs int // calls that use it, and one for the table; guarded by table.mu

	mu         sync.Mutex // over the following, and one write at a time
	base       rights
	inheriting rights
	flags      fdFlags
	pos        int64
	list       cursor
}

func (h *handle) fileType() vfs.FileType {
	if h.typ == vfs.Unknown && h.stream != nil {
		return h.stream.fileType()
	}
	return h.typ
}

func (h *handle) close() {
	switch {
	case h.file != nil:
		h.file.Close()
	case h.dir != nil:
		h.dir.Close()
	case h.stream.close != nil:
		h.stream.close()
	}
}

// may says whether the rights of a handle allow what needs all of need.
func (h *handle) may(need rights) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case need&^h.base != 0:
		return vfs.ENOTCAPABLE
	case h.readOnly && need&changing != 0:
		return vfs.EROFS
	}
	return nil
}

func (h *handle) has(right rights) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.base&right != 0
}

func (h *handle) nonblock() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.flags&flagNonblock != 0
}

// table maps descriptors to handles.
type table struct {
	mu      sync.Mutex
	handles []*handle
	closed  bool
}

// insert gives a handle the lowest free number. It closes the handle if there is none.
func (t *table) insert(h *handle) (uint32, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h.refs = 1
	for i, other := range t.handles {
		if other == nil && !t.closed {
			t.handles[i] = h
			return uint32(i), nil
		}
	}
	if len(t.handles) == maxHandles || t.closed {
		h.close()
		return 0, vfs.EMFILE
	}
	t.handles = append(t.handles, h)
	return uint32(len(t.handles) - 1), nil
}

// get finds a handle, which stays open at least until it is put back.
func (t *table) get(fd uint32) (*handle, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.at(fd)
	if h == nil {
		return nil, vfs.EBADF
	}
	h.refs++
	return h, nil
}

func (t *table) at(fd uint32) *handle {
	if uint64(fd) >= uint64(len(t.handles)) {
		return nil
	}
	return t.handles[fd]
}

func (t *table) put(h *handle) {
	t.mu.Lock()
	h.refs--
	last := h.refs == 0
	t.mu.Unlock()
	if last {
		h.close()
	}
}

func (t *table) remove(fd uint32) error {
	t.mu.Lock()
	h := t.at(fd)
	if h != nil {
		t.handles[fd] = nil
	}
	t.mu.Unlock()
	if h == nil {
		return vfs.EBADF
	}
	t.put(h)
	return nil
}

// renumber moves a handle to a number that is in use, whose handle goes.
func (t *table) renumber(from, to uint32) error {
	t.mu.Lock()
	h, old := t.at(from), t.at(to)
	if h == nil || old == nil || from == to {
		t.mu.Unlock()
		if h == nil || old == nil {
			return vfs.EBADF
		}
		return nil
	}
	t.handles[to], t.handles[from] = h, nil
	t.mu.Unlock()
	t.put(old)
	return nil
}

// closeAll closes what no call uses any more, and the rest when its call ends.
func (t *table) closeAll() {
	t.mu.Lock()
	handles := t.handles
	t.handles, t.closed = nil, true
	t.mu.Unlock()
	for _, h := range handles {
		if h != nil {
			t.put(h)
		}
	}
}
