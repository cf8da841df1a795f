package wasi

import (
	"errors"
	"slices"
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
	open := functionOf(env, "path_open")
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

// endlessDir has more entries than anybody will read.
type endlessDir struct{ vfs.Dir }

func (endlessDir) ReadDir() ([]vfs.Entry, error) { return []vfs.Entry{{Name: "x"}}, nil }
func (endlessDir) Rewind() error                 { return nil }
func (endlessDir) Close() error                  { return nil }

// TestReaddirIsInterrupted: one call with a cookie that is far away reads a directory to there.
func TestReaddirIsInterrupted(t *testing.T) {
	asked, enough := 0, errors.New("enough")
	env, err := New(Config{Interrupt: func() error {
		if asked++; asked > 100 {
			return enough
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer env.Close()
	fd, err := env.fds.insert(&handle{dir: endlessDir{}, typ: vfs.Directory, base: dirRights})
	if err != nil {
		t.Fatal(err)
	}
	readdir := functionOf(env, "fd_readdir")
	mod := wazerotest.NewModule(wazerotest.NewFixedMemory(wazerotest.PageSize))
	defer func() {
		if r := recover(); r != enough {
			t.Errorf("ended with %v", r)
		}
		if h, err := env.fds.get(fd); err != nil || h.refs != 2 || !h.mu.TryLock() {
			t.Errorf("the directory is %+v, %v", h, err)
		}
	}()
	readdir.Call(t.Context(), mod, []uint64{uint64(fd), 100, 1000, 1 << 63, 0})
}

func functionOf(e *Environment, name string) Function {
	all := e.Functions(Snapshot1)
	return all[slices.IndexFunc(all, func(f Function) bool { return f.Name == name })]
}
