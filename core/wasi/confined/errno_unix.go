//go:build linux || darwin

package confined

import (
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"golang.org/x/sys/unix"
)

var errnos = map[error]vfs.Errno{
	unix.EACCES:       vfs.EACCES,
	unix.EAGAIN:       vfs.EAGAIN,
	unix.EBADF:        vfs.EBADF,
	unix.EBUSY:        vfs.EBUSY,
	unix.EDQUOT:       vfs.EDQUOT,
	unix.EEXIST:       vfs.EEXIST,
	unix.EFBIG:        vfs.EFBIG,
	unix.EILSEQ:       vfs.EILSEQ,
	unix.EINTR:        vfs.EINTR,
	unix.EINVAL:       vfs.EINVAL,
	unix.EIO:          vfs.EIO,
	unix.EISDIR:       vfs.EISDIR,
	unix.ELOOP:        vfs.ELOOP,
	unix.EMFILE:       vfs.EMFILE,
	unix.EMLINK:       vfs.EMLINK,
	unix.ENAMETOOLONG: vfs.ENAMETOOLONG,
	unix.ENFILE:       vfs.ENFILE,
	unix.ENODEV:       vfs.ENODEV,
	unix.ENOENT:       vfs.ENOENT,
	unix.ENOMEM:       vfs.ENOMEM,
	unix.ENOSPC:       vfs.ENOSPC,
	unix.ENOSYS:       vfs.ENOSYS,
	unix.ENOTDIR:      vfs.ENOTDIR,
	unix.ENOTEMPTY:    vfs.ENOTEMPTY,
	unix.ENOTSUP:      vfs.ENOTSUP,
	unix.ENOTTY:       vfs.ENOTTY,
	unix.ENXIO:        vfs.ENXIO,
	unix.EOVERFLOW:    vfs.EOVERFLOW,
	unix.EPERM:        vfs.EPERM,
	unix.EPIPE:        vfs.EPIPE,
	unix.EROFS:        vfs.EROFS,
	unix.ESPIPE:       vfs.ESPIPE,
	unix.ETXTBSY:      vfs.ETXTBSY,
	unix.EXDEV:        vfs.EXDEV,
}

// errno turns an error of a system call into one for the guest.
func errno(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(vfs.Errno); ok {
		return e
	}
	if e, ok := errnos[err]; ok {
		return e
	}
	return vfs.EIO
}

// retry repeats a call that a signal cut short, such as those by which Go preempts its threads.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

func retryFD(call func() (int, error)) (fd int, err error) {
	err = retry(func() error {
		fd, err = call()
		return err
	})
	return fd, err
}
