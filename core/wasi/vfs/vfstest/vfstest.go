// Package vfstest holds the tests that every vfs.Dir has to pass.
package vfstest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// Opener opens a directory that is empty.
type Opener func(t *testing.T) vfs.Dir

// Lacks names what a file system cannot do, for a reason that its own documentation gives.
type Lacks struct {
	LinkTimes bool // set the times of a symbolic link itself
	HardLinks bool // to a symbolic link
	Replace   bool // rename a directory over an empty one
	Dots      bool // use a name that ends in a dot
}

// Run runs all tests.
func Run(t *testing.T, open Opener, lacks Lacks) {
	for _, test := range []struct {
		name string
		run  func(t tester)
	}{
		{"files", testFiles},
		{"append", testAppend},
		{"open", testOpen},
		{"remove", testRemove},
		{"rename", testRename},
		{"link", testLink},
		{"symlink", testSymlink},
		{"times", testTimes},
		{"readdir", testReadDir},
		{"handles", testHandles},
		{"names", testNames},
		{"confinement", testConfinement},
		{"trailing slashes", testTrailingSlashes},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := open(t)
			defer dir.Close()
			test.run(tester{t, dir, lacks})
		})
	}
}

// tester has short forms of what the tests do all the time.
type tester struct {
	*testing.T
	dir   vfs.Dir
	lacks Lacks
}

// want checks an error; nil is success.
func (t tester) want(what string, err error, want error) {
	t.Helper()
	if !errors.Is(err, want) || want == nil && err != nil {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func (t tester) must(err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open opens a file, which the test closes in the end.
func (t tester) open(path string, how vfs.How) vfs.File {
	t.Helper()
	node, err := t.dir.Open(path, how)
	if err != nil {
		t.Fatalf("open %q: %v", path, err)
	}
	t.Cleanup(func() { node.Close() })
	file, ok := node.(vfs.File)
	if !ok {
		t.Fatalf("open %q: not a file", path)
	}
	return file
}

func (t tester) openDir(path string) vfs.Dir {
	t.Helper()
	node, err := t.dir.Open(path, vfs.How{Directory: true, Follow: true})
	if err != nil {
		t.Fatalf("open %q: %v", path, err)
	}
	t.Cleanup(func() { node.Close() })
	return node.(vfs.Dir)
}

// create makes a file that holds its own name.
func (t tester) create(paths ...string) {
	t.Helper()
	for _, path := range paths {
		node, err := t.dir.Open(path, vfs.How{Write: true, Create: true})
		if err != nil {
			t.Fatalf("create %q: %v", path, err)
		}
		_, err = node.(vfs.File).WriteAt([]byte(path), 0)
		t.must(errors.Join(err, node.Close()))
	}
}

func (t tester) mkdir(paths ...string) {
	t.Helper()
	for _, path := range paths {
		t.must(t.dir.Mkdir(path))
	}
}

// content reads a file; an error is given as its text.
func (t tester) content(path string) string {
	node, err := t.dir.Open(path, vfs.How{Read: true, Follow: true})
	if err != nil {
		return err.Error()
	}
	defer node.Close()
	file, ok := node.(vfs.File)
	if !ok {
		return "directory"
	}
	buf := make([]byte, 1000)
	n, err := file.ReadAt(buf, 0)
	if err != nil {
		return err.Error()
	}
	return string(buf[:n])
}

func (t tester) wantContent(path, want string) {
	t.Helper()
	if got := t.content(path); got != want {
		t.Errorf("%q holds %q, want %q", path, got, want)
	}
}

func (t tester) stat(path string) vfs.Stat {
	t.Helper()
	st, err := t.dir.StatAt(path, false)
	if err != nil {
		t.Fatalf("stat %q: %v", path, err)
	}
	return st
}

func testFiles(t tester) {
	f := t.open("f", vfs.How{Read: true, Write: true, Create: true})
	n, err := f.WriteAt([]byte("hello"), 3)
	t.must(err)
	if n != 5 || t.content("f") != "\x00\x00\x00hello" {
		t.Errorf("wrote %d, file holds %q", n, t.content("f"))
	}
	buf := make([]byte, 10)
	for _, test := range []struct {
		off  int64
		want string
	}{{0, "\x00\x00\x00hello"}, {4, "ello"}, {8, ""}, {1 << 40, ""}} {
		n, err := f.ReadAt(buf, test.off)
		if string(buf[:n]) != test.want || err != nil {
			t.Errorf("read at %d: %q, %v", test.off, buf[:n], err)
		}
	}
	t.must(f.Truncate(5))
	t.wantContent("f", "\x00\x00\x00he")
	t.must(f.Truncate(6))
	t.wantContent("f", "\x00\x00\x00he\x00")
	t.must(f.Allocate(2, 2))
	t.wantContent("f", "\x00\x00\x00he\x00")
	t.must(f.Allocate(4, 4))
	t.must(f.Sync(true))
	t.must(f.Sync(false))
	st, err := f.Stat()
	t.must(err)
	if st.Size != 8 || st.Type != vfs.Regular || st.Nlink != 1 || st.Ino == 0 {
		t.Errorf("stat %+v", st)
	}
	if at := t.stat("f"); at.Ino != st.Ino || at.Dev != st.Dev {
		t.Errorf("by path %+v, by handle %+v", at, st)
	}
	t.must(t.dir.Unlink("f"))
	if n, err := f.ReadAt(buf, 0); n != 8 || err != nil {
		t.Errorf("an open file without a name gives %d bytes, %v", n, err)
	}
}

func testAppend(t tester) {
	a := t.open("f", vfs.How{Write: true, Create: true})
	b := t.open("f", vfs.How{Write: true})
	for i, f := range []vfs.File{a, b, a} {
		n, end, err := f.Append([]byte("ab"))
		if n != 2 || end != int64(2*i+2) || err != nil {
			t.Errorf("append %d: %d bytes, end %d, %v", i, n, end, err)
		}
	}
	_, err := a.WriteAt([]byte("X"), 1)
	t.must(err)
	t.wantContent("f", "aXabab")
}

func testOpen(t tester) {
	t.mkdir("d")
	t.create("f", "d/f")
	t.must(t.dir.Symlink("f", "link"))
	t.must(t.dir.Symlink("new", "dangling"))
	for _, test := range []struct {
		path string
		how  vfs.How
		want error
	}{
		{"f", vfs.How{}, nil},
		{"f", vfs.How{Create: true}, nil},
		{"f", vfs.How{Create: true, Exclusive: true}, vfs.EEXIST},
		{"f", vfs.How{Directory: true}, vfs.ENOTDIR},
		{"none", vfs.How{}, vfs.ENOENT},
		{"none/f", vfs.How{}, vfs.ENOENT},
		{"none/f", vfs.How{Create: true}, vfs.ENOENT},
		{"f/f", vfs.How{}, vfs.ENOTDIR},
		{"", vfs.How{}, vfs.ENOENT},
		{"d", vfs.How{}, nil},
		{"d", vfs.How{Read: true, Directory: true}, nil},
		{"d", vfs.How{Write: true}, vfs.EISDIR},
		{"d", vfs.How{Truncate: true}, vfs.EISDIR},
		{".", vfs.How{Directory: true}, nil},
		{"d/..", vfs.How{Directory: true}, nil},
		{"d/../d/./f", vfs.How{}, nil},
		{"d//f", vfs.How{}, nil},
		{"link", vfs.How{}, vfs.ELOOP},
		{"link", vfs.How{Follow: true}, nil},
		{"link", vfs.How{Follow: true, Create: true, Exclusive: true}, vfs.EEXIST},
		{"link", vfs.How{Follow: true, Directory: true}, vfs.ENOTDIR},
		{"dangling", vfs.How{Follow: true}, vfs.ENOENT},
		{"dangling", vfs.How{Follow: true, Create: true, Exclusive: true}, vfs.EEXIST},
		{"dangling", vfs.How{Create: true}, vfs.ELOOP},
		{"dangling", vfs.How{Follow: true, Create: true, Write: true}, nil},
		{"new", vfs.How{}, nil},
	} {
		node, err := t.dir.Open(test.path, test.how)
		t.want(fmt.Sprintf("open %q %+v", test.path, test.how), err, test.want)
		if err == nil {
			node.Close()
		}
	}
	t.wantContent("f", "f")
	t.open("f", vfs.How{Truncate: true})
	t.wantContent("f", "")
}

func testRemove(t tester) {
	t.mkdir("empty", "full", "full/d")
	t.create("f", "g", "full/d/f")
	t.must(t.dir.Symlink("empty", "link"))
	t.want("mkdir", t.dir.Mkdir("full"), vfs.EEXIST)
	t.want("mkdir over a file", t.dir.Mkdir("f"), vfs.EEXIST)
	t.want("mkdir over a link", t.dir.Mkdir("link"), vfs.EEXIST)
	t.want("mkdir .", t.dir.Mkdir("."), vfs.EEXIST)
	t.want("mkdir in nothing", t.dir.Mkdir("none/d"), vfs.ENOENT)
	t.want("rmdir of a file", t.dir.Rmdir("f"), vfs.ENOTDIR)
	t.want("rmdir of a link", t.dir.Rmdir("link"), vfs.ENOTDIR)
	t.want("rmdir of a full one", t.dir.Rmdir("full"), vfs.ENOTEMPTY)
	t.want("rmdir of nothing", t.dir.Rmdir("none"), vfs.ENOENT)
	t.want("rmdir .", t.dir.Rmdir("."), vfs.EINVAL)
	t.want("unlink of a directory", t.dir.Unlink("empty"), vfs.EISDIR)
	t.want("unlink of nothing", t.dir.Unlink("none"), vfs.ENOENT)
	t.want("unlink", t.dir.Unlink("f"), nil)
	t.want("unlink twice", t.dir.Unlink("f"), vfs.ENOENT)
	t.want("unlink of a link", t.dir.Unlink("link"), nil)
	t.want("rmdir", t.dir.Rmdir("empty"), nil)
	t.wantContent("g", "g")
	t.wantContent("full/d/f", "full/d/f")
}
