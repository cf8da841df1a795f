package wasi

import (
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"github.com/tetratelabs/wazero/experimental/wazerotest"
)

// closingDir is a directory whose environment is closed while something in it is opened.
type closingDir struct {
	vfs.Dir
	env    *Environment
	opened int // that are not closed
}

type closingNode struct {
	vfs.Dir
	dir *closingDir
}

func (d *closingDir) Open(string, vfs.How) (vfs.Node, error) {
	d.env.Close()
	d.opened++
	return closingNode{dir: d}, nil
}

func (d *closingDir) Close() error { return nil }

func (closingNode) Stat() (vfs.Stat, error) { return vfs.Stat{Type: vfs.Directory}, nil }

func (n closingNode) Close() error {
	n.dir.opened--
	return nil
}

// TestOpenDuringClose: what is opened while the environment is closed is closed too, and nobody gets a descriptor for it.
func TestOpenDuringClose(t *testing.T) {
	env, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	dir := &closingDir{env: env}
	fd, err := env.fds.insert(&handle{dir: dir, typ: vfs.Directory, base: dirRights, inheriting: dirRights})
	if err != nil {
		t.Fatal(err)
	}
	open, _ := env.Function(Snapshot1, "path_open")
	mod := wazerotest.NewModule(wazerotest.NewFixedMemory(wazerotest.PageSize))
	mod.Memory().WriteByte(0, 'd')
	stack := []uint64{uint64(fd), 0, 0, 1, openDirectory, 0, 0, 0, 8}
	if open.Call(t.Context(), mod, stack); vfs.Errno(stack[0]) != vfs.EMFILE || dir.opened != 0 {
		t.Errorf("%v, and %d are open", vfs.Errno(stack[0]), dir.opened)
	}
	if len(env.fds.handles) != 0 {
		t.Errorf("%d descriptors are left", len(env.fds.handles))
	}
}
