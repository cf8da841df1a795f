package confined

import (
	"strings"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

func (d *rootDir) Link(old string, to vfs.Dir, name string) error {
	other, ok := to.(*rootDir)
	if !ok || other.top != d.top {
		return vfs.EXDEV
	}
	return d.at(old, false, func(from rootBase, oldName string) error {
		return other.atNew(name, vfs.EEXIST, func(b rootBase, newName string, slash bool) error {
			info, err := from.Lstat(oldName)
			if err != nil {
				return err
			}
			_, err = b.Lstat(newName)
			switch {
			case err == nil:
				return vfs.EEXIST
			case slash:
				return err
			case info.IsDir():
				return vfs.EPERM
			}
			return d.top.root.Link(d.fromTop(old), other.fromTop(name))
		})
	})
}

func (d *rootDir) Rename(old string, to vfs.Dir, name string) error {
	other, ok := to.(*rootDir)
	if !ok || other.top != d.top {
		return vfs.EXDEV
	}
	return d.atNew(old, vfs.EBUSY, func(from rootBase, oldName string, oldSlash bool) error {
		return other.atNew(name, vfs.EBUSY, func(b rootBase, newName string, slash bool) error {
			if err := mayRename(from, oldName, b, newName, oldSlash || slash); err != nil {
				return err
			}
			return d.top.root.Rename(d.fromTop(old), other.fromTop(name))
		})
	})
}

// mayRename gives the errors that the host words otherwise. The rename itself decides, should things change in between.
func mayRename(from rootBase, oldName string, b rootBase, newName string, slash bool) error {
	info, err := from.Lstat(oldName)
	if err != nil {
		return err
	}
	if slash && !info.IsDir() {
		return vfs.ENOTDIR
	}
	over, err := b.Lstat(newName)
	switch {
	case err != nil:
		return nil
	case info.IsDir() && !over.IsDir():
		return vfs.ENOTDIR
	case !info.IsDir() && over.IsDir():
		return vfs.EISDIR
	}
	return nil
}

// fromTop gives a path from the top of the mount. What stands before the last component is resolved anew from there, confined.
func (d *rootDir) fromTop(path string) string {
	return d.path + "/" + strings.TrimRight(path, "/")
}
