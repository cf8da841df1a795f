package memfs

import (
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// TestFileSystemsAreApart without the quotas that each has, and that tell them apart first.
func TestFileSystemsAreApart(t *testing.T) {
	root := func() *dir {
		fs, err := New(map[string][]byte{"f": nil}, 100, func() int64 { return 0 })
		if err != nil {
			t.Fatal(err)
		}
		return &dir{open{fs: fs, node: fs.root}, nil, false}
	}
	one, two := root(), root()
	if err := one.Rename("f", two, "g"); err != vfs.EXDEV {
		t.Errorf("rename: %v", err)
	}
	if err := one.Link("f", two, "g"); err != vfs.EXDEV {
		t.Errorf("link: %v", err)
	}
}
