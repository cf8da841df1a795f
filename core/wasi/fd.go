package wasi

import (
	"encoding/binary"
	"math"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

func fdClose(c call) error { return c.fds.remove(c.u32(0)) }

func fdRenumber(c call) error { return c.fds.renumber(c.u32(0), c.u32(1)) }

// fdAdvise checks its parameters. What the host does with the advice cannot be seen.
func fdAdvise(c call) error {
	h, err := c.fileFD(0, rightAdvise)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	if _, err := span(c.u64(1), c.u64(2)); err != nil || c.u32(3) > 5 {
		return vfs.EINVAL
	}
	return nil
}

func fdAllocate(c call) error {
	h, err := c.fileFD(0, rightAllocate)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	if _, err := span(c.u64(1), c.u64(2)); err != nil || c.u64(2) == 0 {
		return vfs.EINVAL
	}
	return h.file.Allocate(int64(c.u64(1)), int64(c.u64(2)))
}

// span gives the end of a stretch of a file, if files can be that long.
func span(off, size uint64) (int64, error) {
	if off > math.MaxInt64 || size > math.MaxInt64-off {
		return 0, vfs.EFBIG
	}
	return int64(off + size), nil
}

func fdDatasync(c call) error { return c.sync(rightDatasync, true) }

func fdSync(c call) error { return c.sync(rightSync, false) }

func (c call) sync(need rights, dataOnly bool) error {
	h, err := c.fd(0, need)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	switch {
	case h.file != nil:
		return h.file.Sync(dataOnly)
	case h.dir != nil:
		return h.dir.Sync(dataOnly)
	}
	return vfs.EINVAL
}

func fdFdstatGet(c call) error {
	h, err := c.fd(0, 0)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	b, err := c.bytes(1, 24)
	if err != nil {
		return err
	}
	clear(b)
	h.mu.Lock()
	defer h.mu.Unlock()
	b[0] = byte(h.fileType())
	binary.LittleEndian.PutUint16(b[2:], uint16(h.flags))
	binary.LittleEndian.PutUint64(b[8:], uint64(h.base))
	binary.LittleEndian.PutUint64(b[16:], uint64(h.inheriting))
	return nil
}

// fdFdstatSetFlags changes append and nonblock. Whether writes are synchronous is settled when a file is opened.
func fdFdstatSetFlags(c call) error {
	h, err := c.fd(0, rightSetFlags)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	flags := c.u32(1)
	const settled = flagDsync | flagRsync | flagSync
	h.mu.Lock()
	defer h.mu.Unlock()
	if flags > uint32(allFlags) || (fdFlags(flags)^h.flags)&settled != 0 && fdFlags(flags)&settled != 0 {
		return vfs.EINVAL
	}
	h.flags = h.flags&settled | fdFlags(flags)&^settled
	return nil
}

func fdFdstatSetRights(c call) error {
	h, err := c.fd(0, 0)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	base, inheriting := rights(c.u64(1)), rights(c.u64(2))
	h.mu.Lock()
	defer h.mu.Unlock()
	if base&^h.base != 0 || inheriting&^h.inheriting != 0 {
		return vfs.ENOTCAPABLE
	}
	h.base, h.inheriting = base, inheriting
	return nil
}

func fdFilestatGet(c call) error {
	h, err := c.fd(0, rightFilestatGet)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	b, err := c.bytes(1, c.abi.filestatSize)
	if err != nil {
		return err
	}
	st := vfs.Stat{Type: h.fileType()}
	switch {
	case h.file != nil:
		st, err = h.file.Stat()
	case h.dir != nil:
		st, err = h.dir.Stat()
	}
	if err == nil {
		c.putFilestat(b, st)
	}
	return err
}

func fdFilestatSetSize(c call) error {
	h, err := c.fileFD(0, rightSetSize)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	size, err := span(0, c.u64(1))
	if err != nil {
		return err
	}
	return h.file.Truncate(size)
}

func fdFilestatSetTimes(c call) error {
	h, err := c.fd(0, rightSetTimes)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	t, err := c.times(1)
	switch {
	case err != nil:
		return err
	case h.file != nil:
		return h.file.SetTimes(t)
	case h.dir != nil:
		return h.dir.SetTimes(t)
	}
	return vfs.EBADF
}

// times reads two times and the flags that say what to do with them, from parameter i on.
//
// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#fstflags
func (c call) times(i int) (vfs.Times, error) {
	const atime, atimeNow, mtime, mtimeNow = 1, 2, 4, 8
	flags := c.u32(i + 2)
	if flags > 15 || flags&(atime|atimeNow) == atime|atimeNow || flags&(mtime|mtimeNow) == mtime|mtimeNow {
		return vfs.Times{}, vfs.EINVAL
	}
	t := vfs.Times{
		Atime: int64(c.u64(i)), SetAtime: flags&(atime|atimeNow) != 0,
		Mtime: int64(c.u64(i + 1)), SetMtime: flags&(mtime|mtimeNow) != 0,
	}
	if flags&(atimeNow|mtimeNow) != 0 {
		now := c.clock.stamp()
		if flags&atimeNow != 0 {
			t.Atime = now
		}
		if flags&mtimeNow != 0 {
			t.Mtime = now
		}
	}
	return t, nil
}

func fdPrestatGet(c call) error {
	h, err := c.preopened()
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	b, err := c.bytes(1, 8)
	if err != nil {
		return err
	}
	clear(b) // the tag of a directory is 0
	binary.LittleEndian.PutUint32(b[4:], uint32(len(*h.preopen)))
	return nil
}

func fdPrestatDirName(c call) error {
	h, err := c.preopened()
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	if uint64(c.u32(2)) < uint64(len(*h.preopen)) {
		return vfs.ENAMETOOLONG
	}
	b, err := c.bytes(1, uint32(len(*h.preopen)))
	if err == nil {
		copy(b, *h.preopen)
	}
	return err
}

func (c call) preopened() (*handle, error) {
	h, err := c.fd(0, 0)
	if err == nil && h.preopen == nil {
		c.fds.put(h)
		return nil, vfs.EBADF
	}
	return h, err
}

func fdTell(c call) error {
	h, err := c.fileFD(0, 0)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	if !h.has(rightTell | rightSeek) {
		return vfs.ENOTCAPABLE
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return c.put64(1, uint64(h.pos))
}

func fdSeek(c call) error {
	h, err := c.fileFD(0, 0)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	offset, whence := int64(c.u64(1)), c.u32(2)
	if whence > 2 {
		return vfs.EINVAL
	}
	origin := c.abi.whence[whence]
	telling := origin == whenceCur && offset == 0 && h.has(rightTell)
	if err := h.may(rightSeek); err != nil && !telling {
		return err
	}
	if _, err := c.bytes(3, 8); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	start, err := h.origin(origin)
	if err != nil {
		return err
	}
	if offset > math.MaxInt64-start {
		return vfs.EOVERFLOW
	}
	if start+offset < 0 {
		return vfs.EINVAL
	}
	h.pos = start + offset
	return c.put64(3, uint64(h.pos))
}

func (h *handle) origin(whence int) (int64, error) {
	switch whence {
	case whenceSet:
		return 0, nil
	case whenceCur:
		return h.pos, nil
	}
	st, err := h.file.Stat()
	return st.Size, err
}
