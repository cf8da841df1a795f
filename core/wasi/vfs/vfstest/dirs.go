package vfstest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

func testTimes(t tester) {
	t.mkdir("d")
	t.create("f")
	t.must(t.dir.Symlink("f", "link"))
	const atime, mtime = 1_000_000_000_000_000_000, 1_234_567_890_123_456_000
	check := func(what string, st vfs.Stat, err error) {
		t.Helper()
		t.must(err)
		if st.Atime != atime || st.Mtime != mtime {
			t.Errorf("%s has times %d and %d", what, st.Atime, st.Mtime)
		}
	}
	for _, path := range []string{"d", "f", "."} {
		t.must(t.dir.SetTimesAt(path, false, vfs.Times{Atime: atime, SetAtime: true}))
		t.must(t.dir.SetTimesAt(path, true, vfs.Times{Mtime: mtime, SetMtime: true}))
		st, err := t.dir.StatAt(path, false)
		check(path, st, err)
		t.must(t.dir.SetTimesAt(path, false, vfs.Times{}))
		st, err = t.dir.StatAt(path, false)
		check(path, st, err)
	}
	both := vfs.Times{Atime: atime, SetAtime: true, Mtime: mtime, SetMtime: true}
	t.create("g")
	for _, n := range []vfs.Node{t.open("g", vfs.How{Write: true}), t.openDir("d")} {
		t.must(n.SetTimes(both))
		st, err := n.Stat()
		check("an open file", st, err)
	}
	t.create("h")
	t.must(t.dir.Symlink("h", "to-h"))
	before := t.stat("to-h").Mtime
	t.must(t.dir.SetTimesAt("to-h", true, both))
	st, err := t.dir.StatAt("h", false)
	check("the target of a link", st, err)
	if t.stat("to-h").Mtime != before {
		t.Error("the link changed too")
	}
	t.create("i")
	t.must(t.dir.Symlink("i", "to-i"))
	err = t.dir.SetTimesAt("to-i", false, both)
	if t.lacks.LinkTimes {
		t.want("set times of a link", err, vfs.ENOTSUP)
	} else {
		t.must(err)
		st, err = t.dir.StatAt("to-i", false)
		check("a link", st, err)
	}
	if t.stat("i").Mtime == mtime {
		t.Error("the target of the link changed too")
	}
	t.want("nothing", t.dir.SetTimesAt("none", true, both), vfs.ENOENT)
}

// names reads a directory from the start.
func (t tester) names(dir vfs.Dir, each func(vfs.Entry)) map[string]vfs.FileType {
	t.Helper()
	t.must(dir.Rewind())
	names := map[string]vfs.FileType{}
	for {
		entries, err := dir.ReadDir()
		t.must(err)
		if len(entries) == 0 {
			return names
		}
		for _, e := range entries {
			if _, twice := names[e.Name]; twice {
				t.Errorf("%q is there twice", e.Name)
			}
			names[e.Name] = e.Type
			each(e)
		}
	}
}

func testReadDir(t tester) {
	t.mkdir("d")
	want := map[string]vfs.FileType{}
	for i := range 2000 {
		name := fmt.Sprintf("file-%04d", i)
		node, err := t.dir.Open("d/"+name, vfs.How{Create: true})
		t.must(err)
		node.Close()
		want[name] = vfs.Regular
	}
	t.mkdir("d/dir")
	t.must(t.dir.Symlink("x", "d/link"))
	want["dir"], want["link"] = vfs.Directory, vfs.SymbolicLink
	d := t.openDir("d")
	check := func(got map[string]vfs.FileType) {
		t.Helper()
		if !maps.Equal(got, want) {
			t.Errorf("read %d entries, want %d", len(got), len(want))
		}
	}
	check(t.names(d, func(e vfs.Entry) {
		if st := t.stat("d/" + e.Name); st.Ino != e.Ino {
			t.Errorf("%s has inode %d and %d", e.Name, e.Ino, st.Ino)
		}
	}))
	check(t.names(d, func(vfs.Entry) {}))
	t.must(d.Rename("dir", d, "new"))
	delete(want, "dir")
	want["new"] = vfs.Directory
	check(t.names(d, func(vfs.Entry) {}))
	// What is there all the time is read, also if the rest goes meanwhile.
	got := t.names(d, func(e vfs.Entry) {
		if e.Type == vfs.Regular {
			t.must(d.Unlink(e.Name))
		}
	})
	if len(slices.DeleteFunc(slices.Collect(maps.Keys(got)), func(s string) bool { return s != "new" && s != "link" })) != 2 {
		t.Error("entries were lost while others were removed")
	}
	want = map[string]vfs.FileType{"new": vfs.Directory, "link": vfs.SymbolicLink}
	check(t.names(d, func(vfs.Entry) {}))
}

// testHandles: an open directory is a capability of its own.
func testHandles(t tester) {
	t.mkdir("a", "a/b", "c")
	t.create("f", "a/f", "a/b/f")
	t.must(t.dir.Symlink("../../f", "a/b/up"))
	t.must(t.dir.Symlink("../f", "a/b/near"))
	a, c := t.openDir("a"), t.openDir("c")
	inA := tester{t.T, a, t.lacks}
	inA.wantContent("b/f", "a/b/f")
	inA.wantContent("b/near", "a/f")
	t.wantContent("a/b/up", "f")
	for _, path := range []string{"..", "../f", "b/../../f", "b/up"} {
		_, err := a.StatAt(path, true)
		t.want("stat of "+path+" in a directory", err, vfs.ENOTCAPABLE)
	}
	t.must(a.Rename("b/f", c, "moved"))
	t.wantContent("c/moved", "a/b/f")
	t.must(c.Link("moved", a, "linked"))
	inA.wantContent("linked", "a/b/f")
	t.want("rename out", a.Rename("f", c, "../f2"), vfs.ENOTCAPABLE)
	t.want("rename from outside", a.Rename("../f", c, "f2"), vfs.ENOTCAPABLE)
	t.want("link from outside", a.Link("../f", c, "f2"), vfs.ENOTCAPABLE)
	t.want("link out", a.Link("f", c, "../f2"), vfs.ENOTCAPABLE)
	t.must(t.dir.Rename("a/b", t.dir, "moved"))
	inA.wantContent("b/near", "ENOENT")
}
