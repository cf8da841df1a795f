package confined

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// rootDir is a vfs.Dir over os.Root, for hosts without the calls that the others build on. Where it departs from them:
// the times of a symbolic link itself cannot be set, nor can it get a second name; no directory is renamed over another; appending
// is not atomic; a rename or link between two open directories goes by the names they were opened with, from the top of the mount.
type rootDir struct {
	root    *os.Root
	top     *rootDir // of the mount
	path    string   // from there
	windows bool     // names mean what they do on Windows; of the top
	list    *os.File // for ReadDir
}

func openRootDir(name string) (vfs.Dir, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	d := &rootDir{root: root, path: ".", windows: runtime.GOOS == "windows"}
	d.top = d
	return d, nil
}

// rootBase is what base is in dir_unix.go.
type rootBase struct {
	*os.Root
	owned bool
}

func (b rootBase) release() {
	if b.owned {
		b.Close()
	}
}

// find looks at names before it uses them, those that links lead to included.
func (d *rootDir) find(path string, follow bool) (vfs.Place[rootBase], error) {
	p, err := vfs.Finder[rootBase]{
		Open: func(path string) (rootBase, error) {
			switch {
			case path == ".":
				return rootBase{d.root, false}, nil
			case !d.valid(path):
				return rootBase{}, vfs.ENOENT
			}
			root, err := d.root.OpenRoot(path)
			return rootBase{root, true}, rootErrno(err)
		},
		Readlink: func(b rootBase, name string) (string, error) {
			if !d.valid(name) {
				return "", vfs.ENOENT
			}
			target, err := b.Readlink(name)
			return d.fromHost(target), rootErrno(err)
		},
		Close: rootBase.release,
	}.Find(path, follow)
	if err == nil && !d.valid(p.Name) {
		p.Dir.release()
		err = vfs.ENOENT
	}
	return p, err
}

// valid says whether each component of a path names a file, and not a drive, a stream or a device.
func (d *rootDir) valid(path string) bool { return !d.top.windows || validOnWindows(path) }

// at is what it is in dir_unix.go.
func (d *rootDir) at(path string, follow bool, fn func(b rootBase, name string) error) error {
	p, err := d.find(path, follow)
	if err != nil {
		return err
	}
	defer p.Dir.release()
	if p.Slash {
		if err := rootMustBeDir(p.Dir, p.Name); err != nil {
			return err
		}
	}
	return rootErrno(fn(p.Dir, p.Name))
}

func rootMustBeDir(b rootBase, name string) error {
	info, err := b.Lstat(name)
	if err == nil && !info.IsDir() {
		return vfs.ENOTDIR
	}
	return rootErrno(err)
}

// atNew is what it is in dir_unix.go.
func (d *rootDir) atNew(path string, dot vfs.Errno, fn func(b rootBase, name string, slash bool) error) error {
	parent, leaf, slash, err := vfs.Split(path)
	if err != nil {
		return err
	}
	p, err := d.find(parent+"/"+leaf, false)
	if err != nil {
		return err
	}
	defer p.Dir.release()
	if p.Name == "." {
		return dot
	}
	return rootErrno(fn(p.Dir, p.Name, slash))
}

func (d *rootDir) Open(name string, how vfs.How) (node vfs.Node, err error) {
	p, err := d.find(name, how.Follow && !how.Exclusive)
	if err != nil {
		return nil, err
	}
	defer p.Dir.release()
	info, err := p.Dir.Lstat(p.Name)
	switch {
	case err != nil && !(how.Create && errors.Is(err, fs.ErrNotExist)):
		return nil, rootErrno(err)
	case err == nil && how.Create && how.Exclusive:
		return nil, vfs.EEXIST
	case p.Slash && how.Create:
		return nil, vfs.EISDIR
	case err == nil && info.IsDir():
		return d.openDir(p, path.Join(d.path, name), how)
	case err == nil && info.Mode().Type() == fs.ModeSymlink:
		return nil, vfs.ELOOP
	case p.Slash || how.Directory:
		return nil, vfs.ENOTDIR
	case err == nil && !info.Mode().IsRegular() && info.Mode().Type() != fs.ModeDevice|fs.ModeCharDevice:
		return nil, vfs.ENOTSUP
	}
	f, err := p.Dir.OpenFile(p.Name, rootFlags(how), 0o666)
	if err != nil {
		return nil, rootErrno(err)
	}
	return &rootFile{f, info != nil && !info.Mode().IsRegular()}, nil
}

func (d *rootDir) openDir(p vfs.Place[rootBase], from string, how vfs.How) (vfs.Node, error) {
	if how.Write || how.Truncate || how.Create {
		return nil, vfs.EISDIR
	}
	root, err := p.Dir.OpenRoot(p.Name)
	if err != nil {
		return nil, rootErrno(err)
	}
	return &rootDir{root: root, top: d.top, path: from}, nil
}

func rootFlags(how vfs.How) (flags int) {
	switch {
	case (how.Write || how.Truncate) && how.Read:
		flags = os.O_RDWR
	case how.Write || how.Truncate:
		flags = os.O_WRONLY
	}
	for flag, on := range map[int]bool{
		os.O_CREATE: how.Create, os.O_EXCL: how.Exclusive, os.O_TRUNC: how.Truncate, os.O_SYNC: how.Sync || how.DataSync,
	} {
		if on {
			flags |= flag
		}
	}
	return flags | nonblock
}

func (d *rootDir) StatAt(path string, follow bool) (st vfs.Stat, err error) {
	err = d.at(path, follow, func(b rootBase, name string) error {
		info, err := b.Lstat(name)
		if err != nil {
			return err
		}
		var f *os.File
		if info.Mode().Type() != fs.ModeSymlink {
			if f, err = b.OpenFile(name, os.O_RDONLY|nonblock, 0); err == nil {
				defer f.Close()
			}
		}
		st = rootStat(info, f)
		return nil
	})
	return st, err
}

func (d *rootDir) SetTimesAt(path string, follow bool, t vfs.Times) error {
	return d.at(path, follow, func(b rootBase, name string) error {
		info, err := b.Lstat(name)
		if err != nil {
			return err
		}
		if info.Mode().Type() == fs.ModeSymlink {
			return vfs.ENOTSUP
		}
		return chtimes(b.Root, name, t)
	})
}

func chtimes(root *os.Root, name string, t vfs.Times) error {
	var atime, mtime time.Time // zero leaves a time as it is
	if t.SetAtime {
		atime = time.Unix(0, t.Atime)
	}
	if t.SetMtime {
		mtime = time.Unix(0, t.Mtime)
	}
	return root.Chtimes(name, atime, mtime)
}

func (d *rootDir) Readlink(path string) (target string, err error) {
	err = d.at(path, false, func(b rootBase, name string) error {
		info, err := b.Lstat(name)
		if err != nil {
			return err
		}
		if info.Mode().Type() != fs.ModeSymlink {
			return vfs.EINVAL
		}
		target, err = b.Readlink(name)
		return err
	})
	return d.fromHost(target), err
}

// fromHost gives the target of a link as a guest writes it.
func (d *rootDir) fromHost(target string) string {
	if d.top.windows {
		return strings.ReplaceAll(target, `\`, "/")
	}
	return target
}

func (d *rootDir) Mkdir(path string) error {
	return d.atNew(path, vfs.EEXIST, func(b rootBase, name string, _ bool) error { return b.Mkdir(name, 0o777) })
}

func (d *rootDir) Rmdir(path string) error {
	return d.atNew(path, vfs.EINVAL, func(b rootBase, name string, _ bool) error {
		if err := rootMustBeDir(b, name); err != nil {
			return err
		}
		return b.Remove(name)
	})
}

func (d *rootDir) Unlink(path string) error {
	return d.atNew(path, vfs.EISDIR, func(b rootBase, name string, slash bool) error {
		switch err := rootMustBeDir(b, name); {
		case err == nil:
			return vfs.EISDIR
		case err != vfs.ENOTDIR || slash:
			return err
		}
		return b.Remove(name)
	})
}

func (d *rootDir) Symlink(target, path string) error {
	return d.atNew(path, vfs.EEXIST, func(b rootBase, name string, slash bool) error {
		_, err := b.Lstat(name)
		switch {
		case err == nil:
			return vfs.EEXIST
		case slash:
			return err
		}
		return b.Symlink(target, name)
	})
}

func (d *rootDir) ReadDir() (entries []vfs.Entry, err error) {
	if d.list == nil {
		if d.list, err = d.root.Open("."); err != nil {
			return nil, rootErrno(err)
		}
	}
	names, err := d.list.Readdirnames(256)
	for _, name := range names {
		st, _ := d.StatAt(name, false)
		entries = append(entries, vfs.Entry{Name: name, Ino: st.Ino, Type: st.Type})
	}
	if err == io.EOF {
		return nil, nil
	}
	return entries, rootErrno(err)
}

func (d *rootDir) Rewind() error {
	if d.list != nil {
		d.list.Close()
		d.list = nil
	}
	return nil
}

func (d *rootDir) Stat() (vfs.Stat, error) { return d.StatAt(".", false) }

func (d *rootDir) SetTimes(t vfs.Times) error { return d.SetTimesAt(".", false, t) }

func (d *rootDir) Sync(bool) error { return nil }

func (d *rootDir) Close() error {
	d.Rewind()
	return rootErrno(d.root.Close())
}

// rootErrno finds the number in what package os says. An error without one is os.Root refusing to leave the directory.
func rootErrno(err error) error {
	var number vfs.Errno
	var host syscall.Errno
	switch {
	case err == nil:
		return nil
	case errors.As(err, &number):
		return number
	case errors.As(err, &host):
		return errno(host)
	case errors.Is(err, os.ErrClosed):
		return vfs.EBADF
	case strings.HasSuffix(err.Error(), "not a directory"):
		return vfs.ENOTDIR
	}
	return vfs.ENOTCAPABLE
}
