package confined

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"github.com/pywasm-go/pywasm/core/wasi/vfs/vfstest"
)

// invalid are paths that mean something else than a file beneath a directory, on Windows.
var invalid = []string{
	"C:", "c:/windows", "dir/C:/x", "C:x", "d/C:..", "file:stream", "file::$DATA", `a\b`, `..\outside`, `\\server\share`, `d/\x`,
	"CON", "con", "dir/aux", "NUL", "nul.txt", "nul .txt", "PRN.tar.gz", "COM1", "com9.log", "COM¹", "lpt²", "LPT³.x", "lpt1",
	"CONIN$", "conout$", "COM0", "dir/COM5/f", "aux/f", "trailing.", "trailing ", "dir./f", "a*b", "a?b", "a|b", "a<b", "a>b", `a"b`, "a\x01b",
}

// TestWindowsNames: what a guest calls a file must not be a drive, a stream or a device there (GHSA-f2pq-268w-886c,
// CVE-2024-51745).
func TestWindowsNames(t *testing.T) {
	for _, path := range invalid {
		if validOnWindows(path) {
			t.Errorf("%q is taken for a name", path)
		}
	}
	for _, path := range []string{
		".", "..", "a/../b", "./a/.", "console", "CONx", "COM", "COM10", "COMx", "com", "lpt", "nully", "auxiliary.c", "a.b.c", "ünïcode", "x/", "COM¹0",
	} {
		if !validOnWindows(path) {
			t.Errorf("%q is refused", path)
		}
	}
}

// openAsOnWindows opens a directory that treats names as one on Windows does, on any host.
func openAsOnWindows(path string) (vfs.Dir, error) {
	d, err := openRootDir(path)
	if err == nil {
		d.(*rootDir).windows = true
	}
	return d, err
}

func TestContractWithWindowsNames(t *testing.T) {
	vfstest.Run(t, func(t *testing.T) vfs.Dir {
		dir, _, outside := sandbox(t, openAsOnWindows)
		t.Cleanup(func() { untouched(t, outside) })
		return dir
	}, rootLacks(true))
}

// TestWindowsNamesAreRefused by each method, even where the host has files of such names.
func TestWindowsNamesAreRefused(t *testing.T) {
	dir, inside, _ := sandbox(t, openAsOnWindows)
	opened(dir.Open("f", vfs.How{Create: true}))
	for _, path := range invalid {
		os.MkdirAll(filepath.Dir(in(inside, path)), 0o755)
		os.WriteFile(in(inside, path), nil, 0o644)
	}
	if err := os.Symlink("f", in(inside, "NUL.link")); err != nil {
		t.Fatal(err)
	}
	for _, path := range append(invalid, "NUL.link") {
		for name, err := range vfstest.Everything(dir, path) {
			if err != vfs.ENOENT {
				t.Errorf("%s %q: %v", name, path, err)
			}
		}
	}
}

// TestLinksToWindowsNames: what a link says is looked at as what a guest says. A backslash in it is what a slash is.
func TestLinksToWindowsNames(t *testing.T) {
	dir, inside, _ := sandbox(t, openAsOnWindows)
	os.Mkdir(in(inside, "dir"), 0o755)
	for i, target := range append(invalid, `..\outside\secret`, `dir\CON`, `dir\..\..\outside`) {
		os.WriteFile(in(inside, target), nil, 0o644)
		link := "link" + strconv.Itoa(i)
		if err := os.Symlink(target, in(inside, link)); err != nil {
			t.Fatal(err)
		}
		if text, err := dir.Readlink(link); text != strings.ReplaceAll(target, `\`, "/") || err != nil {
			t.Errorf("the link to %q leads to %q, %v", target, text, err)
		}
		if st, err := dir.StatAt(link, true); err != vfs.ENOENT && err != vfs.ENOTCAPABLE {
			t.Errorf("stat through a link to %q: %+v, %v", target, st, err)
		}
		if err := opened(dir.Open(link, vfs.How{Create: true, Follow: true})); err != vfs.ENOENT && err != vfs.ENOTCAPABLE {
			t.Errorf("open through a link to %q: %v", target, err)
		}
	}
}
