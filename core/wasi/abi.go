package wasi

import (
	"encoding/binary"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// abi is where the two versions differ: nlink grew from 32 to 64 bits, whence was put in another order, and clock subscriptions
// lost a field.
//
// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview0/docs.md
type abi struct {
	whence       [3]int // numbered as in wasi_snapshot_preview1
	filestatSize uint32
	wideNlink    bool
	subSize      uint32 // of a subscription
	clockOffset  int    // in it, of the clock's id
}

var abis = [...]abi{
	Snapshot0: {whence: [3]int{whenceCur, whenceEnd, whenceSet}, filestatSize: 56, subSize: 56, clockOffset: 24},
	Snapshot1: {whence: [3]int{whenceSet, whenceCur, whenceEnd}, filestatSize: 64, wideNlink: true, subSize: 48, clockOffset: 16},
}

const (
	whenceSet = iota
	whenceCur
	whenceEnd
)

// putFilestat writes a filestat, padding included.
func (c call) putFilestat(b []byte, st vfs.Stat) {
	le := binary.LittleEndian
	clear(b)
	le.PutUint64(b, st.Dev)
	le.PutUint64(b[8:], st.Ino)
	b[16] = byte(st.Type)
	if c.abi.wideNlink {
		le.PutUint64(b[24:], st.Nlink)
		b = b[32:]
	} else {
		le.PutUint32(b[20:], uint32(min(st.Nlink, 1<<32-1)))
		b = b[24:]
	}
	le.PutUint64(b, uint64(st.Size))
	le.PutUint64(b[8:], uint64(st.Atime))
	le.PutUint64(b[16:], uint64(st.Mtime))
	le.PutUint64(b[24:], uint64(st.Ctime))
}
