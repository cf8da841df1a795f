package wasi

import "github.com/pywasm-go/pywasm/core/wasi/vfs"

func fdRead(c call) error {
	h, err := c.fd(0, rightRead)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	if h.stream != nil {
		return c.receive(h, 3, 0)
	}
	return c.transfer(h, 3, func(bufs [][]byte) (int, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		n, err := readFile(h.file, bufs, h.pos)
		h.pos += int64(n)
		return n, err
	})
}

func fdPread(c call) error {
	h, err := c.fileFD(0, rightRead|rightSeek)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	return c.transfer(h, 4, func(bufs [][]byte) (int, error) {
		off, err := span(c.u64(3), 0)
		if err != nil {
			return 0, vfs.EINVAL
		}
		return readFile(h.file, bufs, off)
	})
}

func fdWrite(c call) error {
	h, err := c.fd(0, rightWrite)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	if h.stream != nil {
		return c.send(h, 3)
	}
	return c.transfer(h, 3, func(bufs [][]byte) (int, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.write(bufs)
	})
}

func fdPwrite(c call) error {
	h, err := c.fileFD(0, rightWrite|rightSeek)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	return c.transfer(h, 4, func(bufs [][]byte) (int, error) {
		off, err := span(c.u64(3), 0)
		if err != nil {
			return 0, vfs.EINVAL
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		return writeFile(h.file, bufs, off)
	})
}

// transfer runs move on the buffers of parameter 1 and puts its count at the given parameter. A directory has rights for neither
// reading nor writing, so that what gets here is a file.
func (c call) transfer(h *handle, result int, move func([][]byte) (int, error)) error {
	if h.file == nil {
		return vfs.EISDIR
	}
	if _, err := c.bytes(result, 4); err != nil {
		return err
	}
	var few [8][]byte
	bufs, err := c.iovecs(few[:0], 1)
	if err != nil {
		return err
	}
	n, err := move(bufs)
	if err != nil {
		return err
	}
	return c.put32(result, uint32(n))
}

// readFile fills the buffers until one stays short.
func readFile(f vfs.File, bufs [][]byte, off int64) (total int, err error) {
	for _, b := range bufs {
		n, err := f.ReadAt(b, off)
		total += n
		off += int64(n)
		if err != nil && total == 0 {
			return 0, err
		}
		if n < len(b) {
			break
		}
	}
	return total, nil
}

// write appends or writes at the handle's position, and moves that.
func (h *handle) write(bufs [][]byte) (total int, err error) {
	if h.flags&flagAppend == 0 {
		total, err = writeFile(h.file, bufs, h.pos)
		h.pos += int64(total)
		return total, err
	}
	for _, b := range bufs {
		n, end, err := h.file.Append(b)
		if err != nil && total == 0 {
			return 0, err
		}
		if total += n; err == nil {
			h.pos = end
		}
		if n < len(b) {
			break
		}
	}
	return total, nil
}

func writeFile(f vfs.File, bufs [][]byte, off int64) (total int, err error) {
	for _, b := range bufs {
		if _, err := span(uint64(off), uint64(len(b))); err != nil {
			return total, err
		}
		n, err := f.WriteAt(b, off)
		total += n
		off += int64(n)
		if err != nil && total == 0 {
			return 0, err
		}
		if n < len(b) {
			break
		}
	}
	return total, nil
}
