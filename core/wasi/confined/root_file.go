package confined

import (
	"errors"
	"io"
	"os"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// rootFile is an open file of a rootDir.
type rootFile struct {
	f      *os.File
	device bool
}

func (f *rootFile) Stat() (vfs.Stat, error) {
	info, err := f.f.Stat()
	if err != nil {
		return vfs.Stat{}, rootErrno(err)
	}
	return rootStat(info, f.f), nil
}

func (f *rootFile) SetTimes(t vfs.Times) error { return rootErrno(setFileTimes(f.f, t)) }

func (f *rootFile) Sync(bool) error { return rootErrno(f.f.Sync()) }

func (f *rootFile) Close() error { return rootErrno(f.f.Close()) }

func (f *rootFile) ReadAt(p []byte, off int64) (n int, err error) {
	if f.device {
		n, err = f.f.Read(p)
	} else {
		n, err = f.f.ReadAt(p, off)
	}
	if n > 0 || errors.Is(err, io.EOF) {
		err = nil
	}
	return n, rootErrno(err)
}

func (f *rootFile) WriteAt(p []byte, off int64) (n int, err error) {
	if f.device {
		n, err = f.f.Write(p)
	} else {
		n, err = f.f.WriteAt(p, off)
	}
	return n, rootErrno(err)
}

func (f *rootFile) Append(p []byte) (n int, end int64, err error) {
	info, err := f.f.Stat()
	if err != nil {
		return 0, 0, rootErrno(err)
	}
	n, err = f.WriteAt(p, info.Size())
	return n, info.Size() + int64(n), err
}

func (f *rootFile) Truncate(size int64) error { return rootErrno(f.f.Truncate(size)) }

func (f *rootFile) Allocate(off, n int64) error {
	st, err := f.Stat()
	if err != nil || st.Size >= off+n {
		return err
	}
	return f.Truncate(off + n)
}
