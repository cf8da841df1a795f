//go:build linux || darwin

package confined

import "golang.org/x/sys/unix"

// calls are those of the host that use a name in an open directory. They must get a name, and no path: a slash alone has a host
// follow the link before it, whatever the flags say.
type calls struct {
	openat     func(fd int, name string, flags int, mode uint32) (int, error)
	fstatat    func(fd int, name string, st *unix.Stat_t, flags int) error
	utimensat  func(fd int, name string, ts []unix.Timespec, flags int) error
	readlinkat func(fd int, name string, buf []byte) (int, error)
	mkdirat    func(fd int, name string, mode uint32) error
	unlinkat   func(fd int, name string, flags int) error
	symlinkat  func(target string, fd int, name string) error
	linkat     func(oldFD int, old string, fd int, name string, flags int) error
	renameat   func(oldFD int, old string, fd int, name string) error
}

// host is a variable so that tests can look at the names, and do something at the worst moment.
var host = calls{
	unix.Openat, unix.Fstatat, unix.UtimesNanoAt, unix.Readlinkat, unix.Mkdirat, unix.Unlinkat, unix.Symlinkat, unix.Linkat, unix.Renameat,
}
