package vfstest

import (
	"fmt"
	"strings"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

func testRename(t tester) {
	for _, test := range []struct {
		old, name string
		want      error
	}{
		{"f", "new", nil},
		{"f", "g", nil},
		{"f", "f", nil},
		{"f", "d/f", nil},
		{"f", "empty", vfs.EISDIR},
		{"f", "none/f", vfs.ENOENT},
		{"f", "link", nil},
		{"f", "new/", vfs.ENOTDIR},
		{"f/", "new", vfs.ENOTDIR},
		{"none", "new", vfs.ENOENT},
		{"link", "new", nil},
		{"empty", "new", nil},
		{"empty", "new/", nil},
		{"empty/", "new", nil},
		{"empty", "f", vfs.ENOTDIR},
		{"empty", "d", vfs.ENOTEMPTY},
		{"d", "empty", nil},
		{"d", "d/e", vfs.EINVAL},
		{"d", "d/sub/e", vfs.EINVAL},
		{".", "new", vfs.EBUSY},
		{"f", ".", vfs.EBUSY},
		{"d/..", "new", vfs.EBUSY},
	} {
		t.mkdir("d", "d/sub", "empty")
		t.create("f", "g", "d/g")
		t.must(t.dir.Symlink("d", "link"))
		if t.lacks.Replace && (test.old == "d" && test.name == "empty" || test.want == vfs.ENOTEMPTY) {
			test.want = vfs.EEXIST
		}
		t.want(fmt.Sprintf("rename %q to %q", test.old, test.name), t.dir.Rename(test.old, t.dir, test.name), test.want)
		if want := test.want == nil && test.old == "f"; want && test.name != "link" {
			t.wantContent(test.name, "f")
		}
		t.wipe(t.dir)
	}
}

// wipe removes all there is.
func (t tester) wipe(dir vfs.Dir) {
	t.Helper()
	t.must(dir.Rewind())
	var all []vfs.Entry
	for {
		entries, err := dir.ReadDir()
		t.must(err)
		if len(entries) == 0 {
			break
		}
		all = append(all, entries...)
	}
	for _, e := range all {
		if e.Type != vfs.Directory {
			t.must(dir.Unlink(e.Name))
			continue
		}
		sub, err := dir.Open(e.Name, vfs.How{Directory: true})
		t.must(err)
		t.wipe(sub.(vfs.Dir))
		t.must(sub.Close())
		t.must(dir.Rmdir(e.Name))
	}
}

func testLink(t tester) {
	t.mkdir("d")
	t.create("f", "g")
	t.must(t.dir.Symlink("nowhere", "dangling"))
	link := func(old, name string, want error) {
		t.Helper()
		t.want(fmt.Sprintf("link %q to %q", old, name), t.dir.Link(old, t.dir, name), want)
	}
	link("f", "d/f", nil)
	if a, b := t.stat("f"), t.stat("d/f"); a.Ino != b.Ino || a.Nlink != 2 {
		t.Errorf("linked files: %+v, %+v", a, b)
	}
	link("f", "g", vfs.EEXIST)
	link("f", "f", vfs.EEXIST)
	link("f", "d", vfs.EEXIST)
	link("f", "dangling", vfs.EEXIST)
	link("f", "none/f", vfs.ENOENT)
	link("f", "new/", vfs.ENOENT)
	link("f", ".", vfs.EEXIST)
	link("d", "new", vfs.EPERM)
	link("none", "new", vfs.ENOENT)
	if !t.lacks.HardLinks {
		link("dangling", "new", nil)
		if st := t.stat("new"); st.Type != vfs.SymbolicLink {
			t.Errorf("the link to a link is %+v", st)
		}
	}
	t.must(t.dir.Unlink("f"))
	t.wantContent("d/f", "f")
	if st := t.stat("d/f"); st.Nlink != 1 {
		t.Errorf("after unlink: %+v", st)
	}
}

func testSymlink(t tester) {
	t.mkdir("d", "d/e")
	t.create("f", "d/f")
	for name, target := range map[string]string{
		"file": "f", "dir": "d", "twice": "dir", "up": "d/e/../f", "loop": "loop", "ping": "pong", "pong": "ping",
		"d/out": "../f", "d/e/self": "..", "slash": "d/", "d/e/around": "../e/../../d/e/../f",
	} {
		t.must(t.dir.Symlink(target, name))
		got, err := t.dir.Readlink(name)
		if got != target || err != nil {
			t.Errorf("readlink %q: %q, %v", name, got, err)
		}
	}
	for path, want := range map[string]string{
		"file": "f", "dir/f": "d/f", "twice/f": "d/f", "up": "d/f", "d/out": "f", "d/e/self/f": "d/f", "slash/f": "d/f",
		"d/e/around": "d/f", "twice/e/self/out": "f", "dir/../f": "f", "twice/e/../../f": "f",
	} {
		t.wantContent(path, want)
	}
	for _, path := range []string{"loop", "ping", "loop/f", "pong/"} {
		_, err := t.dir.StatAt(path, true)
		t.want("stat "+path, err, vfs.ELOOP)
	}
	if st := t.stat("dir"); st.Type != vfs.SymbolicLink || st.Size != 1 {
		t.Errorf("a link is %+v", st)
	}
	if st, err := t.dir.StatAt("twice", true); st.Type != vfs.Directory || err != nil {
		t.Errorf("through links: %+v, %v", st, err)
	}
	_, err := t.dir.Readlink("f")
	t.want("readlink of a file", err, vfs.EINVAL)
	_, err = t.dir.Readlink("d")
	t.want("readlink of a directory", err, vfs.EINVAL)
	_, err = t.dir.Readlink("none")
	t.want("readlink of nothing", err, vfs.ENOENT)
	t.want("symlink over a file", t.dir.Symlink("f", "f"), vfs.EEXIST)
	t.want("symlink over .", t.dir.Symlink("f", "."), vfs.EEXIST)
	t.want("symlink in nothing", t.dir.Symlink("f", "none/f"), vfs.ENOENT)
}

func testNames(t tester) {
	t.mkdir("d")
	long := strings.Repeat("x", 256)
	path := strings.Repeat("d/../", 1000)
	deep := strings.Repeat("./", vfs.MaxDepth+1)
	wide := strings.Repeat(strings.Repeat("x", 200)+"/", 21)
	for _, name := range []string{long, "d/" + long, long + "/f", path, deep, path + path, wide} {
		short := fmt.Sprintf("%.20s… (%d)", name, len(name))
		_, err := t.dir.StatAt(name, true)
		t.want("stat "+short, err, vfs.ENAMETOOLONG)
		_, err = t.dir.Open(name, vfs.How{Create: true})
		t.want("open "+short, err, vfs.ENAMETOOLONG)
		t.want("mkdir "+short, t.dir.Mkdir(name), vfs.ENAMETOOLONG)
		t.want("unlink "+short, t.dir.Unlink(name), vfs.ENAMETOOLONG)
		t.want("rename "+short, t.dir.Rename("d", t.dir, name), vfs.ENAMETOOLONG)
		t.want("symlink "+short, t.dir.Symlink("d", name), vfs.ENAMETOOLONG)
	}
	if !t.lacks.Dots {
		t.create("...")
		t.wantContent("...", "...")
	}
	for _, name := range []string{"ü", "a b", "..a", "-", "日本", strings.Repeat("y", 255)} {
		t.create(name)
		t.wantContent(name, name)
	}
}
