package wasi_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"github.com/tetratelabs/wazero/experimental/wazerotest"
)

// Each test here is the attack of an advisory of another runtime, tried against this one. Two are elsewhere: those about names on
// Windows are in confined/names_test.go (GHSA-f2pq-268w-886c, CVE-2024-51745), and races in confined/race_test.go.

// escape gives a guest with a directory of the host, and the path of a secret beside that.
func escape(t *testing.T) (g *guest, inside, secret string) {
	base := t.TempDir()
	inside = filepath.Join(base, "inside")
	secret = filepath.Join(base, "secret")
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(secret, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	return newGuest(t, wasi.Config{Mounts: []wasi.Mount{{Guest: "/", Host: inside}}}), inside, secret
}

// wazero#2321, CVE-2024-38358: a link that the guest makes leads out, to read, to make a file, to write.
func TestLinkMadeByGuest(t *testing.T) {
	g, _, secret := escape(t)
	for name, target := range map[string]string{"secret": "../secret", "dir": "..", "new": "../new"} {
		g.must("path_symlink", target, 3, name)
	}
	if s, errno := g.readFile(3, "secret"); errno != vfs.ENOTCAPABLE {
		t.Errorf("read %q, %v", s, errno)
	}
	for _, path := range []string{"secret", "dir/secret", "new", "dir/new"} {
		for _, oflags := range []int{0, creat, trunc, creat | trunc, creat | excl} {
			if errno := g.open(3, path, oflags); errno != vfs.ENOTCAPABLE && (oflags&excl == 0 || errno != vfs.EEXIST) {
				t.Errorf("open %q %d: %v", path, oflags, errno)
			}
		}
	}
	g.wants(vfs.ENOTCAPABLE, "path_rename", 3, "secret", 3, "dir/moved")
	g.wants(vfs.ENOTCAPABLE, "path_link", 3, 0, "dir/secret", 3, "linked")
	entries, _ := os.ReadDir(filepath.Dir(secret))
	if text, err := os.ReadFile(secret); string(text) != "secret" || err != nil || len(entries) != 2 {
		t.Errorf("the secret is %q, %v; beside it %v", text, err, entries)
	}
}

// A link that is already there leads out as well.
func TestLinkFoundByGuest(t *testing.T) {
	g, inside, secret := escape(t)
	for name, target := range map[string]string{"abs": secret, "rel": "../secret", "root": "/"} {
		if err := os.Symlink(target, filepath.Join(inside, name)); err != nil {
			t.Fatal(err)
		}
		if s, errno := g.readFile(3, name); errno != vfs.ENOTCAPABLE {
			t.Errorf("read %q through %s, %v", s, name, errno)
		}
		g.wants(vfs.ENOTCAPABLE, "path_filestat_get", 3, 1, name, 0)
		g.must("path_filestat_get", 3, 0, name, 0)
	}
}

// GHSA-vqjp-4c8c-hfgg, GHSA-m9f7-9w4p-gv38: a slash after a link makes the host follow it.
func TestTrailingSlash(t *testing.T) {
	g, inside, _ := escape(t)
	g.must("path_symlink", "..", 3, "up")
	g.must("path_create_directory", 3, "d")
	g.create(3, "f", "")
	for _, path := range []string{"up/", "up//", "up/./", "up/."} {
		for name, errno := range g.onPath(path) {
			if errno == 0 {
				t.Errorf("%s(%q) worked", name, path)
			}
		}
		g.wants(vfs.ENOTCAPABLE, "path_open", 3, 0, path, directory, rightsDir, 0, 0, 0)
		g.wants(vfs.ENOTDIR, "path_rename", 3, "f", 3, "new/")
	}
	if entries, _ := os.ReadDir(filepath.Dir(inside)); len(entries) != 2 {
		t.Errorf("outside there are %v", entries)
	}
}

// GHSA-4ch3-9j33-3pmj: a second name in a writable mount for what is in a read-only one makes it writable.
func TestReadOnlyStaysSo(t *testing.T) {
	base := t.TempDir()
	if err := os.Mkdir(filepath.Join(base, "ro"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(base, "ro", "f")
	if err := os.WriteFile(file, []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	g := newGuest(t, wasi.Config{Mounts: []wasi.Mount{
		{Guest: "/ro", Host: filepath.Join(base, "ro"), ReadOnly: true}, {Guest: "/rw", Host: t.TempDir()},
	}})
	for _, call := range []string{"path_link", "path_rename"} {
		for _, to := range []uint32{3, 4} {
			args := []any{3, "f", to, "g"}
			if call == "path_link" {
				args = []any{3, 0, "f", to, "g"}
			}
			if errno := g.call(call, args...); errno != vfs.EROFS {
				t.Errorf("%s to %d: %v", call, to, errno)
			}
		}
	}
	// Nor do more rights, or another number, help a descriptor that came from there.
	g.must("path_open", 3, 0, "f", 0, 2, 0, 0, 0)
	fd := g.u32(0)
	g.wants(vfs.ENOTCAPABLE, "fd_fdstat_set_rights", fd, rightsFile, 0)
	g.must("fd_renumber", fd, 4)
	if _, errno := g.write(4, "x"); errno != vfs.ENOTCAPABLE {
		t.Errorf("write: %v", errno)
	}
	if text, err := os.ReadFile(file); string(text) != "text" || err != nil {
		t.Errorf("the file is %q, %v", text, err)
	}
}

// CVE-2025-53901: renumbering descriptors that are not there ends the process. CVE-2026-54786: what is written over stays open.
func TestRenumberAttacks(t *testing.T) {
	before := descriptors(t)
	g := newGuest(t, wasi.Config{Mounts: []wasi.Mount{{Guest: "/", Host: t.TempDir()}}})
	for _, fd := range []uint32{4, 1 << 10, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
		for _, with := range []uint32{0, 3, fd} {
			g.wants(vfs.EBADF, "fd_renumber", fd, with)
			g.wants(vfs.EBADF, "fd_renumber", with, fd)
		}
	}
	for range 3000 {
		a, b := g.mustOpen(3, "f", creat), g.mustOpen(3, "f", 0)
		g.must("fd_renumber", a, b)
		g.must("fd_close", b)
	}
	if now := descriptors(t); now > before+10 {
		t.Errorf("%d descriptors before, %d now", before, now)
	}
}

// CVE-2026-27204: as many handles as the guest likes, and buffers of the host as large as it says.
func TestUnboundedResources(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		g.create(3, "f", "")
		n := 0
		for ; g.open(3, "f", 0) == 0; n++ {
		}
		if errno := g.open(3, "f", 0); errno != vfs.EMFILE || n > 1024 {
			t.Errorf("after %d files: %v", n, errno)
		}
		g.must("fd_close", 10)
		if fd := g.mustOpen(3, "f", 0); fd != 10 {
			t.Errorf("opened as %d", fd)
		}
		huge := uint32(1<<32 - 1)
		allocated := testing.AllocsPerRun(1, func() {
			g.wants(vfs.EINVAL, "fd_read", 10, 0, huge, 0)
			g.wants(vfs.EINVAL, "fd_write", 1, 0, 1025, 0)
			g.wants(vfs.EFAULT, "fd_read", 10, g.iovec(0, huge), 1, 0)
			g.wants(vfs.EFAULT, "fd_readdir", 3, 0, huge, uint64(0), 0)
			g.wants(vfs.EFAULT, "random_get", 0, huge)
			g.wants(vfs.EINVAL, "poll_oneoff", 0, 0, huge, 0)
			g.wants(vfs.ENAMETOOLONG, "path_open", 3, 0, 0, huge, 0, 0, 0, 0, 0)
			g.wants(vfs.EFAULT, "path_readlink", 3, "f", 0, huge, 0)
		})
		if allocated > 100 {
			t.Errorf("%v allocations", allocated)
		}
		// Many buffers that all are the same memory hold more bytes than there are.
		g.must("fd_seek", 10, int64(0), 0, 0)
		if list := g.manyIovecs(1024, uint32(len(g.mem))); g.call("fd_write", 10, list, 1024, 0) != 0 || g.u32(0) != 1024*uint32(len(g.mem)) {
			t.Errorf("wrote %d", g.u32(0))
		}
	})
}

// The count of bytes is a number of 32 bits, which many buffers that are the same memory would overflow.
func TestCountOverflow(t *testing.T) {
	g := newGuest(t, wasi.Config{})
	g.mod, g.mem = bigModule()
	g.wants(vfs.EINVAL, "fd_write", 1, g.manyIovecs(1024, 4<<20), 1024, 0)
	g.wants(vfs.EINVAL, "fd_read", 0, g.manyIovecs(1024, 4<<20), 1024, 0)
	g.must("fd_write", 1, g.manyIovecs(256, 4<<20), 256, 0)
	if g.u32(0) != 1<<30 {
		t.Errorf("wrote %d", g.u32(0))
	}
}

// bigModule has 4 MiB of memory.
func bigModule() (*wazerotest.Module, []byte) {
	mem := wazerotest.NewFixedMemory(4 << 20)
	return wazerotest.NewModule(mem), mem.Bytes
}

func (g *guest) manyIovecs(n int, size uint32) uint32 {
	var list []byte
	one := g.iovec(0, size)
	for range n {
		list = append(list, g.mem[one:one+8]...)
	}
	return g.put(list)
}

// GHSA-j366-h8gg-77pm: subscriptions are held by the host without a limit, or for longer than the call.
func TestPollKeepsNothing(t *testing.T) {
	g := newGuest(t, wasi.Config{Mounts: []wasi.Mount{{Guest: "/"}}})
	g.create(3, "f", "")
	fd := g.mustOpen(3, "f", 0)
	in := make([]byte, 0, 90*48)
	for range 90 {
		in = append(in, sub{1, 1, fd, 0, false}.bytes()...)
	}
	ptr := g.put(in)
	for range 100 {
		g.must("poll_oneoff", ptr, 1024, 90, 0)
		if g.u32(0) != 90 {
			t.Fatalf("%d events", g.u32(0))
		}
	}
	g.must("fd_close", fd)
	g.must("poll_oneoff", g.put(in[:48]), 1024, 1, 0)
	if vfs.Errno(g.u16(1024+8)) != vfs.EBADF {
		t.Error("a closed file can still be waited for")
	}
}

// GHSA-96f6-r43r-8c24: padding holds what was in the host's memory.
func TestPaddingIsZero(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		dirty := func(size int) {
			for i := range g.mem[:size] {
				g.mem[i] = 0xff
			}
		}
		zero := func(what string, ranges ...[2]int) {
			t.Helper()
			for _, r := range ranges {
				for i := r[0]; i < r[1]; i++ {
					if g.mem[i] != 0 {
						t.Errorf("%s: byte %d is %x", what, i, g.mem[i])
					}
				}
			}
		}
		dirty(100)
		g.must("fd_readdir", 3, 0, 24, uint64(0), 200)
		zero("dirent", [2]int{21, 24})
		dirty(100)
		g.must("fd_filestat_get", 3, 0)
		zero("filestat", [2]int{17, 24})
		dirty(100)
		g.must("fd_fdstat_get", 3, 0)
		zero("fdstat", [2]int{1, 2}, [2]int{4, 8})
		dirty(100)
		g.must("fd_prestat_get", 3, 0)
		zero("prestat", [2]int{0, 4})
		g.poll(sub{1, 2, 1, 0, false})
		for i := 1024 + 11; i < 1024+16; i++ {
			if g.mem[i] != 0 {
				t.Errorf("event: byte %d is %x", i-1024, g.mem[i])
			}
		}
	})
}

// The descriptors of the process are not those of the guest.
func TestDescriptorsOfTheProcess(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g := newGuest(t, wasi.Config{})
	for fd := range uint32(200) {
		if _, errno := g.write(fd, "x"); fd > 2 && errno != vfs.EBADF {
			t.Errorf("wrote to %d: %v", fd, errno)
		}
	}
	if info, err := f.Stat(); info.Size() != 0 || err != nil {
		t.Errorf("the file holds %d bytes, %v", info.Size(), err)
	}
	runtime.KeepAlive(f)
}
