package memfs_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/pywasm-go/pywasm/core/wasi/memfs"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"github.com/pywasm-go/pywasm/core/wasi/vfs/vfstest"
)

func now() int64 { return time.Now().UnixNano() }

func newFS(t *testing.T, files map[string][]byte, quota int64) *memfs.FS {
	t.Helper()
	fs, err := memfs.New(files, quota, now)
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

func TestContract(t *testing.T) {
	vfstest.Run(t, func(t *testing.T) vfs.Dir { return newFS(t, nil, 1<<20).Root() }, vfstest.Lacks{})
}

func TestFilesInAndOut(t *testing.T) {
	in := map[string][]byte{"/a": []byte("1"), "dir/b": []byte("2"), "/dir/sub/c": {}, "empty/": nil, "//x//y": []byte("3")}
	fs := newFS(t, in, 100)
	in["/a"][0] = 'X' // the caller may do with its bytes what it likes
	want := map[string][]byte{"a": []byte("1"), "dir/b": []byte("2"), "dir/sub/c": {}, "x/y": []byte("3")}
	equal := func(a, b []byte) bool { return string(a) == string(b) }
	if got := fs.Files(); !maps.EqualFunc(got, want, equal) {
		t.Errorf("holds %q", got)
	}
	root := fs.Root()
	if err := root.Rmdir("empty"); err != nil {
		t.Error(err)
	}
	if err := root.Rename("dir", root, "moved"); err != nil {
		t.Error(err)
	}
	if got := fs.Files(); string(got["moved/b"]) != "2" || len(got) != 4 {
		t.Errorf("holds %q", got)
	}
}

func TestBadFiles(t *testing.T) {
	for name, files := range map[string]map[string][]byte{
		"quota":           {"a": []byte("12345678"), "b": []byte("123")},
		"file as a dir":   {"a": nil, "a/b": nil},
		"twice":           {"a": nil, "/a": nil},
		"NUL":             {"a\x00b": nil},
		"above":           {"/a/../../b": nil},
		"above itself":    {"../": nil},
		"not UTF-8":       {"\xff": nil},
		"name too long":   {strings.Repeat("x", 256): nil},
		"path too long":   {strings.Repeat("xx/", 1400): nil},
		"path too deep":   {strings.Repeat("x/", 300): nil},
		"root is no file": {"": []byte("x")},
		"nor a directory": {"d/": []byte("x")},
	} {
		if fs, err := memfs.New(files, 10, now); err == nil {
			t.Errorf("%s: made a file system that holds %q", name, fs.Files())
		}
	}
}
