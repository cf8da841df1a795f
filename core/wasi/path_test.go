package wasi_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// onPath calls each function with a path, on descriptor 3. Where two paths are taken, both places get it in turn.
func (g *guest) onPath(path string) map[string]vfs.Errno {
	return map[string]vfs.Errno{
		"path_open":               g.call("path_open", 3, 1, path, 0, 2, 0, 0, 0),
		"path_open nofollow":      g.call("path_open", 3, 0, path, 0, 2, 0, 0, 0),
		"path_open creat":         g.call("path_open", 3, 1, path, creat, rightsFile, 0, 0, 0),
		"path_open trunc":         g.call("path_open", 3, 1, path, trunc, rightsFile, 0, 0, 0),
		"path_open directory":     g.call("path_open", 3, 1, path, directory, rightsDir, 0, 0, 0),
		"path_create_directory":   g.call("path_create_directory", 3, path),
		"path_filestat_get":       g.call("path_filestat_get", 3, 1, path, 0),
		"path_filestat_set_times": g.call("path_filestat_set_times", 3, 1, path, uint64(0), uint64(0), 5),
		"path_link from":          g.call("path_link", 3, 0, path, 3, "new"),
		"path_link to":            g.call("path_link", 3, 0, "f", 3, path),
		"path_readlink":           g.call("path_readlink", 3, path, 0, 100, 100),
		"path_remove_directory":   g.call("path_remove_directory", 3, path),
		"path_rename from":        g.call("path_rename", 3, path, 3, "new"),
		"path_rename to":          g.call("path_rename", 3, "f", 3, path),
		"path_symlink":            g.call("path_symlink", "f", 3, path),
		"path_unlink_file":        g.call("path_unlink_file", 3, path),
	}
}

func TestPathsThatAreNone(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		g.create(3, "f", "")
		for path, want := range map[string]vfs.Errno{
			"":                              vfs.ENOENT,
			"a\x00b":                        vfs.EINVAL,
			"f\x00":                         vfs.EINVAL,
			"\x00":                          vfs.EINVAL,
			"\xff\xfe":                      vfs.EILSEQ,
			"a/\xc0\x80":                    vfs.EILSEQ,
			"/":                             vfs.ENOTCAPABLE,
			"/f":                            vfs.ENOTCAPABLE,
			"..":                            vfs.ENOTCAPABLE,
			"../f":                          vfs.ENOTCAPABLE,
			strings.Repeat("x", 4097):       vfs.ENAMETOOLONG,
			strings.Repeat("x", 256):        vfs.ENAMETOOLONG,
			strings.Repeat("./", 300) + "f": vfs.ENAMETOOLONG,
		} {
			for name, errno := range g.onPath(path) {
				if errno != want {
					t.Errorf("%s(%.20q): %v, want %v", name, path, errno, want)
				}
			}
		}
		for _, target := range []string{"", "/etc/passwd", "a\x00", "\xff", strings.Repeat("x", 4097)} {
			if errno := g.call("path_symlink", target, 3, "link"); errno == 0 {
				t.Errorf("made a link to %.20q", target)
			}
		}
	})
}

func TestOtherKindsOfDescriptor(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		g.create(3, "f", "")
		fd := g.mustOpen(3, "f", 0)
		for _, at := range []uint32{fd, 0, 1} {
			g.wants(vfs.ENOTDIR, "path_open", at, 0, "f", 0, 0, 0, 0, 0)
			g.wants(vfs.ENOTDIR, "path_rename", at, "f", 3, "g")
			g.wants(vfs.ENOTDIR, "path_rename", 3, "f", at, "g")
			g.wants(vfs.ENOTDIR, "path_unlink_file", at, "f")
		}
		for name, errno := range map[string]vfs.Errno{
			"fd_read":  g.call("fd_read", 3, g.iovec(0, 1), 1, 100),
			"fd_write": g.call("fd_write", 3, g.iovec(0, 1), 1, 100),
		} {
			if errno != vfs.ENOTCAPABLE && errno != vfs.EISDIR {
				t.Errorf("%s of a directory: %v", name, errno)
			}
		}
		g.wants(vfs.EINVAL, "path_open", 3, 0, "f", 16, 0, 0, 0, 0)
		g.wants(vfs.EINVAL, "path_open", 3, 0, "f", 0, 0, 0, 32, 0)
		g.wants(vfs.EINVAL, "path_open", 3, 0, "f", creat|directory, 0, 0, 0, 0)
		g.wants(vfs.EFAULT, "path_open", 3, 0, "new", creat, 0, 0, 0, len(g.mem)-3)
		g.wants(vfs.ENOENT, "path_filestat_get", 3, 0, "new", 0) // nothing was made in vain
		g.wants(vfs.EINVAL, "path_link", 3, 1, "f", 3, "g")
	})
}

func TestReadlink(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		g.must("path_symlink", "target", 3, "link")
		g.must("path_readlink", 3, "link", 100, 100, 0)
		if s := string(g.mem[100:108]); g.u32(0) != 6 || s != "target\x00\x00" {
			t.Errorf("read %q", s)
		}
		clear(g.mem[100:200])
		g.must("path_readlink", 3, "link", 100, 4, 0)
		if s := string(g.mem[100:105]); g.u32(0) != 4 || s != "targ\x00" {
			t.Errorf("read %q", s)
		}
		g.must("path_readlink", 3, "link", 100, 0, 0)
	})
}

func TestReadOnly(t *testing.T) {
	host := t.TempDir()
	if err := os.WriteFile(filepath.Join(host, "f"), []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(host, "d"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, mount := range map[string]wasi.Mount{
		"host":   {Guest: "/", Host: host, ReadOnly: true},
		"memory": {Guest: "/", Files: map[string][]byte{"f": []byte("text"), "d/": nil}, ReadOnly: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuest(t, wasi.Config{Mounts: []wasi.Mount{mount}})
			sub := g.mustOpen(3, "d", directory)
			for _, dir := range []uint32{3, sub} {
				g.wants(vfs.EROFS, "path_open", dir, 0, "new", creat, 2, 0, 0, 0)
				g.wants(vfs.EROFS, "path_open", dir, 0, "f", 0, rightsFile, 0, 0, 0)
				g.wants(vfs.EROFS, "path_open", dir, 0, "f", trunc, 2, 0, 0, 0)
				g.wants(vfs.EROFS, "path_create_directory", dir, "new")
				g.wants(vfs.EROFS, "path_remove_directory", dir, "d")
				g.wants(vfs.EROFS, "path_unlink_file", dir, "f")
				g.wants(vfs.EROFS, "path_symlink", "f", dir, "new")
				g.wants(vfs.EROFS, "path_link", dir, 0, "f", dir, "new")
				g.wants(vfs.EROFS, "path_rename", dir, "f", dir, "new")
				g.wants(vfs.EROFS, "path_filestat_set_times", dir, 0, "f", uint64(0), uint64(0), 5)
				g.wants(vfs.EROFS, "fd_filestat_set_times", dir, uint64(0), uint64(0), 5)
			}
			g.must("path_open", 3, 0, "f", 0, rightsFile&^(1<<6), 0, 0, 0) // all but to write
			fd := g.u32(0)
			g.wants(vfs.EROFS, "fd_allocate", fd, uint64(0), uint64(100))
			g.wants(vfs.EROFS, "fd_filestat_set_size", fd, uint64(0))
			g.wants(vfs.EROFS, "fd_filestat_set_times", fd, uint64(0), uint64(0), 5)
			if s, errno := g.read(fd); s != "text" || errno != 0 {
				t.Errorf("read %q, %v", s, errno)
			}
			g.must("fd_filestat_get", fd, 0)
			if names := g.readdir(3, 1000); len(names) != 4 {
				t.Errorf("holds %v", names)
			}
		})
	}
}

// TestMountsAreApart: what is in one mount cannot be made to be in another, by rename or hard link (GHSA-4ch3-9j33-3pmj).
func TestMountsAreApart(t *testing.T) {
	base := t.TempDir()
	if err := os.Mkdir(filepath.Join(base, "ro"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(base, "ro", "f"), []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	g := newGuest(t, wasi.Config{Mounts: []wasi.Mount{
		{Guest: "/rw", Host: base},
		{Guest: "/ro", Host: filepath.Join(base, "ro"), ReadOnly: true},
		{Guest: "/again", Host: base},
		{Guest: "/mem"},
		{Guest: "/mem2"},
		{Guest: "/limited", Host: base, Quota: 100},
	}})
	g.create(3, "w", "")
	for from := 3; from <= 8; from++ {
		for to := 3; to <= 8; to++ {
			want := vfs.EXDEV
			switch {
			case from == to:
				continue
			case from == 4 || to == 4:
				want = vfs.EROFS
			}
			g.wants(want, "path_rename", from, "f", to, "g")
			g.wants(want, "path_link", from, 0, "f", to, "g")
		}
	}
}

// TestNoHostPath: nothing a guest can read tells where it is mounted.
func TestNoHostPath(t *testing.T) {
	dir := t.TempDir()
	g := newGuest(t, wasi.Config{Args: []string{"x"}, Mounts: []wasi.Mount{{Guest: "/", Host: dir}}})
	g.create(3, "f", "")
	g.must("path_symlink", "f", 3, "link")
	g.onPath("f")
	g.onPath("none/x")
	g.onPath("../x")
	g.mustOpen(3, ".", directory)
	g.readdir(3, 500)
	g.call("fd_prestat_dir_name", 3, 0, 100)
	// The paths that this test itself put into memory are relative.
	if strings.Contains(string(g.mem), dir) || strings.Contains(string(g.mem), filepath.Base(dir)) {
		t.Error("a path of the host is in the guest's memory")
	}
}

func TestQuota(t *testing.T) {
	for name, mount := range map[string]wasi.Mount{
		"host":   {Guest: "/", Host: t.TempDir(), Quota: 10},
		"memory": {Guest: "/", Files: map[string][]byte{"x": []byte("xx")}, Quota: 12},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuest(t, wasi.Config{Mounts: []wasi.Mount{mount}})
			fd := g.mustOpen(3, "f", creat)
			if n, errno := g.write(fd, "0123456789abc"); n != 10 || errno != 0 {
				t.Errorf("wrote %d, %v", n, errno)
			}
			if _, errno := g.write(fd, "x"); errno != vfs.ENOSPC {
				t.Errorf("write: %v", errno)
			}
			g.wants(vfs.ENOSPC, "fd_allocate", fd, uint64(0), uint64(11))
			g.wants(vfs.ENOSPC, "fd_filestat_set_size", fd, uint64(1<<62))
			g.wants(vfs.ENOSPC, "fd_pwrite", fd, g.iovec(0, 1), 1, uint64(1<<62), 100)
			g.must("path_unlink_file", 3, "f")
			if _, errno := g.write(g.mustOpen(3, "g", creat), "x"); errno != vfs.ENOSPC {
				t.Errorf("write while the file is still open: %v", errno)
			}
			g.must("fd_close", fd)
			if n, errno := g.write(g.mustOpen(3, "g", creat), "0123456789"); n != 10 || errno != 0 {
				t.Errorf("wrote %d, %v", n, errno)
			}
		})
	}
}
