package vfstest

import (
	"fmt"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// links are symbolic links that lead out of the directory, each in its own way.
var links = map[string]string{
	"up":       "..",
	"out":      "../outside",
	"abs":      "/",
	"abs-deep": "/etc/passwd",
	"round":    "d/../../outside",
	"slash":    "../outside/",
	"chain":    "d/chain",
	"d/chain":  "../../outside",
	"d/up":     "../..",
	"dots":     "./.././outside",
	"far":      "d/../../../../../../../../../../etc",
}

// outside are paths whose last component lies outside, on every host: there is a directory "outside" next to the one under test.
var outside = []string{
	"..", "../", "../.", "../x", "../outside", "../outside/secret", "./../outside/secret", "d/../../outside/secret", "d/../..",
	"/", "/etc/passwd", "//etc/passwd", "/.", "d/../../../../../../../../etc/passwd",
	"up/x", "up/outside/secret", "out/secret", "abs/etc/passwd", "round/secret", "slash/secret", "chain/secret",
	"d/up/outside/secret", "dots/secret", "far/passwd", "out/../outside/secret", "up/.", "out/.", "out/..",
}

// Confine sets up the links, calls each method with each path that leads out, and checks that it is refused.
func testConfinement(t tester) {
	t.plant()
	for _, path := range outside {
		for name, err := range Everything(t.dir, path) {
			t.want(fmt.Sprintf("%s %q", name, path), err, vfs.ENOTCAPABLE)
		}
	}
	for link := range links {
		for name, err := range following(t.dir, link) {
			t.want(fmt.Sprintf("%s %q", name, link), err, vfs.ENOTCAPABLE)
		}
	}
}

func (t tester) plant() {
	t.mkdir("d")
	t.create("f")
	for name, target := range links {
		t.must(t.dir.Symlink(target, name))
	}
}

// opened closes what should not have opened.
func opened(node vfs.Node, err error) error {
	if err == nil {
		node.Close()
	}
	return err
}

// following calls what follows a link in the last component.
func following(dir vfs.Dir, path string) map[string]error {
	_, stat := dir.StatAt(path, true)
	return map[string]error{
		"stat":       stat,
		"times":      dir.SetTimesAt(path, true, vfs.Times{SetMtime: true}),
		"open":       opened(dir.Open(path, vfs.How{Read: true, Follow: true})),
		"write":      opened(dir.Open(path, vfs.How{Write: true, Follow: true})),
		"create":     opened(dir.Open(path, vfs.How{Write: true, Create: true, Follow: true})),
		"truncate":   opened(dir.Open(path, vfs.How{Truncate: true, Follow: true})),
		"open a dir": opened(dir.Open(path, vfs.How{Directory: true, Follow: true})),
	}
}

// Everything calls all methods that take a path, following links and not, and gives what each said. It needs a file "f".
func Everything(dir vfs.Dir, path string) map[string]error {
	_, lstat := dir.StatAt(path, false)
	_, readlink := dir.Readlink(path)
	all := map[string]error{
		"lstat":           lstat,
		"readlink":        readlink,
		"link times":      dir.SetTimesAt(path, false, vfs.Times{SetMtime: true}),
		"open nofollow":   opened(dir.Open(path, vfs.How{Read: true})),
		"create nofollow": opened(dir.Open(path, vfs.How{Write: true, Create: true})),
		"exclusive":       opened(dir.Open(path, vfs.How{Write: true, Create: true, Exclusive: true, Follow: true})),
		"mkdir":           dir.Mkdir(path),
		"rmdir":           dir.Rmdir(path),
		"unlink":          dir.Unlink(path),
		"symlink":         dir.Symlink("f", path),
		"rename to":       dir.Rename("f", dir, path),
		"rename from":     dir.Rename(path, dir, "new"),
		"link to":         dir.Link("f", dir, path),
		"link from":       dir.Link(path, dir, "new"),
	}
	for name, err := range following(dir, path) {
		all[name] = err
	}
	return all
}

// testTrailingSlashes: a slash after a link makes hosts follow it where the call says not to (GHSA-vqjp-4c8c-hfgg,
// GHSA-m9f7-9w4p-gv38).
func testTrailingSlashes(t tester) {
	t.plant()
	t.must(t.dir.Symlink("d", "in"))
	for _, slashes := range []string{"/", "///", "/./"} {
		for link := range links {
			for name, err := range Everything(t.dir, link+slashes) {
				if err == nil {
					t.Errorf("%s %q worked", name, link+slashes)
				}
			}
			if st := t.stat(link); st.Type != vfs.SymbolicLink {
				t.Fatalf("%s became %+v", link, st)
			}
		}
	}
	for _, test := range []struct {
		name string
		err  error
		want error
	}{
		{"open of a file", opened(t.dir.Open("f/", vfs.How{Follow: true})), vfs.ENOTDIR},
		{"open of a directory", opened(t.dir.Open("d/", vfs.How{})), nil},
		{"open of a link to one", opened(t.dir.Open("in/", vfs.How{})), nil},
		{"create", opened(t.dir.Open("new/", vfs.How{Create: true})), vfs.EISDIR},
		{"unlink of a file", t.dir.Unlink("f/"), vfs.ENOTDIR},
		{"unlink of a directory", t.dir.Unlink("d//"), vfs.EISDIR},
		{"rmdir of a file", t.dir.Rmdir("f/"), vfs.ENOTDIR},
		{"symlink", t.dir.Symlink("f", "new/"), vfs.ENOENT},
		{"symlink over a directory", t.dir.Symlink("f", "d/"), vfs.EEXIST},
		{"mkdir", t.dir.Mkdir("made/"), nil},
		{"rmdir", t.dir.Rmdir("made//"), nil},
	} {
		t.want(test.name, test.err, test.want)
	}
	if st, err := t.dir.StatAt("in/", false); st.Type != vfs.Directory || err != nil {
		t.Errorf("stat of a link with a slash: %+v, %v", st, err)
	}
	_, err := t.dir.StatAt("f/", true)
	t.want("stat of a file", err, vfs.ENOTDIR)
}
