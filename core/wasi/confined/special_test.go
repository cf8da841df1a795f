//go:build linux || darwin

package confined

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"golang.org/x/sys/unix"
)

// TestFIFO: opening one must neither wait for the other side nor give the guest something to wait for.
func TestFIFO(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		dir, inside, _ := sandbox(t, k.open)
		if err := unix.Mkfifo(filepath.Join(inside, "fifo"), 0o600); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for _, how := range []vfs.How{{Read: true}, {Write: true}, {Read: true, Write: true}, {}, {Truncate: true}} {
				if err := opened(dir.Open("fifo", how)); err == nil {
					t.Errorf("opened a FIFO %+v", how)
				}
			}
			if st, err := dir.StatAt("fifo", true); st.Type != vfs.Unknown || err != nil {
				t.Errorf("a FIFO is %+v, %v", st, err)
			}
		}()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			t.Error("waits for the other side of a FIFO")
		}
	})
}

func TestDevices(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		dir, err := k.open("/dev")
		if err != nil {
			t.Fatal(err)
		}
		defer dir.Close()
		node, err := dir.Open("null", vfs.How{Read: true, Write: true})
		if err != nil {
			t.Fatal(err)
		}
		defer node.Close()
		f := node.(vfs.File)
		if n, err := f.WriteAt([]byte("text"), 100); n != 4 || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
		if n, err := f.ReadAt(make([]byte, 4), 0); n != 0 || err != nil {
			t.Errorf("read %d, %v", n, err)
		}
		if st, err := f.Stat(); st.Type != vfs.CharDevice || err != nil {
			t.Errorf("is %+v, %v", st, err)
		}
	})
}

// TestMagicLinks: the links of /proc lead anywhere, whatever text they show.
func TestMagicLinks(t *testing.T) {
	const proc = "/proc/self"
	if _, err := os.Stat(proc); err != nil {
		return // not on this host
	}
	eachKind(t, func(t *testing.T, k kind) {
		dir, err := k.open(proc)
		if err != nil {
			t.Fatal(err)
		}
		defer dir.Close()
		for _, path := range []string{"root/etc/passwd", "cwd/confined.go", "exe", "fd/0", "root/", "cwd/.", "task/../root"} {
			if err := opened(dir.Open(path, vfs.How{Read: true, Follow: true})); err == nil {
				t.Errorf("%s was opened", path)
			}
			if _, err := dir.StatAt(path, true); err == nil {
				t.Errorf("%s has attributes", path)
			}
		}
	})
}

// TestProcBeneath: who mounts "/" gives no access to the memory of this process.
func TestProcBeneath(t *testing.T) {
	if _, err := os.Stat("/proc/self/mem"); err != nil {
		return // not on this host
	}
	for _, k := range hostKinds {
		dir, err := k.open("/")
		if err != nil {
			t.Fatal(err)
		}
		defer dir.Close()
		pid := "proc/" + strconv.Itoa(os.Getpid())
		for _, path := range []string{"proc/self/mem", pid + "/mem", pid + "/environ", pid + "/maps", "proc/cmdline"} {
			if err := opened(dir.Open(path, vfs.How{Read: true, Follow: true})); err != vfs.EACCES {
				t.Errorf("%s: open %s: %v", k.name, path, err)
			}
		}
		node, err := dir.Open(pid, vfs.How{Directory: true})
		if err != nil {
			t.Fatal(err)
		}
		defer node.Close()
		if err := opened(node.(vfs.Dir).Open("mem", vfs.How{Read: true})); err != vfs.EACCES {
			t.Errorf("%s: open mem: %v", k.name, err)
		}
		if err := opened(dir.Open("etc/passwd", vfs.How{Read: true})); err != nil {
			t.Errorf("%s: open etc/passwd: %v", k.name, err)
		}
	}
}

// TestAppendWithOthers: the host finds the end, so that nothing is lost when several processes append.
func TestAppendWithOthers(t *testing.T) {
	for _, k := range hostKinds {
		dir, inside, _ := sandbox(t, k.open)
		var all sync.WaitGroup
		for range 4 {
			node, err := dir.Open("log", vfs.How{Write: true, Create: true})
			if err != nil {
				t.Fatal(err)
			}
			all.Go(func() {
				defer node.Close()
				for range 500 {
					node.(vfs.File).Append([]byte("a line\n"))
				}
			})
		}
		all.Wait()
		text, err := os.ReadFile(filepath.Join(inside, "log"))
		if n := bytes.Count(text, []byte("a line\n")); n != 2000 || len(text) != 14000 || err != nil {
			t.Errorf("%s: %d lines in %d bytes, %v", k.name, n, len(text), err)
		}
	}
}

func TestPermissions(t *testing.T) {
	if os.Getuid() == 0 {
		return // who may do everything
	}
	dir, inside, _ := sandbox(t, openDir)
	if err := os.WriteFile(filepath.Join(inside, "f"), nil, 0o000); err != nil {
		t.Fatal(err)
	}
	if err := opened(dir.Open("f", vfs.How{Read: true})); err != vfs.EACCES {
		t.Errorf("open: %v", err)
	}
}
