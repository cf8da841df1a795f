//go:build linux || darwin

package confined

import (
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"golang.org/x/sys/unix"
)

// node is an open file or directory. It is a bare descriptor, because vfs.Node promises that Close comes last.
type node struct{ fd int }

func (n node) Stat() (vfs.Stat, error) {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstat(n.fd, &st) }); err != nil {
		return vfs.Stat{}, errno(err)
	}
	return statOf(&st), nil
}

func statAt(fd int, name string) (vfs.Stat, error) {
	var st unix.Stat_t
	if err := retry(func() error { return host.fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) }); err != nil {
		return vfs.Stat{}, errno(err)
	}
	return statOf(&st), nil
}

func statOf(st *unix.Stat_t) vfs.Stat {
	return vfs.Stat{
		Dev: uint64(st.Dev), Ino: st.Ino, Nlink: uint64(st.Nlink), Size: st.Size, Type: modeType(uint32(st.Mode)),
		Atime: st.Atim.Nano(), Mtime: st.Mtim.Nano(), Ctime: st.Ctim.Nano(),
	}
}

var types = map[uint32]vfs.FileType{
	unix.S_IFBLK:  vfs.BlockDevice,
	unix.S_IFCHR:  vfs.CharDevice,
	unix.S_IFDIR:  vfs.Directory,
	unix.S_IFREG:  vfs.Regular,
	unix.S_IFSOCK: vfs.SocketStream,
	unix.S_IFLNK:  vfs.SymbolicLink,
}

func modeType(mode uint32) vfs.FileType { return types[mode&unix.S_IFMT] }

// SetTimes names the file by its descriptor: a directory as its own ".", a file by futimens.
func (n node) SetTimes(t vfs.Times) error {
	return errno(retry(func() error { return setTimesFD(n.fd, t) }))
}

// setTimes sets what it is told to of name, a link itself included.
func setTimes(fd int, name string, t vfs.Times) error {
	return host.utimensat(fd, name, timespecs(t), unix.AT_SYMLINK_NOFOLLOW)
}

func timespecs(t vfs.Times) []unix.Timespec {
	omit := unix.Timespec{Nsec: utimeOmit}
	ts := []unix.Timespec{omit, omit}
	if t.SetAtime {
		ts[0] = unix.NsecToTimespec(t.Atime)
	}
	if t.SetMtime {
		ts[1] = unix.NsecToTimespec(t.Mtime)
	}
	return ts
}

func (n node) Sync(dataOnly bool) error {
	return errno(retry(func() error { return syncFD(n.fd, dataOnly) }))
}

func (n node) Close() error { return errno(unix.Close(n.fd)) }

// file is an open regular file, or a character device, which has no offsets.
type file struct {
	node
	device    bool
	appending bool // O_APPEND is set
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	return f.transfer(func() (int, error) {
		if f.device {
			return unix.Read(f.fd, p)
		}
		return unix.Pread(f.fd, p, off)
	})
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if err := f.setAppend(false); err != nil {
		return 0, errno(err)
	}
	return f.transfer(func() (int, error) {
		if f.device {
			return unix.Write(f.fd, p)
		}
		return unix.Pwrite(f.fd, p, off)
	})
}

// Append leaves it to O_APPEND to find the end, which holds also if other processes append.
func (f *file) Append(p []byte) (n int, end int64, err error) {
	if err := f.setAppend(true); err != nil {
		return 0, 0, errno(err)
	}
	if n, err = f.transfer(func() (int, error) { return unix.Write(f.fd, p) }); err != nil || f.device {
		return n, 0, err
	}
	end, err = unix.Seek(f.fd, 0, unix.SEEK_CUR)
	return n, end, errno(err)
}

func (f *file) setAppend(on bool) error {
	if f.appending == on {
		return nil
	}
	flags, err := unix.FcntlInt(uintptr(f.fd), unix.F_GETFL, 0)
	if err == nil {
		_, err = unix.FcntlInt(uintptr(f.fd), unix.F_SETFL, flags&^unix.O_APPEND|appendFlag(on))
	}
	f.appending = on && err == nil
	return err
}

func appendFlag(on bool) int {
	if on {
		return unix.O_APPEND
	}
	return 0
}

func (f *file) transfer(move func() (int, error)) (n int, err error) {
	err = retry(func() error {
		n, err = move()
		return err
	})
	return max(n, 0), errno(err)
}

func (f *file) Truncate(size int64) error {
	return errno(retry(func() error { return unix.Ftruncate(f.fd, size) }))
}

// Allocate sets the size only, and leaves it to the host where the bytes are kept: a guest that asks for a large file
// would otherwise take the disk at once.
func (f *file) Allocate(off, n int64) error {
	st, err := f.Stat()
	if err != nil || st.Size >= off+n {
		return err
	}
	return f.Truncate(off + n)
}
