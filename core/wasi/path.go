package wasi

import "github.com/pywasm-go/pywasm/core/wasi/vfs"

const followSymlinks = 1 // the only one of the lookupflags

// atPath runs fn with the directory in parameter 0 and the path in the parameters i and i+1.
func (c call) atPath(need rights, i int, fn func(dir vfs.Dir, path string) error) error {
	h, err := c.dirFD(0, need)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	path, err := c.text(i)
	if err != nil {
		return err
	}
	return fn(h.dir, path)
}

func (c call) follow(i int) bool { return c.u32(i)&followSymlinks != 0 }

func pathCreateDirectory(c call) error { return c.atPath(rightCreateDirectory, 1, vfs.Dir.Mkdir) }

func pathRemoveDirectory(c call) error { return c.atPath(rightRemoveDirectory, 1, vfs.Dir.Rmdir) }

func pathUnlinkFile(c call) error { return c.atPath(rightUnlinkFile, 1, vfs.Dir.Unlink) }

func pathFilestatGet(c call) error {
	return c.atPath(rightPathFilestatGet, 2, func(dir vfs.Dir, path string) error {
		b, err := c.bytes(4, c.abi.filestatSize)
		if err != nil {
			return err
		}
		st, err := dir.StatAt(path, c.follow(1))
		if err == nil {
			c.putFilestat(b, st)
		}
		return err
	})
}

func pathFilestatSetTimes(c call) error {
	return c.atPath(rightPathSetTimes, 2, func(dir vfs.Dir, path string) error {
		t, err := c.times(4)
		if err != nil {
			return err
		}
		return dir.SetTimesAt(path, c.follow(1), t)
	})
}

func pathReadlink(c call) error {
	return c.atPath(rightReadlink, 1, func(dir vfs.Dir, path string) error {
		buf, err := c.bytes(3, c.u32(4))
		if err != nil {
			return err
		}
		target, err := dir.Readlink(path)
		if err != nil {
			return err
		}
		return c.put32(5, uint32(copy(buf, target)))
	})
}

// pathSymlink refuses an absolute target. Nothing here would follow it, but what runs on the host, over the same files, might.
func pathSymlink(c call) error {
	target, err := c.text(0)
	switch {
	case err != nil:
		return err
	case target == "":
		return vfs.ENOENT
	case target[0] == '/':
		return vfs.ENOTCAPABLE
	}
	h, err := c.dirFD(2, rightSymlink)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	path, err := c.text(3)
	if err != nil {
		return err
	}
	return h.dir.Symlink(target, path)
}

func pathLink(c call) error {
	if c.follow(1) {
		return vfs.EINVAL
	}
	return c.between(rightLinkSource, 2, 4, rightLinkTarget, vfs.Dir.Link)
}

func pathRename(c call) error {
	return c.between(rightRenameSource, 1, 3, rightRenameTarget, vfs.Dir.Rename)
}

// between runs fn from the directory in parameter 0, path at parameter i, to the directory in parameter j, path after that.
func (c call) between(need rights, i, j int, needTo rights, fn func(d vfs.Dir, old string, to vfs.Dir, path string) error) error {
	return c.atPath(need, i, func(dir vfs.Dir, old string) error {
		to, err := c.dirFD(j, needTo)
		if err != nil {
			return err
		}
		defer c.fds.put(to)
		path, err := c.text(j + 1)
		if err != nil {
			return err
		}
		return fn(dir, old, to.dir, path)
	})
}

// The oflags of path_open.
const (
	openCreate = 1 << iota
	openDirectory
	openExclusive
	openTruncate
)

func pathOpen(c call) error {
	oflags, flags := c.u32(4), c.u32(7)
	base, inheriting := rights(c.u64(5))&allRights, rights(c.u64(6))&allRights
	if oflags > 15 || flags > uint32(allFlags) || oflags&(openCreate|openDirectory) == openCreate|openDirectory {
		return vfs.EINVAL
	}
	parent, err := c.dirFD(0, rightOpen)
	if err != nil {
		return err
	}
	defer c.fds.put(parent)
	if err := parent.mayOpen(oflags, base); err != nil {
		return err
	}
	if parent.has(rightPathSetSize) { // Go does not ask for it where it means to truncate files through the directory it opens
		base |= rightPathSetSize
	}
	path, err := c.text(2)
	if err != nil {
		return err
	}
	if _, err := c.bytes(8, 4); err != nil {
		return err
	}
	node, err := parent.dir.Open(path, c.how(base))
	if err != nil {
		return err
	}
	h, err := newHandle(node, base, inheriting, parent.readOnly)
	if err != nil {
		return err
	}
	h.flags = fdFlags(flags)
	fd, err := c.fds.insert(h)
	if err != nil {
		return err
	}
	return c.put32(8, fd)
}

// how puts the flags of path_open together. Only the rights to read and to write decide how the host opens a file: guests that mean
// to read ask for others besides, such as to set the size.
func (c call) how(base rights) vfs.How {
	oflags, flags := c.u32(4), fdFlags(c.u32(7))
	return vfs.How{
		Read: base&(rightRead|rightReaddir) != 0, Write: base&rightWrite != 0, Follow: c.follow(1),
		Create: oflags&openCreate != 0, Exclusive: oflags&openExclusive != 0, Truncate: oflags&openTruncate != 0,
		Directory: oflags&openDirectory != 0,
		Sync:      flags&(flagSync|flagRsync) != 0, DataSync: flags&flagDsync != 0,
	}
}

// mayOpen checks that a directory's own rights allow path_open to do what it is asked for. The rights that it hands on are
// recorded but not enforced: they protect a guest from nobody but itself, and Go's os.Root, for one, opens directories without
// any right to write and then makes files through them, as all other runtimes of today allow.
func (h *handle) mayOpen(oflags uint32, base rights) error {
	var need rights
	if oflags&openCreate != 0 {
		need |= rightCreateFile
	}
	if oflags&openTruncate != 0 {
		need |= rightPathSetSize
	}
	if err := h.may(need); err != nil {
		return err
	}
	if h.readOnly && base&rightWrite != 0 {
		return vfs.EROFS
	}
	return nil
}

func newHandle(node vfs.Node, base, inheriting rights, readOnly bool) (*handle, error) {
	h := &handle{inheriting: inheriting, readOnly: readOnly}
	st, err := node.Stat()
	if err != nil {
		node.Close()
		return nil, err
	}
	h.typ = st.Type
	h.base = base & rightsOf(st.Type)
	switch node := node.(type) {
	case vfs.Dir:
		h.dir = node
	case vfs.File:
		h.file = node
	}
	return h, nil
}
