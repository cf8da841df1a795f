package wasi_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// dialled gives a guest that listens as descriptor 4, with a connection to it.
func dialled(t *testing.T) (*guest, *net.TCPConn) {
	g := newGuest(t, wasi.Config{Mounts: []wasi.Mount{{Guest: "/"}}, Listen: []string{"127.0.0.1:0"}})
	addrs := g.env.Addrs()
	if len(addrs) != 1 {
		t.Fatalf("listens on %v", addrs)
	}
	conn, err := net.Dial("tcp", addrs[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	return g, conn.(*net.TCPConn)
}

func (g *guest) accept() uint32 {
	g.t.Helper()
	g.must("sock_accept", 4, 0, 0)
	return g.u32(0)
}

func TestSocket(t *testing.T) {
	g, conn := dialled(t)
	if events := g.poll(sub{1, 1, 4, 0, false}, sub{2, 0, 1, 5000 * ms, false}); events[1].errno != 0 || len(events) != 1 {
		t.Errorf("events %v", events)
	}
	fd := g.accept()
	g.must("fd_fdstat_get", fd, 0)
	if g.mem[0] != byte(vfs.SocketStream) {
		t.Errorf("type %d", g.mem[0])
	}
	go func() {
		time.Sleep(70 * time.Millisecond)
		io.WriteString(conn, "hello")
	}()
	const peek, waitAll = 1, 2
	g.must("sock_recv", fd, g.iovec(1024, 4), 1, peek, 0, 4)
	if s := string(g.mem[1024 : 1024+g.u32(0)]); s != "hell" {
		t.Errorf("peeked %q", s)
	}
	if s, errno := g.read(fd); s != "hello" || errno != 0 {
		t.Errorf("read %q, %v", s, errno)
	}
	go func() {
		for _, s := range []string{"ab", "cd", "ef"} {
			io.WriteString(conn, s)
			time.Sleep(20 * time.Millisecond)
		}
	}()
	g.must("sock_recv", fd, g.iovec(1024, 6), 1, waitAll, 0, 4)
	if s := string(g.mem[1024 : 1024+g.u32(0)]); s != "abcdef" {
		t.Errorf("received %q", s)
	}
	g.must("sock_send", fd, g.iovec(g.put([]byte("answer")), 6), 1, 0, 0)
	g.write(fd, "!")
	g.must("sock_shutdown", fd, 2)
	if text, err := io.ReadAll(conn); string(text) != "answer!" || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
	if _, errno := g.write(fd, "x"); errno == 0 {
		t.Error("wrote after shutdown")
	}
	conn.Close()
	events := g.poll(sub{1, 1, fd, 0, false})
	if events[1].errno != 0 || events[1].nbytes != 0 || !events[1].hangup {
		t.Errorf("at the end: %v", events)
	}
	if s, errno := g.read(fd); s != "" || errno != 0 {
		t.Errorf("read %q, %v", s, errno)
	}
	g.must("fd_close", fd)
	g.wants(vfs.EBADF, "sock_recv", fd, g.iovec(0, 1), 1, 0, 0, 4)
}

func TestSocketErrors(t *testing.T) {
	g, _ := dialled(t)
	fd := g.accept()
	for _, how := range []int{0, 4, 7} {
		g.wants(vfs.EINVAL, "sock_shutdown", fd, how)
	}
	g.wants(vfs.EINVAL, "sock_recv", fd, g.iovec(0, 1), 1, 4, 0, 4)
	g.wants(vfs.EINVAL, "sock_send", fd, g.iovec(0, 1), 1, 1, 0)
	g.wants(vfs.EINVAL, "sock_accept", 4, 1, 0)
	g.wants(vfs.EFAULT, "sock_accept", 4, 0, len(g.mem))
	g.wants(vfs.ENOTCAPABLE, "sock_accept", fd, 0, 0)
	g.wants(vfs.ENOTCAPABLE, "sock_shutdown", 4, 1)
	g.wants(vfs.ENOTCONN, "fd_read", 4, g.iovec(0, 1), 1, 0)
	g.wants(vfs.ENOTSOCK, "sock_send", 3, g.iovec(0, 1), 1, 0, 0)
	g.must("fd_fdstat_set_flags", 4, 4)
	g.wants(vfs.EAGAIN, "sock_accept", 4, 0, 0)
	g.must("fd_fdstat_set_flags", fd, 4)
	g.wants(vfs.EAGAIN, "fd_read", fd, g.iovec(0, 1), 1, 0)
}

func TestInterruptSocket(t *testing.T) {
	cfg := wasi.Config{Mounts: []wasi.Mount{{Guest: "/"}}, Listen: []string{"127.0.0.1:0"}}
	interrupted(t, cfg, func(g *guest) error { return g.unwinds("sock_accept", 4, 0, 0) })
	connect := func(g *guest) uint32 {
		conn, err := net.Dial("tcp", g.env.Addrs()[0])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		g.must("sock_accept", 4, 0, 0)
		return g.u32(0)
	}
	cfg.Listen = []string{"127.0.0.1:0"}
	quiet := 0
	interruptedLater(t, cfg, &quiet, func(g *guest) error {
		fd := connect(g)
		quiet = 1
		return g.unwinds("fd_read", fd, g.iovec(0, 1), 1, 0)
	})
	interruptedLater(t, cfg, &quiet, func(g *guest) error {
		fd := connect(g)
		quiet = 1
		text := strings.Repeat("x", 10_000)
		return g.unwindsInLoop(func() { g.write(fd, text) })
	})
}

// interruptedLater is interrupted, once armed is set.
func interruptedLater(t *testing.T, cfg wasi.Config, armed *int, wait func(g *guest) error) {
	t.Helper()
	*armed = 0
	cfg.Interrupt = func() error {
		if *armed != 0 {
			return io.ErrNoProgress
		}
		return nil
	}
	if err := wait(newGuest(t, cfg)); err != io.ErrNoProgress {
		t.Errorf("ended with %v", err)
	}
}
