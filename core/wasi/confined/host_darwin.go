package confined

import (
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"golang.org/x/sys/unix"
)

const (
	searchFlags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC
	utimeOmit   = -2 // UTIME_OMIT of <sys/stat.h>

	// Where struct dirent has what ReadDir takes from it.
	direntLen, direntType, direntName = 16, 20, 21
)

func beneath() opener { return walk }

// setTimesFD cuts times to microseconds: there is no futimens to be had without cgo.
func setTimesFD(fd int, t vfs.Times) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	atime, mtime := st.Atim.Nano(), st.Mtim.Nano()
	if t.SetAtime {
		atime = t.Atime
	}
	if t.SetMtime {
		mtime = t.Mtime
	}
	return unix.Futimes(fd, []unix.Timeval{unix.NsecToTimeval(atime), unix.NsecToTimeval(mtime)})
}

func syncFD(fd int, _ bool) error { return unix.Fsync(fd) }

func isProc(int) bool { return false } // there is none
