package confined

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"github.com/pywasm-go/pywasm/core/wasi/vfs/vfstest"
)

// kind is one way to confine a directory.
type kind struct {
	name  string
	open  func(path string) (vfs.Dir, error)
	lacks vfstest.Lacks
}

// kinds are all that this host can run; the first is what Open uses.
var kinds = append(hostKinds, kind{"os.Root", openRootDir, rootLacks(runtime.GOOS == "windows")})

func rootLacks(windows bool) vfstest.Lacks {
	return vfstest.Lacks{LinkTimes: true, HardLinks: true, Replace: true, Dots: windows}
}

func eachKind(t *testing.T, run func(t *testing.T, k kind)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) { run(t, k) })
	}
}

// sandbox makes a directory to confine to, with one beside it that holds a secret.
func sandbox(t testing.TB, open func(string) (vfs.Dir, error)) (dir vfs.Dir, inside, outside string) {
	t.Helper()
	base := t.TempDir()
	inside, outside = filepath.Join(base, "inside"), filepath.Join(base, "outside")
	for _, path := range []string{inside, outside} {
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	dir, err := open(inside)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	return dir, inside, outside
}

// untouched checks that nobody was at the secret.
func untouched(t testing.TB, outside string) {
	t.Helper()
	entries, err := os.ReadDir(outside)
	if err != nil || len(entries) != 1 {
		t.Errorf("outside there are %v, %v", entries, err)
	}
	secret := filepath.Join(outside, "secret")
	if info, err := os.Stat(secret); err != nil || info.ModTime().Unix() == 0 {
		t.Errorf("the secret's time was set: %v", err)
	}
	if text, err := os.ReadFile(secret); string(text) != "secret" || err != nil {
		t.Errorf("the secret is %q, %v", text, err)
	}
	if entries, err = os.ReadDir(filepath.Dir(outside)); err != nil || len(entries) != 2 {
		t.Errorf("above there are %v, %v", entries, err)
	}
}

func TestContract(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		vfstest.Run(t, func(t *testing.T) vfs.Dir {
			dir, _, outside := sandbox(t, k.open)
			t.Cleanup(func() { untouched(t, outside) })
			return dir
		}, k.lacks)
	})
}

func TestOpenMissing(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		path := filepath.Join(t.TempDir(), "none")
		if _, err := k.open(path); !os.IsNotExist(err) {
			t.Errorf("a missing directory gives %v", err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := k.open(path); err == nil {
			t.Error("a file was opened as a directory")
		}
	})
}

// TestMountsAreApart, even where their directories are the same.
func TestMountsAreApart(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		one, inside, _ := sandbox(t, k.open)
		two, err := k.open(inside)
		if err != nil {
			t.Fatal(err)
		}
		defer two.Close()
		opened(one.Open("f", vfs.How{Create: true}))
		if err := one.Rename("f", two, "g"); err != vfs.EXDEV {
			t.Errorf("rename: %v", err)
		}
		if err := one.Link("f", two, "g"); err != vfs.EXDEV {
			t.Errorf("link: %v", err)
		}
	})
}

// TestNoHandleIsLeft runs the contract's confinement and counts what stays open.
func TestNoHandleIsLeft(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // there is no /proc to count in
	}
	count := func() int {
		fds, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(fds)
	}
	eachKind(t, func(t *testing.T, k kind) {
		before := count()
		t.Run("contract", func(t *testing.T) {
			vfstest.Run(t, func(t *testing.T) vfs.Dir {
				dir, _, _ := sandbox(t, k.open)
				return dir
			}, k.lacks)
		})
		if after := count(); after > before {
			t.Errorf("%d descriptors before, %d after", before, after)
		}
	})
}
