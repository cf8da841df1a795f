package confined

import (
	"io/fs"
	"os"
	"syscall"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"golang.org/x/sys/windows"
)

const nonblock = 0

func openDir(path string) (vfs.Dir, error) { return openRootDir(path) }

// rootStat takes from the file, if it could be opened, what the FileInfo does not have: which file it is, how many names it has.
func rootStat(info fs.FileInfo, f *os.File) vfs.Stat {
	st := vfs.Stat{Nlink: 1, Size: info.Size(), Type: infoType(info)}
	if data, ok := info.Sys().(*syscall.Win32FileAttributeData); ok {
		st.Atime = data.LastAccessTime.Nanoseconds()
		st.Mtime = data.LastWriteTime.Nanoseconds()
		st.Ctime = st.Mtime
	}
	var by windows.ByHandleFileInformation
	if f != nil && windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &by) == nil {
		st.Dev = uint64(by.VolumeSerialNumber)
		st.Ino = uint64(by.FileIndexHigh)<<32 | uint64(by.FileIndexLow)
		st.Nlink = uint64(by.NumberOfLinks)
	}
	return st
}

func infoType(info fs.FileInfo) vfs.FileType {
	switch mode := info.Mode(); {
	case mode.IsDir():
		return vfs.Directory
	case mode.IsRegular():
		return vfs.Regular
	case mode&fs.ModeSymlink != 0:
		return vfs.SymbolicLink
	}
	return vfs.Unknown
}

func setFileTimes(f *os.File, t vfs.Times) error {
	var atime, mtime *windows.Filetime
	if t.SetAtime {
		ft := windows.NsecToFiletime(t.Atime)
		atime = &ft
	}
	if t.SetMtime {
		ft := windows.NsecToFiletime(t.Mtime)
		mtime = &ft
	}
	return windows.SetFileTime(windows.Handle(f.Fd()), nil, atime, mtime)
}

var errnos = map[syscall.Errno]vfs.Errno{
	windows.ERROR_ACCESS_DENIED:         vfs.EACCES,
	windows.ERROR_ALREADY_EXISTS:        vfs.EEXIST,
	windows.ERROR_BAD_NETPATH:           vfs.ENOENT,
	windows.ERROR_BROKEN_PIPE:           vfs.EPIPE,
	windows.ERROR_CANT_RESOLVE_FILENAME: vfs.ELOOP,
	windows.ERROR_DIRECTORY:             vfs.ENOTDIR,
	windows.ERROR_DIR_NOT_EMPTY:         vfs.ENOTEMPTY,
	windows.ERROR_DISK_FULL:             vfs.ENOSPC,
	windows.ERROR_FILENAME_EXCED_RANGE:  vfs.ENAMETOOLONG,
	windows.ERROR_FILE_EXISTS:           vfs.EEXIST,
	windows.ERROR_FILE_NOT_FOUND:        vfs.ENOENT,
	windows.ERROR_HANDLE_DISK_FULL:      vfs.ENOSPC,
	windows.ERROR_INVALID_HANDLE:        vfs.EBADF,
	windows.ERROR_INVALID_NAME:          vfs.ENOENT,
	windows.ERROR_INVALID_PARAMETER:     vfs.EINVAL,
	windows.ERROR_NEGATIVE_SEEK:         vfs.EINVAL,
	windows.ERROR_NOT_A_REPARSE_POINT:   vfs.EINVAL,
	windows.ERROR_NOT_SAME_DEVICE:       vfs.EXDEV,
	windows.ERROR_NOT_SUPPORTED:         vfs.ENOTSUP,
	windows.ERROR_PATH_NOT_FOUND:        vfs.ENOTDIR, // os.Root walks one component at a time, so this means a file where a directory should be
	windows.ERROR_PRIVILEGE_NOT_HELD:    vfs.EPERM,
	windows.ERROR_SHARING_VIOLATION:     vfs.EBUSY,
	windows.ERROR_TOO_MANY_OPEN_FILES:   vfs.EMFILE,
	windows.ERROR_WRITE_PROTECT:         vfs.EROFS,
	syscall.EEXIST:                      vfs.EEXIST,
	syscall.EINVAL:                      vfs.EINVAL,
	syscall.EISDIR:                      vfs.EISDIR,
	syscall.ELOOP:                       vfs.ELOOP,
	syscall.ENAMETOOLONG:                vfs.ENAMETOOLONG,
	syscall.ENOTEMPTY:                   vfs.ENOTEMPTY,
	syscall.EPERM:                       vfs.EPERM,
}

// errno turns an error of a system call into one for the guest.
func errno(err syscall.Errno) error {
	if e, ok := errnos[err]; ok {
		return e
	}
	return vfs.EIO
}
