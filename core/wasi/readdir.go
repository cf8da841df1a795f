package wasi

import (
	"encoding/binary"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

const direntSize = 24

// cursor reads a directory through a window that moves on as the guest does, so that no directory is held in memory whole.
type cursor struct {
	window []vfs.Entry
	first  uint64 // place in the directory of window[0]
}

// at gives the entry at a place, and false after the last one. It may have to read all before that, and calls between on the way.
func (l *cursor) at(dir vfs.Dir, place uint64, between func()) (vfs.Entry, bool, error) {
	if place < l.first {
		if err := l.rewind(dir); err != nil {
			return vfs.Entry{}, false, err
		}
	}
	for place-l.first >= uint64(len(l.window)) {
		next, err := dir.ReadDir()
		if err != nil || len(next) == 0 {
			return vfs.Entry{}, false, err
		}
		l.first += uint64(len(l.window))
		l.window = next
		between()
	}
	return l.window[place-l.first], true, nil
}

func (l *cursor) rewind(dir vfs.Dir) error {
	l.window, l.first = nil, 0
	return dir.Rewind()
}

// fdReaddir numbers entries from 0; a cookie is the number of the entry to begin with. 0 and 1 are "." and "..", of which the
// second tells nothing about the directory above, which may be beyond what the guest can reach.
func fdReaddir(c call) error {
	h, err := c.dirFD(0, rightReaddir)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	if _, err := c.bytes(4, 4); err != nil {
		return err
	}
	buf, err := c.bytes(1, c.u32(2))
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	cookie := c.u64(3)
	if cookie == 0 {
		if err := h.list.rewind(h.dir); err != nil {
			return err
		}
	}
	used := 0
	for used < len(buf) {
		e, ok, err := h.entry(cookie, c.checkInterrupt)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		cookie++
		used += putDirent(buf[used:], e, cookie)
	}
	return c.put32(4, uint32(used))
}

func (h *handle) entry(cookie uint64, between func()) (vfs.Entry, bool, error) {
	if cookie > 1 {
		return h.list.at(h.dir, cookie-2, between)
	}
	st, err := h.dir.Stat()
	return vfs.Entry{Name: [...]string{".", ".."}[cookie], Ino: st.Ino, Type: vfs.Directory}, true, err
}

// putDirent writes as much of an entry as fits.
func putDirent(buf []byte, e vfs.Entry, next uint64) int {
	var head [direntSize]byte
	binary.LittleEndian.PutUint64(head[:], next)
	binary.LittleEndian.PutUint64(head[8:], e.Ino)
	binary.LittleEndian.PutUint32(head[16:], uint32(len(e.Name)))
	head[20] = byte(e.Type)
	n := copy(buf, head[:])
	return n + copy(buf[n:], e.Name)
}
