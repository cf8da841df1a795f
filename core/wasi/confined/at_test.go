//go:build linux || darwin

package confined

import (
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"github.com/pywasm-go/pywasm/core/wasi/vfs/vfstest"
	"golang.org/x/sys/unix"
)

// around has each call that uses names go through do, until the function that it gives is called.
func around(do func(call func() error, names ...string) error) (restore func()) {
	real := host
	host = calls{
		openat: func(fd int, name string, flags int, mode uint32) (got int, err error) {
			err = do(func() error { got, err = real.openat(fd, name, flags, mode); return err }, name)
			return got, err
		},
		fstatat: func(fd int, name string, st *unix.Stat_t, flags int) error {
			return do(func() error { return real.fstatat(fd, name, st, flags) }, name)
		},
		utimensat: func(fd int, name string, ts []unix.Timespec, flags int) error {
			return do(func() error { return real.utimensat(fd, name, ts, flags) }, name)
		},
		readlinkat: func(fd int, name string, buf []byte) (n int, err error) {
			err = do(func() error { n, err = real.readlinkat(fd, name, buf); return err }, name)
			return n, err
		},
		mkdirat: func(fd int, name string, mode uint32) error {
			return do(func() error { return real.mkdirat(fd, name, mode) }, name)
		},
		unlinkat: func(fd int, name string, flags int) error {
			return do(func() error { return real.unlinkat(fd, name, flags) }, name)
		},
		symlinkat: func(target string, fd int, name string) error {
			return do(func() error { return real.symlinkat(target, fd, name) }, name)
		},
		linkat: func(oldFD int, old string, fd int, name string, flags int) error {
			return do(func() error { return real.linkat(oldFD, old, fd, name, flags) }, old, name)
		},
		renameat: func(oldFD int, old string, fd int, name string) error {
			return do(func() error { return real.renameat(oldFD, old, fd, name) }, old, name)
		},
	}
	return func() { host = real }
}

// TestHostGetsNames: whatever path a guest gives, the host gets no path, and no slash, which it might follow a link for. Linux
// refuses some of these by itself, such as a rename of a link with a slash; other hosts do not.
func TestHostGetsNames(t *testing.T) {
	for _, k := range hostKinds {
		t.Run(k.name, func(t *testing.T) {
			restore := around(func(call func() error, names ...string) error {
				for _, name := range names {
					if name == ".." || strings.Contains(name, "/") {
						t.Errorf("the host got %q", name)
					}
				}
				return call()
			})
			defer restore()
			vfstest.Run(t, func(t *testing.T) vfs.Dir {
				dir, _, _ := sandbox(t, k.open)
				return dir
			}, k.lacks)
		})
	}
}

// TestOpensAreGuarded by flags, each time: no link is followed, no child of this process gets the descriptor, nothing is waited for,
// and no terminal becomes that of this process.
func TestOpensAreGuarded(t *testing.T) {
	for _, k := range hostKinds {
		real, opens := host, 0
		host.openat = func(fd int, name string, flags int, mode uint32) (int, error) {
			opens++
			want := unix.O_NOFOLLOW | unix.O_CLOEXEC
			if flags&searchFlags != searchFlags {
				want |= unix.O_NONBLOCK | unix.O_NOCTTY
			}
			if flags&want != want {
				t.Errorf("%s: %q is opened with the flags %#x", k.name, name, flags)
			}
			return real.openat(fd, name, flags, mode)
		}
		dir, _, _ := sandbox(t, k.open)
		dir.Mkdir("d")
		for _, how := range []vfs.How{{Read: true}, {Write: true, Create: true}, {Truncate: true, Follow: true}, {Create: true, Exclusive: true}} {
			opened(dir.Open("d/f", how))
		}
		opened(dir.Open("d/", vfs.How{Directory: true}))
		host = real
		if opens < 5 {
			t.Errorf("%s: %d calls", k.name, opens)
		}
	}
}

// TestHostThatNeverAgrees: each try to open finds a link where none was a moment ago, and each link is longer than any host has them.
func TestHostThatNeverAgrees(t *testing.T) {
	dir, _, _ := sandbox(t, openDir)
	real, opens := host, 0
	defer func() { host = real }()
	host.openat = func(int, string, int, uint32) (int, error) {
		if opens++; opens > 2*openTries {
			return -1, unix.EIO
		}
		return -1, unix.ELOOP
	}
	if err := opened(dir.Open("f", vfs.How{Follow: true, Create: true})); err != vfs.ELOOP || opens != openTries {
		t.Errorf("%v after %d tries", err, opens)
	}
	host.readlinkat = func(_ int, _ string, buf []byte) (int, error) { return len(buf), nil }
	if _, err := dir.Readlink("link"); err != vfs.ENAMETOOLONG {
		t.Errorf("the link leads to more than there can be: %v", err)
	}
}

// TestSwapsAtTheWorstMoment does for certain what TestRaces tries for: something is swapped right before one of the calls that a
// method makes, for each of these.
func TestSwapsAtTheWorstMoment(t *testing.T) {
	for _, k := range hostKinds {
		for swapName, s := range swaps {
			for name, attempt := range attempts {
				t.Run(k.name+"/"+swapName+"/"+name, func(t *testing.T) {
					for moment := 1; swapBefore(t, k, s, attempt, moment, 1); moment++ {
						swapBefore(t, k, s, attempt, moment, openTries) // again before each call after that one
					}
				})
			}
		}
	}
}

// swapBefore makes the attempt with swaps before the call of this number, and before as many from there on as said. It says whether
// the attempt came to that call.
func swapBefore(t *testing.T, k kind, s swap, attempt func(vfs.Dir, string) error, moment, swaps int) (reached bool) {
	for _, astray := range []bool{false, true} {
		dir, inside, outside := sandbox(t, k.open)
		opened(dir.Open("file", vfs.How{Create: true}))
		if err := s.setup(inside); err != nil {
			t.Fatal(err)
		}
		if astray {
			s.there(inside)
		}
		n := 0
		restore := around(func(call func() error, _ ...string) error {
			if n++; n >= moment && n < moment+swaps {
				map[bool]func(string){false: s.there, true: s.back}[astray](inside)
				astray = !astray
			}
			return call()
		})
		if err := attempt(dir, s.path); err == errEscape {
			t.Errorf("reached the outside by a swap before call %d", moment)
		}
		restore()
		untouched(t, outside)
		reached = reached || n >= moment
	}
	return reached
}
