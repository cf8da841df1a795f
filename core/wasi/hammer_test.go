package wasi_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// TestHammer: instances that share an environment, in several threads, get errors at worst. Run it with -race.
func TestHammer(t *testing.T) {
	base := t.TempDir()
	inside := filepath.Join(base, "inside")
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	before := descriptors(t)
	env, err := wasi.New(wasi.Config{
		Mounts: []wasi.Mount{{Guest: "/host", Host: inside}, {Guest: "/mem"}, {Guest: "/limited", Host: inside, Quota: 10_000}},
		Stdout: wasi.NewCapture(1 << 20),
		Listen: []string{"127.0.0.1:0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for seed := range uint64(4) {
		g := guestOf(t, env, wasi.Version(seed%2))
		all.Go(func() {
			r := rand.New(rand.NewPCG(seed, 0))
			for range 2000 {
				g.anything(r)
			}
		})
	}
	all.Wait()
	env.Close()
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
	if entries, err := os.ReadDir(base); len(entries) != 1 || err != nil {
		t.Errorf("outside there are %v, %v", entries, err)
	}
}

// descriptors counts those of the process, where the host tells.
func descriptors(t *testing.T) int {
	if runtime.GOOS != "linux" {
		return 0
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// anything does something or other that does not wait.
func (g *guest) anything(r *rand.Rand) {
	dir, fd := uint32(3+r.IntN(3)), uint32(r.IntN(40))
	name := func() string {
		names := []string{"a", "b", "d", "d/a", "d/b", "s", "d/../a", "s/x", "../inside/a", "d/s", strconv.Itoa(r.IntN(100))}
		return names[r.IntN(len(names))]
	}
	iovec := g.iovec(uint32(r.IntN(2000)), uint32(r.IntN(2000)))
	in := g.put(sub{1, byte(r.IntN(3)), fd, 0, true}.bytes())
	for len(g.mem) > 0 {
		switch r.IntN(20) {
		case 0, 1, 2:
			g.open(dir, name(), []int{0, creat, trunc, creat | excl, directory}[r.IntN(5)])
		case 3:
			if fd > 8 {
				g.call("fd_close", fd)
			}
		case 4:
			g.call("fd_renumber", 9+r.IntN(30), 9+r.IntN(30))
		case 5:
			g.call("path_rename", dir, name(), 3+r.IntN(3), name())
		case 6:
			g.call("path_unlink_file", dir, name())
		case 7:
			g.call("path_create_directory", dir, name())
		case 8:
			g.call("path_remove_directory", dir, name())
		case 9:
			g.call("path_symlink", "../d/../../x", dir, name())
		case 10:
			g.call("path_link", dir, 0, name(), dir, name())
		case 11:
			if fd != 6 { // which would wait for a connection
				g.call("fd_read", fd, iovec, 1, 0)
			}
		case 12:
			g.call("fd_write", fd, iovec, 1, 0)
		case 13:
			g.call("fd_pwrite", fd, iovec, 1, uint64(r.IntN(5000)), 0)
		case 14:
			g.call("fd_seek", fd, int64(r.IntN(5000)), r.IntN(3), 0)
		case 15:
			g.call("fd_readdir", fd, 1000, 500, uint64(r.IntN(20)), 0)
		case 16:
			g.call("fd_filestat_get", fd, 1000)
		case 17:
			g.call("fd_fdstat_set_flags", fd, r.IntN(6)&^4)
		case 18:
			if fd != 6 {
				g.call("poll_oneoff", in, 1024, 1, 0)
			}
		case 19:
			g.call("path_filestat_set_times", dir, r.IntN(2), name(), uint64(1), uint64(2), 5)
		}
		if r.IntN(3) > 0 {
			return
		}
	}
}

// TestCloseDuringCall: closing an environment while other threads use it takes nothing from under them, and leaves nothing open.
func TestCloseDuringCall(t *testing.T) {
	before := descriptors(t)
	for range 50 {
		g := newGuest(t, wasi.Config{Mounts: []wasi.Mount{{Guest: "/", Host: t.TempDir()}}})
		g.create(3, "f", "text")
		fd := g.mustOpen(3, "f", 0)
		other := guestOf(t, g.env, wasi.Snapshot1)
		var all sync.WaitGroup
		all.Go(func() {
			for {
				errno := other.call("fd_pread", fd, 1024, 0, uint64(0), 0)
				if errno == vfs.EBADF {
					return
				}
				if errno != 0 {
					t.Error(errno)
				}
			}
		})
		opener := guestOf(t, g.env, wasi.Snapshot1)
		all.Go(func() {
			for opener.open(3, "f", 0) != vfs.EBADF {
			}
		})
		runtime.Gosched()
		g.env.Close()
		all.Wait()
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}
