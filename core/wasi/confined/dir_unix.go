//go:build linux || darwin

package confined

import (
	"os"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"golang.org/x/sys/unix"
)

// dir is an open directory. All directories of a mount share the opener.
type dir struct {
	node
	parent opener
	mount  *mount
}

// mount tells directories of one mount from those of another.
type mount struct {
	dev    uint64 // the device of its top
	isProc bool   // which is a procfs
}

// opener opens the directory that path names beneath fd, following links, never leaving.
type opener func(fd int, path string) (int, error)

// base is the directory of a place. Closing it spares the directory that the resolution began in.
type base struct {
	fd    int
	owned bool
}

func openDir(path string) (vfs.Dir, error) {
	fd, err := retryFD(func() (int, error) { return unix.Open(path, openDirFlags, 0) })
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	top := node{fd}
	st, err := top.Stat()
	if err != nil {
		unix.Close(fd)
		return nil, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return &dir{node: top, parent: beneath(), mount: &mount{dev: st.Dev, isProc: isProc(fd)}}, nil
}

const openDirFlags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC

func (d *dir) find(path string, follow bool) (vfs.Place[base], error) {
	return vfs.Finder[base]{
		Open: func(path string) (base, error) {
			if path == "." {
				return base{d.fd, false}, nil
			}
			fd, err := d.parent(d.fd, path)
			return base{fd, true}, err
		},
		Readlink: func(b base, name string) (string, error) { return readlinkat(b.fd, name) },
		Close:    closeBase,
	}.Find(path, follow)
}

func closeBase(b base) {
	if b.owned {
		unix.Close(b.fd)
	}
}

// at runs fn on the last component of path, in its directory.
func (d *dir) at(path string, follow bool, fn func(fd int, name string) error) error {
	p, err := d.find(path, follow)
	if err != nil {
		return err
	}
	defer closeBase(p.Dir)
	if p.Slash {
		if err := mustBeDir(p.Dir.fd, p.Name); err != nil {
			return err
		}
	}
	return errno(retry(func() error { return fn(p.Dir.fd, p.Name) }))
}

// mustBeDir says what to answer when a slash follows a name. It decides about that slash only, not about where the path leads:
// the slash is never handed to the host, which would follow a link before it.
func mustBeDir(fd int, name string) error {
	st, err := statAt(fd, name)
	if err == nil && st.Type != vfs.Directory {
		err = vfs.ENOTDIR
	}
	return err
}

// atNew is at for the places where something is to be made or taken away: a slash at the end does not lead through a link there.
// Hosts do not agree on what to say if that is the directory itself; dot is.
func (d *dir) atNew(path string, dot vfs.Errno, fn func(fd int, name string, slash bool) error) error {
	parent, leaf, slash, err := vfs.Split(path)
	if err != nil {
		return err
	}
	p, err := d.find(parent+"/"+leaf, false)
	if err != nil {
		return err
	}
	defer closeBase(p.Dir)
	if p.Name == "." {
		return dot
	}
	return errno(retry(func() error { return fn(p.Dir.fd, p.Name, slash) }))
}

func (d *dir) StatAt(path string, follow bool) (st vfs.Stat, err error) {
	err = d.at(path, follow, func(fd int, name string) error {
		st, err = statAt(fd, name)
		return err
	})
	return st, err
}

func (d *dir) SetTimesAt(path string, follow bool, t vfs.Times) error {
	return d.at(path, follow, func(fd int, name string) error { return setTimes(fd, name, t) })
}

func (d *dir) Readlink(path string) (target string, err error) {
	err = d.at(path, false, func(fd int, name string) error {
		target, err = readlinkat(fd, name)
		return err
	})
	return target, err
}

func (d *dir) Mkdir(path string) error {
	return d.atNew(path, vfs.EEXIST, func(fd int, name string, _ bool) error { return host.mkdirat(fd, name, 0o777) })
}

func (d *dir) Rmdir(path string) error {
	return d.atNew(path, vfs.EINVAL, func(fd int, name string, _ bool) error { return host.unlinkat(fd, name, unix.AT_REMOVEDIR) })
}

func (d *dir) Unlink(path string) error {
	return d.atNew(path, vfs.EISDIR, func(fd int, name string, slash bool) error {
		if slash {
			if err := mustBeDir(fd, name); err != nil {
				return err
			}
			return vfs.EISDIR
		}
		err := host.unlinkat(fd, name, 0)
		if err == unix.EPERM && mustBeDir(fd, name) == nil { // what macOS says of a directory
			return vfs.EISDIR
		}
		return err
	})
}

func (d *dir) Symlink(target, path string) error {
	return d.atNew(path, vfs.EEXIST, func(fd int, name string, slash bool) error {
		if slash {
			return slashedNew(fd, name)
		}
		return host.symlinkat(target, fd, name)
	})
}

// slashedNew is the error for making something that is no directory at a name with a slash after it.
func slashedNew(fd int, name string) error {
	if _, err := statAt(fd, name); err != nil {
		return err
	}
	return vfs.EEXIST
}

func (d *dir) Link(old string, to vfs.Dir, name string) error {
	other, ok := to.(*dir)
	if !ok || other.mount != d.mount {
		return vfs.EXDEV
	}
	return d.at(old, false, func(oldFD int, oldName string) error {
		return other.atNew(name, vfs.EEXIST, func(fd int, name string, slash bool) error {
			if slash {
				return slashedNew(fd, name)
			}
			return host.linkat(oldFD, oldName, fd, name, 0)
		})
	})
}

func (d *dir) Rename(old string, to vfs.Dir, name string) error {
	other, ok := to.(*dir)
	if !ok || other.mount != d.mount {
		return vfs.EXDEV
	}
	return d.atNew(old, vfs.EBUSY, func(oldFD int, oldName string, oldSlash bool) error {
		return other.atNew(name, vfs.EBUSY, func(fd int, name string, slash bool) error {
			if oldSlash || slash {
				if err := mustBeDir(oldFD, oldName); err != nil {
					return err
				}
			}
			return host.renameat(oldFD, oldName, fd, name)
		})
	})
}
