package wasi_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"github.com/tetratelabs/wazero/experimental/wazerotest"
)

// What a guest may try that no advisory is about. It gets an error, or what it asked for.

// TestPointersAtTheEnd: nothing is read or written beyond the last byte of the memory, and buffers may begin there if they are empty.
func TestPointersAtTheEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		g.create(3, "f", "text")
		fd, end := g.mustOpen(3, "f", 0), uint32(len(g.mem))
		for _, test := range []struct {
			ptr, size uint32
			want      vfs.Errno
		}{
			{end, 0, 0},
			{end - 1, 1, 0},
			{end - 1, 2, vfs.EFAULT},
			{end, 1, vfs.EFAULT},
			{math.MaxUint32, 1, vfs.EFAULT},
			{math.MaxUint32, math.MaxUint32, vfs.EFAULT},
			{1, math.MaxUint32, vfs.EFAULT},
			{math.MaxUint32, 0, 0}, // a buffer without bytes is nowhere
		} {
			list := g.iovec(test.ptr, test.size)
			g.wants(test.want, "fd_pread", fd, list, 1, uint64(0), 0)
			g.wants(test.want, "fd_write", 1, list, 1, 0)
		}
		copy(g.mem[end-8:], g.mem[g.iovec(100, 4):][:8]) // a list that ends where the memory does
		g.must("fd_pread", fd, end-8, 1, uint64(0), 0)
		g.wants(vfs.EFAULT, "fd_pread", fd, end-7, 1, uint64(0), 0)
		g.wants(vfs.EFAULT, "fd_pread", fd, end-8, 2, uint64(0), 0)
		g.must("fd_filestat_get", fd, end-64)
		g.wants(vfs.EFAULT, "fd_filestat_get", fd, end-63)
		g.must("clock_time_get", 0, uint64(0), end-8)
		g.wants(vfs.EFAULT, "clock_time_get", 0, uint64(0), end-7)
		g.wants(vfs.EFAULT, "path_filestat_get", 3, 0, end-1, 2, 0)
		g.must("random_get", end-1, 1)
	})
}

// TestWithoutMemory: a module need not have one.
func TestWithoutMemory(t *testing.T) {
	g := newGuest(t, wasi.Config{Mounts: []wasi.Mount{{Guest: "/"}}})
	g.mod = wazerotest.NewModule(nil)
	g.wants(vfs.EFAULT, "fd_write", 1, 0, 1, 0)
	g.wants(vfs.EFAULT, "path_create_directory", 3, 0, 1)
	g.wants(vfs.EFAULT, "clock_time_get", 0, uint64(0), 0)
	g.wants(vfs.EFAULT, "poll_oneoff", 0, 0, 1, 0)
	g.must("fd_close", 3)
}

// TestOverlaps: what a guest reads into may be the list of buffers, and the place for the count, all at once.
func TestOverlaps(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		g.create(3, "f", strings.Repeat("\xff", 64))
		fd := g.mustOpen(3, "f", 0)
		list := g.put(slices.Concat(g.mem[g.iovec(0, 32):][:8], g.mem[g.iovec(0, 32):][:8]))
		binary.LittleEndian.PutUint32(g.mem[list:], list) // the first buffer is the list itself
		g.must("fd_pread", fd, list, 2, uint64(0), list)
		if n := g.u32(list); n != 64 {
			t.Errorf("read %d", n)
		}
		in := g.put(sub{7, 0, 1, 0, false}.bytes())
		g.must("poll_oneoff", in, in, 1, in) // so may events be where subscriptions were
		if g.u32(in) != 1 {
			t.Errorf("%d events", g.u32(in))
		}
		path := g.put([]byte("f"))
		g.must("path_filestat_get", 3, 0, path, 1, path)
		if g.mem[path+16] != byte(vfs.Regular) {
			t.Errorf("filestat %x", g.mem[path:path+64])
		}
	})
}

// TestPathsOfTheGreatestLength are allowed, but no host has anything there.
func TestPathsOfTheGreatestLength(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		g.create(3, "f", "")
		for _, path := range []string{
			strings.Repeat(strings.Repeat("x", 255)+"/", 16), strings.Repeat("/", 4096)[1:] + "f",
			strings.Repeat("x/", 255) + "x", strings.Repeat("../", 256) + "f",
		} {
			for name, errno := range g.onPath(path) {
				if errno != vfs.ENOENT && errno != vfs.ENAMETOOLONG && errno != vfs.ENOTCAPABLE {
					t.Errorf("%s(%.10q…, %d bytes): %v", name, path, len(path), errno)
				}
			}
		}
		if names := g.readdir(3, 1000); len(names) != 3 {
			t.Errorf("there are %v", names)
		}
	})
}

// TestReaddirThroughAnySlit: a buffer that holds no whole entry gets as much as fits, whatever the cookie.
func TestReaddirThroughAnySlit(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		g.create(3, "file", "")
		for size := range 28 {
			for cookie, want := range map[uint64]int{0: size, 1: size, 2: size, 3: 0, 4: 0, 1 << 32: 0, math.MaxUint64: 0} {
				g.mem[100+size] = 0xaa
				g.must("fd_readdir", 3, 100, size, cookie, 0)
				if g.u32(0) != uint32(want) || g.mem[100+size] != 0xaa {
					t.Errorf("%d bytes of %d from %d", g.u32(0), size, cookie)
				}
			}
		}
	})
}

// TestManySubscriptions to one stream that has nothing, and to no more than can be.
func TestManySubscriptions(t *testing.T) {
	start := time.Unix(1e9, 0)
	g := newGuest(t, wasi.Config{Stdin: &blocking{ch: make(chan string)}, FixedTime: &start})
	g.mod, g.mem = bigModule()
	const most = 4096
	in := bytes.Repeat(sub{1, 1, 0, 0, false}.bytes(), most)
	copy(in[48*(most-1):], sub{2, 0, 1, 1e9, false}.bytes()) // a second
	ptr := g.put(in)
	g.must("poll_oneoff", ptr, 1<<20, most, 0)
	if g.u32(0) != 1 || g.u64(1<<20) != 2 {
		t.Errorf("%d events, the first of %d", g.u32(0), g.u64(1<<20))
	}
	g.wants(vfs.EINVAL, "poll_oneoff", ptr, 1<<20, most+1, 0)
	for i := range most { // each of them wrong
		in[48*i+8], in[48*i+16] = byte(i%7), byte(i)
	}
	g.call("poll_oneoff", g.put(in), 1<<20, most, 0)
	g.must("fd_close", 0)
	g.must("poll_oneoff", ptr, 1<<20, most, 0)
	if g.u32(0) != most-1 || vfs.Errno(g.u16(1<<20+8)) != vfs.EBADF {
		t.Errorf("%d events of a stream that is closed", g.u32(0))
	}
}

// TestSizesBeyondAll: what a file of the host is made to be is for the host to refuse; what comes after must not break.
func TestSizesBeyondAll(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		fd := g.mustOpen(3, "f", creat)
		for _, size := range []uint64{1 << 40, 1 << 62, math.MaxInt64} {
			for _, errno := range []vfs.Errno{
				g.call("fd_filestat_set_size", fd, size), g.call("fd_allocate", fd, size-1, uint64(1)),
				g.call("fd_pwrite", fd, g.iovec(0, 1), 1, size-1, 0),
			} {
				if errno != 0 && errno != vfs.EFBIG && errno != vfs.ENOSPC && errno != vfs.EINVAL {
					t.Errorf("%d: %v", size, errno)
				}
			}
			g.must("fd_seek", fd, int64(0), 2, 0)
			if _, errno := g.read(fd); errno != 0 {
				t.Errorf("read: %v", errno)
			}
		}
		for _, size := range []uint64{1 << 63, math.MaxUint64} {
			g.wants(vfs.EFBIG, "fd_filestat_set_size", fd, size)
			g.wants(vfs.EINVAL, "fd_allocate", fd, size, uint64(1))
			g.wants(vfs.EINVAL, "fd_allocate", fd, uint64(1), size)
			g.wants(vfs.EINVAL, "fd_pread", fd, g.iovec(0, 1), 1, size, 0)
		}
		g.must("fd_filestat_set_size", fd, uint64(0))
	})
}

// TestClosingStreams: a guest closes, and moves, what it has, and not what the embedder gave.
func TestClosingStreams(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	g := newGuest(t, wasi.Config{Stdin: out, Stdout: out, Stderr: out, Mounts: []wasi.Mount{{Guest: "/"}}})
	g.must("fd_close", 0)
	g.must("fd_renumber", 3, 1)
	g.must("fd_close", 2)
	g.wants(vfs.EBADF, "fd_write", 2, g.iovec(0, 1), 1, 0)
	if fd := g.mustOpen(1, "f", creat); fd != 0 {
		t.Errorf("opened as %d", fd)
	}
	g.env.Close()
	if n, err := out.Write([]byte("still open")); n != 10 || err != nil {
		t.Errorf("wrote %d, %v", n, err)
	}
}

// TestMountThatIsGone: the host has removed a directory that is mounted, or has put another in its place.
func TestMountThatIsGone(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // where nobody can remove it
	}
	host := filepath.Join(t.TempDir(), "host")
	if err := os.Mkdir(host, 0o755); err != nil {
		t.Fatal(err)
	}
	g := newGuest(t, wasi.Config{Mounts: []wasi.Mount{{Guest: "/", Host: host}, {Guest: "/limited", Host: host, Quota: 100}}})
	g.create(3, "f", "text")
	fd := g.mustOpen(3, "f", 0)
	if err := os.RemoveAll(host); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(host, "other"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []uint32{3, 4} {
		for name, errno := range g.onPath("f") {
			if errno != vfs.ENOENT {
				t.Errorf("%s: %v", name, errno)
			}
		}
		g.wants(vfs.ENOENT, "path_open", dir, 0, "other", directory, rightsDir, 0, 0, 0)
		g.must("fd_filestat_get", dir, 0)
		if errno := g.call("fd_readdir", dir, 100, 1000, uint64(2), 0); errno != vfs.ENOENT && (errno != 0 || g.u32(0) != 0) {
			t.Errorf("there are %d bytes of names, %v", g.u32(0), errno)
		}
	}
	if text, errno := g.read(fd); text != "text" || errno != 0 {
		t.Errorf("an open file holds %q, %v", text, errno)
	}
}
