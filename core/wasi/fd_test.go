package wasi_test

import (
	"math"
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// onBoth runs a test with a directory of the host and one in memory as descriptor 3.
func onBoth(t *testing.T, run func(t *testing.T, g *guest)) {
	t.Run("host", func(t *testing.T) {
		run(t, newGuest(t, wasi.Config{Mounts: []wasi.Mount{{Guest: "/", Host: t.TempDir()}}}))
	})
	t.Run("memory", func(t *testing.T) { run(t, newGuest(t, wasi.Config{Mounts: []wasi.Mount{{Guest: "/"}}})) })
}

func TestReadAndWrite(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		fd := g.mustOpen(3, "f", creat)
		if n, errno := g.write(fd, "hello world"); n != 11 || errno != 0 {
			t.Errorf("wrote %d, %v", n, errno)
		}
		if s, errno := g.read(fd); s != "" || errno != 0 {
			t.Errorf("read %q at the end, %v", s, errno)
		}
		g.must("fd_pread", fd, g.iovec(1024, 5), 1, uint64(6), 0)
		if s := string(g.mem[1024:1029]); g.u32(0) != 5 || s != "world" {
			t.Errorf("pread %q", s)
		}
		g.must("fd_pwrite", fd, g.iovec(g.put([]byte("W")), 1), 1, uint64(6), 0)
		g.must("fd_seek", fd, int64(0), 0, 8)
		if s, _ := g.read(fd); s != "hello World" {
			t.Errorf("read %q", s)
		}
		two := g.put(append(append([]byte{}, g.mem[g.iovec(2000, 3):][:8]...), g.mem[g.iovec(2010, 4):][:8]...))
		g.must("fd_pread", fd, two, 2, uint64(0), 0)
		if g.u32(0) != 7 || string(g.mem[2000:2003]) != "hel" || string(g.mem[2010:2014]) != "lo W" {
			t.Errorf("scattered %q %q", g.mem[2000:2003], g.mem[2010:2014])
		}
		g.wants(vfs.EINVAL, "fd_pread", fd, g.iovec(1024, 5), 1, uint64(1<<63), 0)
		g.wants(vfs.EINVAL, "fd_pwrite", fd, g.iovec(1024, 5), 1, uint64(math.MaxUint64), 0)
		g.wants(vfs.EFBIG, "fd_pwrite", fd, g.iovec(1024, 5), 1, uint64(math.MaxInt64), 0)
	})
}

func TestSeek(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		g.create(3, "f", "0123456789")
		fd := g.mustOpen(3, "f", 0)
		const set, cur, end = 0, 1, 2
		for _, test := range []struct {
			offset int64
			whence int
			want   uint64
			errno  vfs.Errno
		}{
			{4, set, 4, 0},
			{2, cur, 6, 0},
			{-1, cur, 5, 0},
			{-3, end, 7, 0},
			{5, end, 15, 0},
			{0, cur, 15, 0},
			{-1, set, 15, vfs.EINVAL},
			{-16, cur, 15, vfs.EINVAL},
			{math.MaxInt64, cur, 15, vfs.EOVERFLOW},
			{math.MinInt64, end, 15, vfs.EINVAL},
			{0, 3, 15, vfs.EINVAL},
			{math.MaxInt64, set, math.MaxInt64, 0},
		} {
			g.wants(test.errno, "fd_seek", fd, test.offset, test.whence, 0)
			g.must("fd_tell", fd, 0)
			if g.u64(0) != test.want {
				t.Errorf("seek %d from %d: at %d, want %d", test.offset, test.whence, g.u64(0), test.want)
			}
		}
		if _, errno := g.write(fd, "xx"); errno != vfs.EFBIG {
			t.Errorf("a write at the end of all: %v", errno)
		}
		g.wants(vfs.EISDIR, "fd_seek", 3, int64(0), set, 0)
		g.wants(vfs.EISDIR, "fd_tell", 3, 0)
		g.wants(vfs.ESPIPE, "fd_seek", 1, int64(0), set, 0)
		g.wants(vfs.ESPIPE, "fd_pread", 0, g.iovec(0, 1), 1, uint64(0), 0)
	})
}

func TestAppendFlag(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		g.must("path_open", 3, 0, "f", creat, rightsFile, 0, 1, 0)
		fd := g.u32(0)
		for _, s := range []string{"aa", "bb"} {
			g.must("fd_seek", fd, int64(0), 0, 0)
			g.write(fd, s)
		}
		g.must("fd_tell", fd, 0)
		if g.u64(0) != 4 {
			t.Errorf("at %d after appending", g.u64(0))
		}
		g.must("fd_fdstat_set_flags", fd, 0)
		g.must("fd_seek", fd, int64(0), 0, 0)
		g.write(fd, "X")
		g.must("fd_fdstat_set_flags", fd, 1)
		g.write(fd, "c")
		if s, _ := g.readFile(3, "f"); s != "Xabbc" {
			t.Errorf("holds %q", s)
		}
		g.wants(vfs.EINVAL, "fd_fdstat_set_flags", fd, 16) // sync, later than at open
		g.wants(vfs.EINVAL, "fd_fdstat_set_flags", fd, 32)
		g.must("fd_fdstat_get", fd, 0)
		if g.mem[0] != byte(vfs.Regular) || g.u16(2) != 1 {
			t.Errorf("fdstat %x", g.mem[:24])
		}
	})
}

func TestSizes(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		fd := g.mustOpen(3, "f", creat)
		size := func(want uint64) {
			t.Helper()
			g.must("fd_filestat_get", fd, 0)
			if g.u64(32) != want {
				t.Errorf("size %d, want %d", g.u64(32), want)
			}
		}
		g.must("fd_filestat_set_size", fd, uint64(100))
		size(100)
		g.must("fd_allocate", fd, uint64(50), uint64(60))
		size(110)
		g.must("fd_allocate", fd, uint64(0), uint64(10))
		size(110)
		g.must("fd_filestat_set_size", fd, uint64(3))
		size(3)
		g.wants(vfs.EFBIG, "fd_filestat_set_size", fd, uint64(1<<63))
		g.wants(vfs.EINVAL, "fd_allocate", fd, uint64(1<<63-1), uint64(1))
		g.wants(vfs.EINVAL, "fd_allocate", fd, uint64(1), uint64(0))
		g.wants(vfs.EISDIR, "fd_allocate", 3, uint64(0), uint64(1))
		g.must("fd_advise", fd, uint64(0), uint64(0), 5)
		g.wants(vfs.EINVAL, "fd_advise", fd, uint64(0), uint64(0), 6)
		g.wants(vfs.EINVAL, "fd_advise", fd, uint64(1<<63), uint64(0), 0)
		g.must("fd_sync", fd)
		g.must("fd_datasync", fd)
		g.must("fd_sync", 3)
	})
}

func TestFilestat(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		g.create(3, "f", "abc")
		for i := range g.mem[:64] {
			g.mem[i] = 0xff
		}
		g.must("path_filestat_get", 3, 0, "f", 0)
		if g.u64(0) == 0 || g.u64(8) == 0 || g.u64(16) != uint64(vfs.Regular) || g.u64(24) != 1 || g.u64(32) != 3 {
			t.Errorf("filestat %x", g.mem[:64])
		}
		g.must("fd_filestat_get", 3, 100)
		if g.mem[116] != byte(vfs.Directory) || g.u64(100) != g.u64(0) || g.u64(108) == g.u64(8) {
			t.Errorf("filestat of the directory %x", g.mem[100:164])
		}
		fd := g.mustOpen(3, "f", 0)
		const atime, atimeNow, mtime, mtimeNow = 1, 2, 4, 8
		g.must("fd_filestat_set_times", fd, uint64(1e18), uint64(2e18), atime|mtime)
		g.must("fd_filestat_get", fd, 0)
		if g.u64(40) != 1e18 || g.u64(48) != 2e18 {
			t.Errorf("times %d, %d", g.u64(40), g.u64(48))
		}
		g.must("path_filestat_set_times", 3, 0, "f", uint64(0), uint64(0), mtimeNow)
		g.must("fd_filestat_get", fd, 0)
		if g.u64(40) != 1e18 || g.u64(48) == 2e18 {
			t.Errorf("times %d, %d", g.u64(40), g.u64(48))
		}
		for _, bad := range []int{atime | atimeNow, mtime | mtimeNow, 16} {
			g.wants(vfs.EINVAL, "fd_filestat_set_times", fd, uint64(0), uint64(0), bad)
			g.wants(vfs.EINVAL, "path_filestat_set_times", 3, 0, "f", uint64(0), uint64(0), bad)
		}
	})
}

func TestRights(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		const read, seek, write, open = 1 << 1, 1 << 2, 1 << 6, 1 << 13
		g.create(3, "f", "abc")
		rights := func(fd uint32) (base, inheriting uint64) {
			g.must("fd_fdstat_get", fd, 0)
			return g.u64(8), g.u64(16)
		}
		base, inheriting := rights(3)
		if base&(seek|read|write) != 0 || base&open == 0 || inheriting&(read|write|open) != read|write|open {
			t.Errorf("a directory has %x, %x", base, inheriting)
		}
		g.must("path_open", 3, 0, "f", 0, read, 0, 0, 0)
		fd := g.u32(0)
		if base, inheriting = rights(fd); base != read || inheriting != 0 {
			t.Errorf("a file opened to read has %x, %x", base, inheriting)
		}
		if _, errno := g.write(fd, "x"); errno != vfs.ENOTCAPABLE {
			t.Errorf("write: %v", errno)
		}
		g.wants(vfs.ENOTCAPABLE, "fd_seek", fd, int64(0), 0, 0)
		g.wants(vfs.ENOTCAPABLE, "fd_pread", fd, g.iovec(0, 1), 1, uint64(0), 0)
		g.wants(vfs.ENOTCAPABLE, "fd_tell", fd, 0)
		g.wants(vfs.ENOTCAPABLE, "fd_filestat_get", fd, 0)
		g.wants(vfs.ENOTCAPABLE, "fd_fdstat_set_rights", fd, read|write, 0)
		g.must("fd_fdstat_set_rights", fd, 0, 0)
		if _, errno := g.read(fd); errno != vfs.ENOTCAPABLE {
			t.Errorf("read: %v", errno)
		}
		g.wants(vfs.ENOTCAPABLE, "fd_fdstat_set_rights", fd, read, 0)
		// What a directory may not do cannot be done through it. What it hands on is for information.
		g.must("path_open", 3, 0, ".", directory, open|1<<10, read, 0, 0)
		dir := g.u32(0)
		g.must("path_open", dir, 0, "f", trunc, read, 0, 0, 0) // which a directory always may
		g.must("fd_fdstat_set_rights", dir, open|1<<10, 0)     // unless that was given up
		g.wants(vfs.ENOTCAPABLE, "path_open", dir, 0, "f", trunc, read, 0, 0, 0)
		g.wants(vfs.ENOTCAPABLE, "path_unlink_file", dir, "f")
		g.must("path_open", dir, 0, "f", creat, read|write, 0, 0, 0)
		g.must("path_open", 3, 0, ".", directory, 0, read, 0, 0)
		g.wants(vfs.ENOTCAPABLE, "path_open", g.u32(0), 0, "f", 0, read, 0, 0, 0)
		// Rights that mean nothing for the type are left out, as are bits that mean nothing at all.
		g.must("path_open", 3, 0, ".", directory, seek|open, 0, 0, 0)
		if base, _ = rights(g.u32(0)); base != open|1<<19 {
			t.Errorf("a directory opened to seek has %x", base)
		}
		g.must("path_open", 3, 0, "f", 0, uint64(1<<63|read), uint64(1<<62), 0, 0)
		g.wants(vfs.ENOTSOCK, "sock_shutdown", fd, 1)
	})
}

func TestRenumber(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		g.create(3, "a", "A")
		g.create(3, "b", "B")
		a, b := g.mustOpen(3, "a", 0), g.mustOpen(3, "b", 0)
		g.must("fd_renumber", a, b)
		if s, _ := g.read(b); s != "A" {
			t.Errorf("read %q", s)
		}
		g.wants(vfs.EBADF, "fd_close", a)
		g.wants(vfs.EBADF, "fd_renumber", a, b)
		g.wants(vfs.EBADF, "fd_renumber", b, a)
		g.wants(vfs.EBADF, "fd_renumber", b, uint32(math.MaxUint32))
		g.wants(vfs.EBADF, "fd_renumber", uint32(math.MaxUint32), b)
		g.must("fd_renumber", b, b)
		g.must("fd_renumber", b, 3) // over a preopen
		g.wants(vfs.ENOTDIR, "path_filestat_get", 3, 0, "a", 0)
		g.wants(vfs.EBADF, "fd_prestat_get", 3, 0)
		g.must("fd_close", 3)
		g.wants(vfs.EBADF, "fd_renumber", 1, 3)
	})
}

func TestPrestat(t *testing.T) {
	g := newGuest(t, wasi.Config{Mounts: []wasi.Mount{{Guest: "/some/dir", Host: t.TempDir()}, {Guest: "."}}})
	for fd, want := range []string{3: "/some/dir", 4: "."} {
		if want == "" {
			continue
		}
		g.mem[0] = 0xff
		g.must("fd_prestat_get", fd, 0)
		if g.u32(0) != 0 || int(g.u32(4)) != len(want) {
			t.Errorf("prestat %x", g.mem[:8])
		}
		g.must("fd_prestat_dir_name", fd, 100, len(want)+3)
		if got := string(g.mem[100 : 100+len(want)]); got != want {
			t.Errorf("named %q", got)
		}
		g.wants(vfs.ENAMETOOLONG, "fd_prestat_dir_name", fd, 100, len(want)-1)
	}
	g.wants(vfs.EBADF, "fd_prestat_get", 1, 0)
	g.wants(vfs.EBADF, "fd_prestat_dir_name", 5, 0, 100)
}

func TestReaddir(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		g.must("path_create_directory", 3, "d")
		want := map[string]bool{".": true, "..": true}
		for i := range 600 {
			name := strings.Repeat("n", i%40+1) + string(rune('a'+i%26)) + strings.Repeat("x", i/40)
			g.create(3, "d/"+name, "")
			want[name] = true
		}
		fd := g.mustOpen(3, "d", directory)
		// Any buffer that holds an entry will do, and entries come once each.
		for _, size := range []int{80, 133, 1000, 4000} {
			if got := g.readdir(fd, size); len(got) != len(want) {
				t.Errorf("%d entries through a buffer of %d bytes, want %d", len(got), size, len(want))
			} else {
				for name := range want {
					if got[name] != 1 {
						t.Errorf("%q came %d times", name, got[name])
					}
				}
			}
		}
		g.must("fd_readdir", fd, 100, 24+1, uint64(0), 0)
		dot := g.u64(100)
		g.must("fd_readdir", fd, 100, 24+2, uint64(1), 0)
		if g.u64(108) == 0 || g.u32(0) != 26 || dot != 1 || g.u64(100) != 2 {
			t.Errorf("%q", g.mem[100:126])
		}
		g.must("fd_readdir", fd, 100, 1000, uint64(602), 0)
		if g.u32(0) != 0 {
			t.Errorf("%d bytes beyond the end", g.u32(0))
		}
		g.must("fd_readdir", fd, 100, 1000, uint64(math.MaxUint64), 0)
		if g.u32(0) != 0 {
			t.Errorf("%d bytes far beyond the end", g.u32(0))
		}
		g.must("fd_readdir", fd, 100, 0, uint64(0), 0)
		g.wants(vfs.EFAULT, "fd_readdir", fd, 100, len(g.mem), uint64(0), 0)
		g.wants(vfs.ENOTDIR, "fd_readdir", 1, 100, 100, uint64(0), 0)
	})
}

// readdir reads a directory through a buffer of the given size, and counts the names.
func (g *guest) readdir(fd uint32, size int) map[string]int {
	g.t.Helper()
	names := map[string]int{}
	for cookie := uint64(0); ; {
		g.must("fd_readdir", fd, 32, size, cookie, 0)
		used := g.u32(0)
		buf := g.mem[32 : 32+used]
		for len(buf) >= 24 {
			at := uint32(32+used) - uint32(len(buf))
			n := g.u32(at + 16)
			if len(buf) < int(24+n) {
				break
			}
			if pad := buf[21] | buf[22] | buf[23]; pad != 0 {
				g.t.Error("padding is not zero")
			}
			names[string(buf[24:24+n])]++
			cookie = g.u64(at)
			buf = buf[24+n:]
		}
		if int(used) < size {
			return names
		}
	}
}
