package confined

import (
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// races is how often each operation is tried while somebody moves things about. CONFINED_RACES sets another number; a million
// takes minutes.
func races(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("CONFINED_RACES"))
	if err != nil {
		return 1000
	}
	return n
}

// attempts are operations that are harmless as long as the path stays inside.
var attempts = map[string]func(dir vfs.Dir, path string) error{
	"stat": func(dir vfs.Dir, path string) error {
		st, err := dir.StatAt(path, true)
		if err == nil && st.Size == int64(len("secret")) {
			return errEscape
		}
		return err
	},
	"read": func(dir vfs.Dir, path string) error {
		node, err := dir.Open(path, vfs.How{Read: true, Follow: true})
		if err != nil {
			return err
		}
		defer node.Close()
		switch node := node.(type) {
		case vfs.File:
			buf := make([]byte, 10)
			if n, _ := node.ReadAt(buf, 0); string(buf[:n]) == "secret" {
				return errEscape
			}
		case vfs.Dir:
			if st, _ := node.StatAt("secret", false); st.Size == int64(len("secret")) {
				return errEscape
			}
		}
		return nil
	},
	"nofollow": func(dir vfs.Dir, path string) error {
		st, err := dir.StatAt(path, false)
		if err == nil && st.Size == int64(len("secret")) {
			return errEscape
		}
		return err
	},
	"truncate": func(dir vfs.Dir, path string) error {
		return opened(dir.Open(path, vfs.How{Write: true, Truncate: true, Follow: true}))
	},
	"create": func(dir vfs.Dir, path string) error {
		return opened(dir.Open(path+"-new", vfs.How{Create: true, Follow: true}))
	},
	"times":   func(dir vfs.Dir, path string) error { return dir.SetTimesAt(path, true, vfs.Times{SetMtime: true}) },
	"mkdir":   func(dir vfs.Dir, path string) error { return dir.Mkdir(path + "-dir") },
	"unlink":  func(dir vfs.Dir, path string) error { return dir.Unlink(path) },
	"symlink": func(dir vfs.Dir, path string) error { return dir.Symlink("x", path+"-link") },
	"rename":  func(dir vfs.Dir, path string) error { return dir.Rename("file", dir, path+"-moved") },
	"link":    func(dir vfs.Dir, path string) error { return dir.Link("file", dir, path+"-linked") },
	"take":    func(dir vfs.Dir, path string) error { return dir.Rename(path, dir, "taken") },
	"duplicate": func(dir vfs.Dir, path string) error {
		err := dir.Link(path, dir, "duplicate")
		if st, _ := dir.StatAt("duplicate", false); err == nil && st.Size == int64(len("secret")) {
			return errEscape
		}
		dir.Unlink("duplicate")
		return err
	},
}

var errEscape = os.ErrPermission // any that a vfs.Dir does not give

func opened(node vfs.Node, err error) error {
	if err == nil {
		node.Close()
	}
	return err
}

// swap is what the attacker does over and over, and the path that the guest uses meanwhile.
type swap struct {
	path        string
	setup       func(inside string) error
	there, back func(inside string) // what leads astray is put in the path's way, and taken from it
}

func in(inside string, names ...string) string {
	return filepath.Join(append([]string{inside}, names...)...)
}

var swaps = map[string]swap{
	// A directory is replaced by a link to the outside.
	"directory for link": {
		path: "d/secret",
		setup: func(inside string) error {
			os.Mkdir(in(inside, "d"), 0o755)
			os.WriteFile(in(inside, "d", "secret"), nil, 0o644)
			return os.Symlink(filepath.Join("..", "outside"), in(inside, "link"))
		},
		there: swapIn("d"), back: swapOut("d"),
	},
	// The same, where a slash would have the host follow the link.
	"directory for link, by a slash": {
		path: "d/",
		setup: func(inside string) error {
			os.Mkdir(in(inside, "d"), 0o755)
			return os.Symlink(filepath.Join("..", "outside"), in(inside, "link"))
		},
		there: swapIn("d"), back: swapOut("d"),
	},
	// So is a file.
	"file for link": {
		path: "leaf",
		setup: func(inside string) error {
			os.WriteFile(in(inside, "leaf"), nil, 0o644)
			return os.Symlink(filepath.Join("..", "outside", "secret"), in(inside, "link"))
		},
		there: swapIn("leaf"), back: swapOut("leaf"),
	},
	// A directory is moved up while the path goes through it and back by "..".
	"move under dotdot": {
		path: "a/b/c/../../outside/secret",
		setup: func(inside string) error {
			return os.MkdirAll(in(inside, "a", "b", "c"), 0o755)
		},
		there: func(inside string) { os.Rename(in(inside, "a", "b", "c"), in(inside, "c")) },
		back:  func(inside string) { os.Rename(in(inside, "c"), in(inside, "a", "b", "c")) },
	},
}

// swapIn puts the link where something harmless was.
func swapIn(name string) func(string) {
	return func(inside string) {
		os.Rename(in(inside, name), in(inside, "harmless"))
		os.Rename(in(inside, "link"), in(inside, name))
	}
}

func swapOut(name string) func(string) {
	return func(inside string) {
		os.Rename(in(inside, name), in(inside, "link"))
		os.Rename(in(inside, "harmless"), in(inside, name))
	}
}

func TestRaces(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		for swapName, s := range swaps {
			for name, attempt := range attempts {
				t.Run(swapName+"/"+name, func(t *testing.T) { race(t, k, s, attempt) })
			}
		}
	})
}

func race(t *testing.T, k kind, s swap, attempt func(vfs.Dir, string) error) {
	dir, inside, outside := sandbox(t, k.open)
	if err := s.setup(inside); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var attacker sync.WaitGroup
	attacker.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				s.there(inside)
				s.back(inside)
			}
		}
	})
	for range races(t) {
		if attempt(dir, s.path) == errEscape {
			t.Error("reached the outside")
			break
		}
		opened(dir.Open("file", vfs.How{Create: true}))
	}
	close(stop)
	attacker.Wait()
	untouched(t, outside)
}
