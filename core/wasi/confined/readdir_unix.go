//go:build linux || darwin

package confined

import (
	"bytes"
	"encoding/binary"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"golang.org/x/sys/unix"
)

func (d *dir) ReadDir() ([]vfs.Entry, error) {
	buf := make([]byte, 32<<10)
	for {
		n, err := retryFD(func() (int, error) { return unix.ReadDirent(d.fd, buf) })
		if err != nil || n <= 0 {
			return nil, errno(err)
		}
		if entries := d.entries(buf[:n]); len(entries) > 0 {
			return entries, nil
		}
	}
}

// entries takes apart what the host gave. Both hosts begin a record with the inode; the rest stands at the offsets direntX.
func (d *dir) entries(buf []byte) []vfs.Entry {
	var entries []vfs.Entry
	for len(buf) >= direntName {
		size := int(binary.NativeEndian.Uint16(buf[direntLen:]))
		if size < direntName || size > len(buf) {
			break
		}
		ino := binary.NativeEndian.Uint64(buf)
		name, _, _ := bytes.Cut(buf[direntName:size], []byte{0})
		if s := string(name); ino != 0 && s != "" && s != "." && s != ".." {
			entries = append(entries, vfs.Entry{Name: s, Ino: ino, Type: d.entryType(s, buf[direntType])})
		}
		buf = buf[size:]
	}
	return entries
}

// entryType turns a DT_ number, which is that of the mode shifted, into a type. Not every file system of the host gives it.
func (d *dir) entryType(name string, dt uint8) vfs.FileType {
	if dt != unix.DT_UNKNOWN {
		return modeType(uint32(dt) << 12)
	}
	st, err := statAt(d.fd, name)
	if err != nil {
		return vfs.Unknown
	}
	return st.Type
}

func (d *dir) Rewind() error {
	_, err := unix.Seek(d.fd, 0, unix.SEEK_SET)
	return errno(err)
}
