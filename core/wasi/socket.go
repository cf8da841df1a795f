package wasi

import (
	"errors"
	"net"
	"os"
	"time"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// The riflags and sdflags.
const (
	recvPeek = 1 << iota
	recvWaitAll
)

const (
	shutdownRead = 1 << iota
	shutdownWrite
)

func newListener(ln net.Listener, a *activity) *handle {
	accept := newPump(a, ln.Accept)
	return &handle{
		typ: vfs.SocketStream, base: streamRights | rightRead | rightAccept,
		inheriting: streamRights | rightRead | rightWrite | rightShutdown,
		stream: &stream{accept: accept, listener: ln, close: func() {
			ln.Close()
			if conn, err := accept.take(); err == nil && conn != nil {
				conn.Close()
			}
		}},
	}
}

func newConn(conn net.Conn, base rights, a *activity) *handle {
	return &handle{
		typ: vfs.SocketStream, base: base,
		stream: &stream{
			src: newReaderSource(conn, a), dst: connSink{conn}, conn: conn,
			close: func() { conn.Close() },
		},
	}
}

// connSink writes to a connection as fast as the other side reads, and can be interrupted.
type connSink struct{ conn net.Conn }

func (s connSink) write(c call, p []byte) (total int, err error) {
	for {
		s.conn.SetWriteDeadline(time.Now().Add(maxWait))
		n, err := s.conn.Write(p[total:])
		total += n
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return total, streamError(err)
		}
		c.checkInterrupt()
	}
}

func sockAccept(c call) error {
	h, err := c.socketFD(0, rightAccept)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	flags := c.u32(1)
	if flags&^uint32(flagNonblock) != 0 {
		return vfs.EINVAL
	}
	if _, err := c.bytes(2, 4); err != nil {
		return err
	}
	if err := c.await(h.stream.accept.ready, nil, h.nonblock()); err != nil {
		return err
	}
	conn, err := h.stream.accept.take()
	if err != nil {
		return streamError(err)
	}
	if conn == nil { // another thread was faster
		return vfs.EAGAIN
	}
	accepted := newConn(conn, h.inheriting, c.activity)
	accepted.flags = fdFlags(flags)
	fd, err := c.fds.insert(accepted)
	if err != nil {
		return err
	}
	return c.put32(2, fd)
}

func sockRecv(c call) error {
	h, err := c.socketFD(0, rightRead)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	flags := c.u32(3)
	if flags > recvPeek|recvWaitAll {
		return vfs.EINVAL
	}
	roflags, err := c.bytes(5, 2)
	if err != nil {
		return err
	}
	clear(roflags) // nothing is ever truncated
	return c.receive(h, 4, flags)
}

func sockSend(c call) error {
	h, err := c.socketFD(0, rightWrite)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	if c.u32(3) != 0 {
		return vfs.EINVAL
	}
	return c.send(h, 4)
}

func sockShutdown(c call) error {
	h, err := c.socketFD(0, rightShutdown)
	if err != nil {
		return err
	}
	defer c.fds.put(h)
	how := c.u32(1)
	if how == 0 || how > shutdownRead|shutdownWrite {
		return vfs.EINVAL
	}
	conn, ok := h.stream.conn.(*net.TCPConn)
	if !ok {
		return vfs.ENOTCONN
	}
	if how&shutdownRead != 0 {
		err = conn.CloseRead()
	}
	if how&shutdownWrite != 0 {
		err = errors.Join(err, conn.CloseWrite())
	}
	if err != nil {
		return vfs.ENOTCONN
	}
	return nil
}
