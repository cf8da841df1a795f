package confined

import (
	"sync"
	"unsafe"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"golang.org/x/sys/unix"
)

const (
	searchFlags = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
	utimeOmit   = unix.UTIME_OMIT

	// resolve has openat2 stay beneath a directory. That it does not follow the links of a procfs, which lead anywhere, is implied
	// today; the manual says that this may change, and to ask for it.
	resolve = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS

	// Where struct linux_dirent64 has what ReadDir takes from it.
	direntLen, direntType, direntName = 16, 18, 19
)

// beneath picks the opener once: openat2(2) is in Linux 5.6 and later, but a seccomp filter may forbid it.
var beneath = sync.OnceValue(func() opener {
	fd, err := openat2(unix.AT_FDCWD, ".", resolve)
	if err == unix.ENOSYS || err == unix.EPERM || err == unix.EACCES {
		return walk
	}
	if err == nil {
		unix.Close(fd)
	}
	return kernelWalk
})

func openat2(fd int, path string, resolve uint64) (int, error) {
	return retryFD(func() (int, error) {
		return unix.Openat2(fd, path, &unix.OpenHow{Flags: searchFlags, Resolve: resolve})
	})
}

// kernelWalk lets the kernel resolve the path. It says EXDEV where the path leads out, and EAGAIN where it cannot tell because
// something was moved meanwhile; our own walk can, since it goes back to the directories it came through.
func kernelWalk(fd int, path string) (int, error) {
	got, err := openat2(fd, path, resolve)
	switch err {
	case unix.EXDEV:
		return got, vfs.ENOTCAPABLE
	case unix.EAGAIN:
		return walk(fd, path)
	}
	return got, errno(err)
}

// setTimesFD is futimens(3): utimensat(2) without a path.
func setTimesFD(fd int, t vfs.Times) error {
	ts := timespecs(t)
	_, _, e := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(&ts[0])), 0, 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

func syncFD(fd int, dataOnly bool) error {
	if dataOnly {
		return unix.Fdatasync(fd)
	}
	return unix.Fsync(fd)
}

func isProc(fd int) bool {
	var fs unix.Statfs_t
	return unix.Fstatfs(fd, &fs) == nil && fs.Type == unix.PROC_SUPER_MAGIC
}
