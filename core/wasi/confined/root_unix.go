//go:build linux || darwin

package confined

import (
	"io/fs"
	"os"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"golang.org/x/sys/unix"
)

// What root.go needs of the host. It is not used on these, but for the tests.

const nonblock = unix.O_NONBLOCK

func rootStat(info fs.FileInfo, f *os.File) vfs.Stat {
	var st unix.Stat_t
	if f != nil && unix.Fstat(int(f.Fd()), &st) == nil {
		return statOf(&st)
	}
	return vfs.Stat{Nlink: 1, Size: info.Size(), Mtime: info.ModTime().UnixNano(), Type: modeType(infoMode(info))}
}

func infoMode(info fs.FileInfo) uint32 {
	switch info.Mode().Type() {
	case fs.ModeSymlink:
		return unix.S_IFLNK
	case fs.ModeSocket:
		return unix.S_IFSOCK
	case 0:
		return unix.S_IFREG
	}
	return 0
}

func setFileTimes(f *os.File, t vfs.Times) error { return setTimesFD(int(f.Fd()), t) }
