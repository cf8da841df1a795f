//go:build linux || darwin

package confined

import (
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"golang.org/x/sys/unix"
)

// walk is the opener for hosts that cannot resolve a path beneath a directory themselves.
func walk(fd int, path string) (int, error) {
	d, owned, err := vfs.Walker[int]{
		Enter: func(fd int, name string) (int, error) {
			fd, err := retryFD(func() (int, error) { return host.openat(fd, name, searchFlags|unix.O_NOFOLLOW, 0) })
			return fd, errno(err)
		},
		Readlink: readlinkat,
		Close:    func(fd int) { unix.Close(fd) },
	}.Open(fd, path)
	if err == nil && !owned { // such as "a/..": the caller closes what it gets
		d, err = unix.FcntlInt(uintptr(d), unix.F_DUPFD_CLOEXEC, 0)
		err = errno(err)
	}
	return d, err
}

func readlinkat(fd int, name string) (string, error) {
	buf := make([]byte, vfs.MaxPath+1)
	n, err := retryFD(func() (int, error) { return host.readlinkat(fd, name, buf) })
	if err != nil {
		return "", errno(err)
	}
	if n > vfs.MaxPath {
		return "", vfs.ENAMETOOLONG
	}
	return string(buf[:n]), nil
}
