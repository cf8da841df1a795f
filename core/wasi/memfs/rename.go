package memfs

import "github.com/pywasm-go/pywasm/core/wasi/vfs"

func (d *dir) Link(old string, to vfs.Dir, name string) error {
	other, ok := to.(*dir)
	if !ok || other.fs != d.fs {
		return vfs.EXDEV
	}
	d.fs.mu.Lock()
	defer d.fs.mu.Unlock()
	from, err := d.find(old, false)
	if err != nil {
		return err
	}
	n, err := existing(from)
	if err != nil {
		return err
	}
	p, err := other.findNew(name)
	if err != nil {
		return err
	}
	if err := vacant(p, false); err != nil {
		return err
	}
	if n.typ == vfs.Directory {
		return vfs.EPERM
	}
	n.nlink++
	n.ctime = d.fs.now()
	d.fs.enter(p.Dir, p.Name, n)
	return nil
}

func (d *dir) Rename(old string, to vfs.Dir, name string) error {
	other, ok := to.(*dir)
	if !ok || other.fs != d.fs {
		return vfs.EXDEV
	}
	d.fs.mu.Lock()
	defer d.fs.mu.Unlock()
	from, err := d.findNew(old)
	if err != nil {
		return err
	}
	n, err := existing(from)
	if err != nil {
		return err
	}
	p, err := other.findNew(name)
	if err != nil {
		return err
	}
	if from.Name == "." || p.Name == "." {
		return vfs.EBUSY
	}
	over := p.Dir.names[p.Name]
	if over == n {
		return nil
	}
	if err := mayReplace(n, over, p); err != nil {
		return err
	}
	if over != nil {
		d.fs.leave(p.Dir, p.Name)
	}
	delete(from.Dir.names, from.Name)
	d.fs.modified(from.Dir)
	d.fs.enter(p.Dir, p.Name, n)
	n.ctime = d.fs.now()
	return nil
}

// mayReplace checks whether n may take the place p, where over stands, if anything.
func mayReplace(n, over *node, p place) error {
	isDir := n.typ == vfs.Directory
	switch {
	case !isDir && p.Slash:
		return vfs.ENOTDIR
	case over == nil:
		if err := vacant(p, isDir); err != nil {
			return err
		}
	case isDir && over.typ != vfs.Directory:
		return vfs.ENOTDIR
	case !isDir && over.typ == vfs.Directory:
		return vfs.EISDIR
	case len(over.names) > 0:
		return vfs.ENOTEMPTY
	}
	if isDir && n.contains(p.Dir) {
		return vfs.EINVAL
	}
	return nil
}

// contains says whether a directory is n or lies in it.
func (n *node) contains(dir *node) bool {
	for dir != n && dir != nil && dir.parent != dir {
		dir = dir.parent
	}
	return dir == n
}
