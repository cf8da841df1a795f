package memfs

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// open is what an open file and an open directory have in common.
type open struct {
	fs   *FS
	node *node
}

func (o open) Stat() (vfs.Stat, error) {
	o.fs.mu.Lock()
	defer o.fs.mu.Unlock()
	return o.fs.stat(o.node), nil
}

func (fs *FS) stat(n *node) vfs.Stat {
	return vfs.Stat{
		Dev: fs.dev, Ino: n.ino, Nlink: n.nlink, Type: n.typ, Size: int64(len(n.data)),
		Atime: n.atime, Mtime: n.mtime, Ctime: n.ctime,
	}
}

func (o open) SetTimes(t vfs.Times) error {
	o.fs.mu.Lock()
	defer o.fs.mu.Unlock()
	o.fs.setTimes(o.node, t)
	return nil
}

func (fs *FS) setTimes(n *node, t vfs.Times) {
	if t.SetAtime {
		n.atime = t.Atime
	}
	if t.SetMtime {
		n.mtime = t.Mtime
	}
	n.ctime = fs.now()
}

func (open) Sync(bool) error { return nil }

func (open) Close() error { return nil }

type file struct{ open }

func (f file) ReadAt(p []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if off >= int64(len(f.node.data)) {
		return 0, nil
	}
	f.node.atime = f.fs.now()
	return copy(p, f.node.data[off:]), nil
}

func (f file) WriteAt(p []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return f.fs.write(f.node, p, off), nil
}

func (f file) Append(p []byte) (int, int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	n := f.fs.write(f.node, p, int64(len(f.node.data)))
	return n, int64(len(f.node.data)), nil
}

// write relies on the quota to keep off+len(p) small.
func (fs *FS) write(n *node, p []byte, off int64) int {
	if end := off + int64(len(p)); end > int64(len(n.data)) && len(p) > 0 {
		n.resize(end)
	}
	fs.modified(n)
	if len(p) == 0 {
		return 0
	}
	return copy(n.data[off:], p)
}

// resize fills what it adds with zeros, and gives memory back that a cut leaves unused.
func (n *node) resize(size int64) {
	old := int64(len(n.data))
	switch {
	case size <= old/4:
		n.data = slices.Clone(n.data[:size])
	case size <= old:
		n.data = n.data[:size]
	default:
		n.data = slices.Grow(n.data, int(size-old))[:size]
		clear(n.data[old:])
	}
}

func (f file) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	f.node.resize(size)
	f.fs.modified(f.node)
	return nil
}

func (f file) Allocate(off, n int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if off+n > int64(len(f.node.data)) {
		f.node.resize(off + n)
	}
	return nil
}
