// Package vfs says what the WASI functions ask of a file system, and holds what every file system of ours shares:
// error numbers, path resolution, quotas.
//
// A Dir is a capability: its methods take paths of the guest, relative to it, and reach nothing outside of it whatever the
// path holds ("..", absolute, symbolic links found or made, races). Errors are an Errno, never a text of the host.
package vfs

// FileType is the type of a file, as WASI numbers it.
//
// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#filetype
type FileType uint8

// The file types.
const (
	Unknown FileType = iota
	BlockDevice
	CharDevice
	Directory
	Regular
	SocketDgram
	SocketStream
	SymbolicLink
)

// Stat holds the attributes of a file. Times are in nanoseconds since 1970.
type Stat struct {
	Dev, Ino, Nlink     uint64
	Type                FileType
	Size                int64
	Atime, Mtime, Ctime int64
}

// Times holds what to set of a file's two times, in nanoseconds since 1970.
type Times struct {
	Atime, Mtime       int64
	SetAtime, SetMtime bool
}

// Entry is one name in a directory.
type Entry struct {
	Name string
	Ino  uint64
	Type FileType
}

// How says how Dir.Open opens a file.
type How struct {
	Read, Write                 bool // both unset opens a file for its attributes, or a directory
	Create, Exclusive, Truncate bool
	Directory                   bool // fail with ENOTDIR if it is something else
	Follow                      bool // follow a symbolic link in the last component
	Sync, DataSync              bool // each write reaches the disk before it returns
}

// Node is an open file or directory. The caller sees to it that no method runs during or after Close.
type Node interface {
	Stat() (Stat, error)
	SetTimes(Times) error
	Sync(dataOnly bool) error
	Close() error
}

// File is an open regular file or character device; the latter ignores offsets.
// It may be used by several goroutines, except for Append and WriteAt, of which one may run at a time.
type File interface {
	Node
	// ReadAt reads up to len(p) bytes; 0 without an error is the end of the file.
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	// Append writes at the end of the file, atomically if the host can, and says where that left the end.
	Append(p []byte) (n int, end int64, err error)
	Truncate(size int64) error
	// Allocate makes the file at least off+n bytes long.
	Allocate(off, n int64) error
}

// Dir is an open directory. Rename and Link fail with EXDEV if the other directory is of another mount.
type Dir interface {
	Node
	Open(path string, how How) (Node, error)
	Mkdir(path string) error
	Rmdir(path string) error
	Unlink(path string) error
	Rename(old string, to Dir, name string) error
	Link(old string, to Dir, name string) error
	Symlink(target, path string) error
	Readlink(path string) (string, error)
	StatAt(path string, follow bool) (Stat, error)
	SetTimesAt(path string, follow bool, t Times) error
	// ReadDir gives the next entries, some at a time, without "." and ".."; none at the end. One goroutine may use it at a time.
	ReadDir() ([]Entry, error)
	Rewind() error
}
