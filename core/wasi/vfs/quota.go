package vfs

import "sync"

// MaxEntries bounds how many names a mount with a quota may gain: each costs the host something, even if it holds no bytes.
const MaxEntries = 1 << 17

// Quota bounds by how much a mount may grow. What the guest frees it may use again.
type Quota struct {
	mu      sync.Mutex
	bytes   int64
	entries int
	open    map[inode]*held
}

type inode struct{ dev, ino uint64 }

// held is a file that is open. Its bytes stay in use until the last handle is closed, even if its last name is gone.
type held struct {
	handles int
	gone    bool
}

// NewQuota makes a quota of so many bytes and names.
func NewQuota(bytes int64, entries int) *Quota {
	return &Quota{bytes: bytes, entries: entries, open: map[inode]*held{}}
}

// Limit puts dir, and all that is opened through it, under the quota.
func (q *Quota) Limit(dir Dir) Dir { return &limitedDir{dir, q} }

// freed gives back what a name that has just been removed, st, took up.
func (q *Quota) freed(st Stat) {
	q.entries++
	if st.Nlink > 1 || st.Type != Regular && st.Type != SymbolicLink {
		return
	}
	if h := q.open[inode{st.Dev, st.Ino}]; h != nil {
		h.gone = true
		return
	}
	q.bytes += st.Size
}

// enter charges a new name and so many bytes, if make succeeds.
func (q *Quota) enter(size int64, make func() error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.entries < 1 || q.bytes < size {
		return ENOSPC
	}
	err := make()
	if err == nil {
		q.entries--
		q.bytes -= size
	}
	return err
}

type limitedDir struct {
	Dir
	q *Quota
}

func (d *limitedDir) Open(path string, how How) (Node, error) {
	d.q.mu.Lock()
	defer d.q.mu.Unlock()
	var before Stat
	existed := true
	if how.Create || how.Truncate {
		var err error
		before, err = d.StatAt(path, how.Follow && !how.Exclusive)
		if existed = err == nil; !existed && how.Create && d.q.entries < 1 {
			return nil, ENOSPC
		}
	}
	node, err := d.Dir.Open(path, how)
	if err != nil {
		return nil, err
	}
	if !existed {
		d.q.entries--
	}
	switch node := node.(type) {
	case Dir:
		return d.q.Limit(node), nil
	case File:
		return d.q.hold(node, before, how.Truncate && existed)
	}
	return node, nil
}

// hold wraps a file that was just opened, and perhaps cut from what it was before.
func (q *Quota) hold(f File, before Stat, cut bool) (Node, error) {
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	if st.Type != Regular {
		return f, nil
	}
	if cut {
		q.bytes += max(before.Size-st.Size, 0)
	}
	id := inode{st.Dev, st.Ino}
	h := q.open[id]
	if h == nil {
		h = &held{}
		q.open[id] = h
	}
	h.handles++
	return &limitedFile{f, q, id}, nil
}

func (d *limitedDir) Mkdir(path string) error {
	return d.q.enter(0, func() error { return d.Dir.Mkdir(path) })
}

func (d *limitedDir) Symlink(target, path string) error {
	return d.q.enter(int64(len(target)), func() error { return d.Dir.Symlink(target, path) })
}

func (d *limitedDir) Link(old string, to Dir, name string) error {
	other, ok := to.(*limitedDir)
	if !ok || other.q != d.q {
		return EXDEV
	}
	return d.q.enter(0, func() error { return d.Dir.Link(old, other.Dir, name) })
}

func (d *limitedDir) Rmdir(path string) error {
	return d.remove(path, d.Dir.Rmdir)
}

func (d *limitedDir) Unlink(path string) error {
	return d.remove(path, d.Dir.Unlink)
}

func (d *limitedDir) remove(path string, remove func(string) error) error {
	d.q.mu.Lock()
	defer d.q.mu.Unlock()
	st, statErr := d.StatAt(path, false)
	if err := remove(path); err != nil {
		return err
	}
	if statErr == nil {
		d.q.freed(st)
	}
	return nil
}

func (d *limitedDir) Rename(old string, to Dir, name string) error {
	other, ok := to.(*limitedDir)
	if !ok || other.q != d.q {
		return EXDEV
	}
	d.q.mu.Lock()
	defer d.q.mu.Unlock()
	from, _ := d.StatAt(old, false)
	over, overErr := other.StatAt(name, false)
	if err := d.Dir.Rename(old, other.Dir, name); err != nil {
		return err
	}
	if overErr == nil && (over.Dev != from.Dev || over.Ino != from.Ino) {
		d.q.freed(over)
	}
	return nil
}

type limitedFile struct {
	File
	q  *Quota
	id inode
}

// grow runs change, which makes the file so many bytes longer if there is room, and charges what it did grow by.
func (f *limitedFile) grow(end int64, change func(size, room int64) error) error {
	f.q.mu.Lock()
	defer f.q.mu.Unlock()
	before, err := f.Stat()
	if err != nil {
		return err
	}
	if end-before.Size > f.q.bytes {
		return ENOSPC
	}
	err = change(before.Size, f.q.bytes)
	if after, statErr := f.Stat(); statErr == nil {
		f.q.bytes -= after.Size - before.Size
	}
	return err
}

func (f *limitedFile) WriteAt(p []byte, off int64) (n int, err error) {
	err = f.grow(0, func(size, room int64) error {
		if fits := size + room - off; int64(len(p)) > fits {
			if fits <= 0 {
				return ENOSPC
			}
			p = p[:fits]
		}
		n, err = f.File.WriteAt(p, off)
		return err
	})
	return n, err
}

func (f *limitedFile) Append(p []byte) (n int, end int64, err error) {
	err = f.grow(0, func(_, room int64) error {
		if int64(len(p)) > room {
			if room <= 0 {
				return ENOSPC
			}
			p = p[:room]
		}
		n, end, err = f.File.Append(p)
		return err
	})
	return n, end, err
}

func (f *limitedFile) Truncate(size int64) error {
	return f.grow(size, func(_, _ int64) error { return f.File.Truncate(size) })
}

func (f *limitedFile) Allocate(off, n int64) error {
	return f.grow(off+n, func(_, _ int64) error { return f.File.Allocate(off, n) })
}

func (f *limitedFile) Close() error {
	f.q.mu.Lock()
	defer f.q.mu.Unlock()
	h := f.q.open[f.id]
	if h.handles--; h.handles == 0 {
		delete(f.q.open, f.id)
		if st, err := f.Stat(); h.gone && err == nil {
			f.q.bytes += st.Size
		}
	}
	return f.File.Close()
}
