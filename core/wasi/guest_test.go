package wasi_test

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"github.com/tetratelabs/wazero/experimental/wazerotest"
)

// guest calls the host functions as a module would, and has one page of memory.
type guest struct {
	t         testing.TB
	env       *wasi.Environment
	mod       *wazerotest.Module
	mem       []byte
	functions map[string]wasi.Function
	ctx       context.Context
	brk       uint32
}

func newGuest(t testing.TB, cfg wasi.Config) *guest {
	t.Helper()
	env, err := wasi.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { env.Close() })
	return guestOf(t, env, wasi.Snapshot1)
}

func guestOf(t testing.TB, env *wasi.Environment, v wasi.Version) *guest {
	mem := wazerotest.NewFixedMemory(wazerotest.PageSize)
	g := &guest{
		t: t, env: env, mod: wazerotest.NewModule(mem), mem: mem.Bytes, functions: map[string]wasi.Function{},
		ctx: t.Context(), brk: 4096,
	}
	for _, f := range env.Functions(v) {
		g.functions[f.Name] = f
	}
	return g
}

// call calls a function. Strings become a pointer and a length.
func (g *guest) call(name string, args ...any) vfs.Errno {
	g.t.Helper()
	f, ok := g.functions[name]
	if !ok {
		g.t.Fatalf("no function %s", name)
	}
	var stack []uint64
	for _, arg := range args {
		switch arg := arg.(type) {
		case int:
			stack = append(stack, uint64(arg))
		case uint32:
			stack = append(stack, uint64(arg))
		case int64:
			stack = append(stack, uint64(arg))
		case uint64:
			stack = append(stack, arg)
		case string:
			stack = append(stack, uint64(g.put([]byte(arg))), uint64(len(arg)))
		default:
			g.t.Fatalf("argument %v", arg)
		}
	}
	if len(stack) != len(f.Params) {
		g.t.Fatalf("%s takes %d parameters, not %d", name, len(f.Params), len(stack))
	}
	if len(stack) == 0 {
		stack = make([]uint64, 1)
	}
	f.Call(g.ctx, g.mod, stack)
	return vfs.Errno(stack[0])
}

// must is call, where nothing may go wrong.
func (g *guest) must(name string, args ...any) {
	g.t.Helper()
	if errno := g.call(name, args...); errno != 0 {
		g.t.Fatalf("%s%v: %v", name, args, errno)
	}
}

// wants is call, where a certain thing must go wrong; 0 if nothing may.
func (g *guest) wants(want vfs.Errno, name string, args ...any) {
	g.t.Helper()
	if errno := g.call(name, args...); errno != want {
		g.t.Errorf("%s%v: %v, want %v", name, args, errno, want)
	}
}

// put copies bytes to where the guest is not using its memory. The first 4 KiB are left to the tests.
func (g *guest) put(b []byte) uint32 {
	if int(g.brk)+len(b) > len(g.mem) {
		g.brk = 4096
	}
	ptr := g.brk
	copy(g.mem[ptr:], b)
	g.brk += (uint32(len(b)) + 7) &^ 7
	return ptr
}

func (g *guest) u16(ptr uint32) uint16 { return binary.LittleEndian.Uint16(g.mem[ptr:]) }
func (g *guest) u32(ptr uint32) uint32 { return binary.LittleEndian.Uint32(g.mem[ptr:]) }
func (g *guest) u64(ptr uint32) uint64 { return binary.LittleEndian.Uint64(g.mem[ptr:]) }

// iovec makes a list of one buffer.
func (g *guest) iovec(ptr, size uint32) uint32 {
	b := binary.LittleEndian.AppendUint32(nil, ptr)
	return g.put(binary.LittleEndian.AppendUint32(b, size))
}

const (
	creat = 1 << iota
	directory
	excl
	trunc
)

// mustOpen opens a path with the rights that the directory hands on.
func (g *guest) mustOpen(dir uint32, path string, oflags int) uint32 {
	g.t.Helper()
	if errno := g.open(dir, path, oflags); errno != 0 {
		g.t.Fatalf("path_open(%q, %d): %v", path, oflags, errno)
	}
	return g.u32(0)
}

func (g *guest) open(dir uint32, path string, oflags int) vfs.Errno {
	base := rightsFile
	if oflags&directory != 0 {
		base = rightsDir
	}
	return g.call("path_open", dir, 1, path, oflags, base, rightsDir|rightsFile, 0, 0)
}

// write writes a string, and gives how much was written.
func (g *guest) write(fd uint32, s string) (uint32, vfs.Errno) {
	errno := g.call("fd_write", fd, g.iovec(g.put([]byte(s)), uint32(len(s))), 1, 0)
	return g.u32(0), errno
}

// read reads up to 1 KiB.
func (g *guest) read(fd uint32) (string, vfs.Errno) {
	errno := g.call("fd_read", fd, g.iovec(1024, 1024), 1, 0)
	if errno != 0 {
		return "", errno
	}
	return string(g.mem[1024 : 1024+g.u32(0)]), 0
}

// readFile opens a file only to read it.
func (g *guest) readFile(dir uint32, path string) (string, vfs.Errno) {
	if errno := g.call("path_open", dir, 1, path, 0, 2, 0, 0, 0); errno != 0 {
		return "", errno
	}
	fd := g.u32(0)
	defer g.must("fd_close", fd)
	return g.read(fd)
}

// create makes a file that holds s.
func (g *guest) create(dir uint32, path, s string) {
	g.t.Helper()
	fd := g.mustOpen(dir, path, creat|trunc)
	if _, errno := g.write(fd, s); errno != 0 {
		g.t.Fatal(errno)
	}
	g.must("fd_close", fd)
}

const (
	rightsFile = 1<<9 - 1 | 7<<21 | 1<<27            // what a regular file can have
	rightsDir  = 3<<3 | 1<<22 - 1<<9 | 1<<28 - 1<<23 // what a directory can have
)
