package vfs_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pywasm-go/pywasm/core/wasi/confined"
	"github.com/pywasm-go/pywasm/core/wasi/memfs"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"github.com/pywasm-go/pywasm/core/wasi/vfs/vfstest"
)

// limited are file systems under a quota of so many bytes and names.
func limited(t *testing.T, bytes int64, entries int, run func(t *testing.T, dir vfs.Dir)) {
	t.Run("host", func(t *testing.T) { run(t, hostDir(t, bytes, entries)) })
	t.Run("memory", func(t *testing.T) {
		fs, err := memfs.New(nil, 1<<20, func() int64 { return time.Now().UnixNano() })
		if err != nil {
			t.Fatal(err)
		}
		run(t, vfs.NewQuota(bytes, entries).Limit(fs.Root()))
	})
}

func hostDir(t *testing.T, bytes int64, entries int) vfs.Dir {
	dir, err := confined.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	return vfs.NewQuota(bytes, entries).Limit(dir)
}

func TestContractUnderQuota(t *testing.T) {
	vfstest.Run(t, func(t *testing.T) vfs.Dir { return hostDir(t, 1<<20, vfs.MaxEntries) }, vfstest.Lacks{})
}

func open(t *testing.T, dir vfs.Dir, path string, how vfs.How) vfs.File {
	t.Helper()
	node, err := dir.Open(path, how)
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	return node.(vfs.File)
}

// room finds out how many bytes can still be added.
func room(t *testing.T, dir vfs.Dir) (n int) {
	t.Helper()
	f := open(t, dir, "probe", vfs.How{Write: true, Create: true})
	n, err := f.WriteAt(make([]byte, 10_000), 0)
	if err != nil && err != vfs.ENOSPC {
		t.Fatal(err)
	}
	if err := errors.Join(f.Close(), dir.Unlink("probe")); err != nil {
		t.Fatal(err)
	}
	return n
}

var create = vfs.How{Read: true, Write: true, Create: true}

// TestQuotasAreApart: nothing goes from one quota to another, even where both are over the same files.
func TestQuotasAreApart(t *testing.T) {
	fs, err := memfs.New(map[string][]byte{"f": nil}, 1<<20, func() int64 { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	one, two := vfs.NewQuota(100, 100).Limit(fs.Root()), vfs.NewQuota(100, 100).Limit(fs.Root())
	if err := one.Link("f", two, "g"); err != vfs.EXDEV {
		t.Errorf("link: %v", err)
	}
	if err := one.Rename("f", two, "g"); err != vfs.EXDEV {
		t.Errorf("rename: %v", err)
	}
}

func TestQuotaOfBytes(t *testing.T) {
	limited(t, 1000, 100, func(t *testing.T, dir vfs.Dir) {
		check := func(what string, want int) {
			t.Helper()
			if got := room(t, dir); got != want {
				t.Errorf("%s: room for %d bytes, want %d", what, got, want)
			}
		}
		check("at first", 1000)
		f := open(t, dir, "f", create)
		n, err := f.WriteAt(make([]byte, 600), 0)
		if n != 600 || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
		check("after 600", 400)
		f.WriteAt(make([]byte, 600), 0)
		check("over the same", 400)
		more := open(t, dir, "more", create)
		if n, end, err := more.Append(make([]byte, 500)); n != 400 || end != 400 || err != nil {
			t.Errorf("an append that fits in part gave %d, %d, %v", n, end, err)
		}
		more.Close()
		if err := dir.Unlink("more"); err != nil {
			t.Error(err)
		}
		check("without what was appended", 400)
		if n, err = f.WriteAt(make([]byte, 600), 500); n != 500 || err != nil {
			t.Errorf("a write that fits in part gave %d, %v", n, err)
		}
		if n, err = f.WriteAt([]byte{1}, 1000); n != 0 || err != vfs.ENOSPC {
			t.Errorf("a write when full gave %d, %v", n, err)
		}
		if n, _, err = f.Append([]byte{1}); n != 0 || err != vfs.ENOSPC {
			t.Errorf("an append when full gave %d, %v", n, err)
		}
		if _, err = f.WriteAt([]byte{1}, 1<<40); err != vfs.ENOSPC {
			t.Errorf("a write far off gave %v", err)
		}
		check("full", 0)
		if err := f.Truncate(100); err != nil {
			t.Error(err)
		}
		check("after a cut to 100", 900)
		if err := f.Truncate(1001); err != vfs.ENOSPC {
			t.Errorf("growing beyond gave %v", err)
		}
		if err := f.Allocate(100, 901); err != vfs.ENOSPC {
			t.Errorf("allocating beyond gave %v", err)
		}
		if err := f.Allocate(0, 200); err != nil {
			t.Error(err)
		}
		check("after allocating 200", 800)
		f.Close()
		open(t, dir, "f", vfs.How{Truncate: true}).Close()
		check("after opening to truncate", 1000)
		target := strings.Repeat("x", 200)
		for n := range 5 {
			if err := dir.Symlink(target, fmt.Sprint(n)); err != nil {
				t.Fatal(err)
			}
			check("after a link", 800-200*n)
		}
		if err := dir.Symlink("x", "more"); err != vfs.ENOSPC {
			t.Errorf("a link when full gave %v", err)
		}
	})
}

func TestQuotaWhenFilesGo(t *testing.T) {
	limited(t, 1000, 100, func(t *testing.T, dir vfs.Dir) {
		fill := func(path string, size int) vfs.File {
			t.Helper()
			f := open(t, dir, path, create)
			if n, err := f.WriteAt(make([]byte, size), 0); n != size || err != nil {
				t.Fatalf("%s: wrote %d, %v", path, n, err)
			}
			return f
		}
		check := func(what string, want int, errs ...error) {
			t.Helper()
			if got := room(t, dir); got != want || errors.Join(errs...) != nil {
				t.Errorf("%s: room for %d bytes, want %d; %v", what, got, want, errs)
			}
		}
		f := fill("f", 300)
		check("open without a name", 700, dir.Unlink("f"))
		n, err := f.WriteAt(make([]byte, 100), 300)
		check("grown without a name", 600, err)
		if n != 100 {
			t.Errorf("wrote %d", n)
		}
		check("closed without a name", 1000, f.Close())

		fill("a", 300).Close()
		check("two names", 700, dir.Link("a", dir, "b"))
		check("one name gone", 700, dir.Unlink("a"))
		check("both gone", 1000, dir.Unlink("b"))

		fill("a", 300).Close()
		fill("b", 200).Close()
		check("renamed over the other", 700, dir.Rename("a", dir, "b"))
		check("renamed over itself", 700, dir.Rename("b", dir, "b"))
		check("a link's target counts", 697, dir.Symlink("abc", "l"))
		check("a link gone", 700, dir.Unlink("l"))
		sub, err := subdir(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		check("in a directory", 600, makeFile(sub, "f", 100))
		check("renamed between directories", 600, sub.Rename("f", dir, "f"))
		if err := makeFile(sub, "g", 2000); err != vfs.ENOSPC {
			t.Errorf("beyond, in a directory: %v", err)
		}
	})
}

func subdir(dir vfs.Dir) (vfs.Dir, error) {
	if err := dir.Mkdir("d"); err != nil {
		return nil, err
	}
	sub, err := dir.Open("d", vfs.How{Directory: true})
	if err != nil {
		return nil, err
	}
	return sub.(vfs.Dir), nil
}

// makeFile makes a file of some size, and takes it away if that does not fit.
func makeFile(dir vfs.Dir, path string, size int64) error {
	node, err := dir.Open(path, create)
	if err != nil {
		return err
	}
	err = node.(vfs.File).Truncate(size)
	node.Close()
	if err != nil {
		dir.Unlink(path)
	}
	return err
}

func TestQuotaOfNames(t *testing.T) {
	limited(t, 1000, 4, func(t *testing.T, dir vfs.Dir) {
		makeOne := map[string]func(name string) error{
			"create":  func(name string) error { return makeFile(dir, name, 0) },
			"mkdir":   dir.Mkdir,
			"symlink": func(name string) error { return dir.Symlink("x", name) },
			"link":    func(name string) error { return dir.Link("f", dir, name) },
		}
		if err := makeFile(dir, "f", 0); err != nil {
			t.Fatal(err)
		}
		for what, one := range makeOne {
			for range 3 {
				for _, name := range []string{"a", "b", "c"} {
					if err := one(name); err != nil {
						t.Errorf("%s: %v", what, err)
					}
				}
				if err := one("d"); err != vfs.ENOSPC {
					t.Errorf("%s beyond: %v", what, err)
				}
				if err := makeFile(dir, "a", 0); err != nil && what == "create" {
					t.Errorf("what is there can be opened: %v", err)
				}
				for _, name := range []string{"a", "b", "c"} {
					remove := dir.Unlink
					if what == "mkdir" {
						remove = dir.Rmdir
					}
					if err := remove(name); err != nil {
						t.Errorf("%s: %v", what, err)
					}
				}
			}
		}
	})
}

func TestMountsAreApart(t *testing.T) {
	a, b := hostDir(t, 1000, 10), hostDir(t, 1000, 10)
	if err := makeFile(a, "f", 1); err != nil {
		t.Fatal(err)
	}
	if err := a.Rename("f", b, "f"); err != vfs.EXDEV {
		t.Errorf("rename: %v", err)
	}
	if err := a.Link("f", b, "f"); err != vfs.EXDEV {
		t.Errorf("link: %v", err)
	}
}
