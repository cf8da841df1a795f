package vfs_test

import (
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// endless is a tree in which each directory holds any other, with links whose names begin with "l" and whose targets links gives.
type endless struct {
	open  int
	links map[string]string
}

func (e *endless) walk(path string) error {
	w := vfs.Walker[int]{
		Enter: func(depth int, name string) (int, error) {
			if strings.HasPrefix(name, "l") {
				return 0, vfs.ENOTDIR
			}
			e.open++
			return depth + 1, nil
		},
		Readlink: func(_ int, name string) (string, error) {
			if target, ok := e.links[name]; ok {
				return target, nil
			}
			return "", vfs.EINVAL
		},
		Close: func(int) { e.open-- },
	}
	_, owned, err := w.Open(0, path)
	if owned {
		e.open--
	}
	return err
}

// TestWalkBounds: no path makes a walk hold many directories, or go on for long, and none is left open.
func TestWalkBounds(t *testing.T) {
	e := &endless{links: map[string]string{
		"loop": "loop", "long": "long/" + strings.Repeat("./", 2000), "less": strings.Repeat("d/", 100), "l0": "../x", "labs": "/x", "lempty": "",
	}}
	for path, want := range map[string]error{
		"a/b/c":                      nil,
		"a/../b/..":                  nil,
		"a/../..":                    vfs.ENOTCAPABLE,
		"a/l0/../..":                 vfs.ENOTCAPABLE,
		"labs":                       vfs.ENOTCAPABLE,
		"lempty":                     vfs.ENOENT,
		"lfile":                      vfs.ENOTDIR,
		strings.Repeat("d/", 255):    nil,
		strings.Repeat("d/", 256):    vfs.ENAMETOOLONG,
		"less/less":                  nil,
		"less/less/less":             vfs.ENAMETOOLONG,
		"loop":                       vfs.ELOOP,
		"loop/x":                     vfs.ELOOP,
		"long":                       vfs.ENAMETOOLONG,
		strings.Repeat("d/../", 500): nil,
	} {
		if err := e.walk(path); err != want {
			t.Errorf("%.30q: %v, want %v", path, err, want)
		}
		if e.open != 0 {
			t.Fatalf("%.30q: %d directories are left open", path, e.open)
		}
	}
}
