package memfs

import (
	"maps"
	"slices"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

const (
	maxName = 255 // bytes of a component, as on most hosts
	batch   = 256 // entries that ReadDir gives at a time
)

// dir is an open directory, and the top of what can be reached through it.
type dir struct {
	open
	unread  []string // names that ReadDir has yet to give
	started bool
}

type place = vfs.Place[*node]

// find resolves a path. The caller holds the lock, so that nothing moves between this and its use.
func (d *dir) find(path string, follow bool) (place, error) {
	readlink := func(n *node, name string) (string, error) {
		if child := n.names[name]; child != nil && child.typ == vfs.SymbolicLink {
			return string(child.data), nil
		}
		return "", vfs.EINVAL
	}
	walker := vfs.Walker[*node]{Enter: enterDir, Readlink: readlink, Close: func(*node) {}}
	return vfs.Finder[*node]{
		Open: func(path string) (*node, error) {
			n, _, err := walker.Open(d.node, path)
			return n, err
		},
		Readlink: readlink,
		Close:    func(*node) {},
	}.Find(path, follow)
}

func enterDir(n *node, name string) (*node, error) {
	child := n.names[name]
	switch {
	case child == nil && len(name) > maxName:
		return nil, vfs.ENAMETOOLONG
	case child == nil:
		return nil, vfs.ENOENT
	case child.typ != vfs.Directory:
		return nil, vfs.ENOTDIR
	}
	return child, nil
}

// existing is what stands at a place.
func existing(p place) (*node, error) {
	if p.Name == "." {
		return p.Dir, nil
	}
	n := p.Dir.names[p.Name]
	switch {
	case n == nil && len(p.Name) > maxName:
		return nil, vfs.ENAMETOOLONG
	case n == nil:
		return nil, vfs.ENOENT
	case p.Slash && n.typ != vfs.Directory:
		return nil, vfs.ENOTDIR
	}
	return n, nil
}

// vacant checks that a name can be made at a place; a slash after it is right for a directory only.
func vacant(p place, isDir bool) error {
	n, err := existing(place{Dir: p.Dir, Name: p.Name})
	switch {
	case n != nil:
		return vfs.EEXIST
	case err != vfs.ENOENT:
		return err
	case p.Dir.parent == nil || p.Slash && !isDir:
		return vfs.ENOENT
	}
	return nil
}

// at runs fn with what stands at path.
func (d *dir) at(path string, follow bool, fn func(*node) error) error {
	d.fs.mu.Lock()
	defer d.fs.mu.Unlock()
	p, err := d.find(path, follow)
	if err != nil {
		return err
	}
	n, err := existing(p)
	if err != nil {
		return err
	}
	return fn(n)
}

func (d *dir) StatAt(path string, follow bool) (st vfs.Stat, err error) {
	err = d.at(path, follow, func(n *node) error {
		st = d.fs.stat(n)
		return nil
	})
	return st, err
}

func (d *dir) SetTimesAt(path string, follow bool, t vfs.Times) error {
	return d.at(path, follow, func(n *node) error {
		d.fs.setTimes(n, t)
		return nil
	})
}

func (d *dir) Readlink(path string) (target string, err error) {
	err = d.at(path, false, func(n *node) error {
		if n.typ != vfs.SymbolicLink {
			return vfs.EINVAL
		}
		target = string(n.data)
		return nil
	})
	return target, err
}

func (d *dir) Open(path string, how vfs.How) (vfs.Node, error) {
	d.fs.mu.Lock()
	defer d.fs.mu.Unlock()
	p, err := d.find(path, how.Follow && !how.Exclusive)
	if err != nil {
		return nil, err
	}
	n, err := existing(p)
	if err == vfs.ENOENT && how.Create {
		return d.create(p)
	}
	if err != nil {
		return nil, err
	}
	return d.fs.openNode(n, how)
}

func (d *dir) create(p place) (vfs.Node, error) {
	if p.Slash {
		return nil, vfs.EISDIR
	}
	if err := vacant(p, false); err != nil {
		return nil, err
	}
	n := d.fs.newNode(vfs.Regular)
	d.fs.enter(p.Dir, p.Name, n)
	return file{open{d.fs, n}}, nil
}

func (fs *FS) openNode(n *node, how vfs.How) (vfs.Node, error) {
	switch {
	case how.Create && how.Exclusive:
		return nil, vfs.EEXIST
	case n.typ == vfs.SymbolicLink:
		return nil, vfs.ELOOP
	case n.typ == vfs.Directory && (how.Write || how.Truncate || how.Create):
		return nil, vfs.EISDIR
	case n.typ == vfs.Directory:
		return &dir{open: open{fs, n}}, nil
	case how.Directory:
		return nil, vfs.ENOTDIR
	}
	if how.Truncate {
		n.resize(0)
		fs.modified(n)
	}
	return file{open{fs, n}}, nil
}

// make puts a new node at path.
func (d *dir) make(path string, typ vfs.FileType, data []byte) error {
	d.fs.mu.Lock()
	defer d.fs.mu.Unlock()
	p, err := d.findNew(path)
	if err != nil {
		return err
	}
	if err := vacant(p, typ == vfs.Directory); err != nil {
		return err
	}
	n := d.fs.newNode(typ)
	n.data = data
	d.fs.enter(p.Dir, p.Name, n)
	return nil
}

// findNew resolves a path at which something is to be made: a slash after it does not lead through a link.
func (d *dir) findNew(path string) (place, error) {
	parent, leaf, slash, err := vfs.Split(path)
	if err != nil {
		return place{}, err
	}
	p, err := d.find(parent+"/"+leaf, false)
	p.Slash = slash
	return p, err
}

func (d *dir) Mkdir(path string) error { return d.make(path, vfs.Directory, nil) }

func (d *dir) Symlink(target, path string) error {
	return d.make(path, vfs.SymbolicLink, []byte(target))
}

// remove takes the name at path away, if check says that it may go.
func (d *dir) remove(path string, check func(p place, n *node) error) error {
	d.fs.mu.Lock()
	defer d.fs.mu.Unlock()
	p, err := d.findNew(path)
	if err != nil {
		return err
	}
	n, err := existing(p)
	if err == nil {
		err = check(p, n)
	}
	if err == nil {
		d.fs.leave(p.Dir, p.Name)
	}
	return err
}

func (d *dir) Rmdir(path string) error {
	return d.remove(path, func(p place, n *node) error {
		switch {
		case n.typ != vfs.Directory:
			return vfs.ENOTDIR
		case p.Name == ".":
			return vfs.EINVAL
		case len(n.names) > 0:
			return vfs.ENOTEMPTY
		}
		return nil
	})
}

func (d *dir) Unlink(path string) error {
	return d.remove(path, func(_ place, n *node) error {
		if n.typ == vfs.Directory {
			return vfs.EISDIR
		}
		return nil
	})
}

func (d *dir) ReadDir() ([]vfs.Entry, error) {
	d.fs.mu.Lock()
	defer d.fs.mu.Unlock()
	if !d.started {
		d.started = true
		d.unread = slices.Sorted(maps.Keys(d.node.names))
	}
	var entries []vfs.Entry
	for len(d.unread) > 0 && len(entries) < batch {
		name := d.unread[0]
		d.unread = d.unread[1:]
		if n := d.node.names[name]; n != nil {
			entries = append(entries, vfs.Entry{Name: name, Ino: n.ino, Type: n.typ})
		}
	}
	return entries, nil
}

func (d *dir) Rewind() error {
	d.unread, d.started = nil, false
	return nil
}
