package wasi

import "github.com/pywasm-go/pywasm/core/wasi/vfs"

// receive reads a stream into the buffers of parameter 1, waiting until there is something, and puts the count at parameter result.
func (c call) receive(h *handle, result int, flags uint32) error {
	src := h.stream.src
	if src == nil {
		return vfs.ENOTCONN
	}
	if _, err := c.bytes(result, 4); err != nil {
		return err
	}
	var few [8][]byte
	bufs, err := c.iovecs(few[:0], 1)
	if err != nil {
		return err
	}
	if len(bufs) == 0 {
		return c.put32(result, 0)
	}
	if in, ok := src.(inlineSource); ok {
		return c.receiveInline(in, length(bufs), result)
	}
	w, _ := src.(waiter)
	total := 0
	for {
		if err := c.await(src.ready, w, h.nonblock()); err != nil {
			if total > 0 {
				break
			}
			return err
		}
		if bufs, err = c.iovecs(few[:0], 1); err != nil { // again: the memory may have moved while we waited
			return err
		}
		n, ended, err := fill(src, bufs, total, flags&recvPeek != 0)
		if total += n; err != nil && total == 0 {
			return err
		}
		if flags&recvWaitAll == 0 || ended || err != nil || total == length(bufs) {
			break
		}
	}
	return c.put32(result, uint32(total))
}

// fill reads into the buffers, from the given byte of them on, as long as that does not mean to wait.
func fill(src source, bufs [][]byte, skip int, peek bool) (total int, ended bool, err error) {
	for _, b := range bufs {
		if skip >= len(b) {
			skip -= len(b)
			continue
		}
		b = b[skip:]
		skip = 0
		if total > 0 && !src.ready() {
			break
		}
		var n int
		if rs, ok := src.(*readerSource); ok && peek {
			n, err = rs.take(b, true)
		} else {
			n, err = src.read(b)
		}
		total += n
		if n < len(b) || err != nil || peek {
			return total, n == 0, err
		}
	}
	return total, false, nil
}

func length(bufs [][]byte) (total int) {
	for _, b := range bufs {
		total += len(b)
	}
	return total
}

// send writes the buffers of parameter 1 to a stream, and puts the count at parameter result.
func (c call) send(h *handle, result int) error {
	dst := h.stream.dst
	if dst == nil {
		return vfs.ENOTCONN
	}
	if _, err := c.bytes(result, 4); err != nil {
		return err
	}
	var few [8][]byte
	bufs, err := c.iovecs(few[:0], 1)
	if err != nil {
		return err
	}
	if out, ok := dst.(inlineSink); ok {
		return c.sendInline(out, bufs, result)
	}
	total := 0
	for _, b := range joined(bufs) {
		n, err := dst.write(c, b)
		total += n
		if err != nil && (total == 0 || isAbort(err)) {
			return err
		}
		if n < len(b) {
			break
		}
	}
	return c.put32(result, uint32(total))
}

// joined makes one buffer of several small ones: each may cost a call of the embedder's, or tear a line in two.
func joined(bufs [][]byte) [][]byte {
	if len(bufs) < 2 || length(bufs) > chunkSize {
		return bufs
	}
	one := make([]byte, 0, length(bufs))
	for _, b := range bufs {
		one = append(one, b...)
	}
	return [][]byte{one}
}

func isAbort(err error) bool {
	_, ok := err.(Abort)
	return ok
}
