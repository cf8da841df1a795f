package wasi_test

import (
	"encoding/binary"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// inSnapshot0 gives the same environment as wasi_unstable shows it.
func inSnapshot0(t *testing.T, cfg wasi.Config) *guest {
	g := newGuest(t, cfg)
	return guestOf(t, g.env, wasi.Snapshot0)
}

func TestFunctionsOfVersions(t *testing.T) {
	e, err := wasi.New(wasi.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for v, want := range map[wasi.Version]struct {
		module string
		n      int
	}{wasi.Snapshot0: {"wasi_unstable", 45}, wasi.Snapshot1: {"wasi_snapshot_preview1", 46}} {
		functions := e.Functions(v)
		if len(functions) != want.n || v.Module() != want.module {
			t.Errorf("%s has %d functions", v.Module(), len(functions))
		}
		for _, f := range functions {
			if results := len(f.Results); results != 1 && f.Name != "proc_exit" || f.Name == "proc_exit" && results != 0 {
				t.Errorf("%s has %d results", f.Name, results)
			}
		}
	}
}

func TestSnapshot0Filestat(t *testing.T) {
	g := inSnapshot0(t, wasi.Config{Mounts: []wasi.Mount{{Guest: "/"}}})
	g.create(3, "f", "abc")
	g.must("path_link", 3, 0, "f", 3, "g")
	g.must("path_filestat_set_times", 3, 0, "f", uint64(11), uint64(22), 5)
	for i := range g.mem[:64] {
		g.mem[i] = 0xee
	}
	g.must("path_filestat_get", 3, 0, "f", 0)
	if g.u64(16) != uint64(vfs.Regular)|2<<32 || g.u64(24) != 3 || g.u64(32) != 11 || g.u64(40) != 22 || g.u64(48) == 0 {
		t.Errorf("filestat %x", g.mem[:56])
	}
	if g.u64(56) != 0xeeee_eeee_eeee_eeee {
		t.Error("wrote beyond the 56 bytes of a filestat")
	}
	g.must("path_filestat_get", 3, 0, "f", len(g.mem)-56)
	g.wants(vfs.EFAULT, "path_filestat_get", 3, 0, "f", len(g.mem)-55)
	g.must("fd_filestat_get", 3, len(g.mem)-56)
}

func TestSnapshot0Seek(t *testing.T) {
	g := inSnapshot0(t, wasi.Config{Mounts: []wasi.Mount{{Guest: "/"}}})
	g.create(3, "f", "0123456789")
	fd := g.mustOpen(3, "f", 0)
	const cur, end, set = 0, 1, 2
	for _, test := range []struct {
		offset int64
		whence int
		want   uint64
	}{{4, set, 4}, {2, cur, 6}, {-1, end, 9}, {0, cur, 9}} {
		g.must("fd_seek", fd, test.offset, test.whence, 0)
		if g.u64(0) != test.want {
			t.Errorf("seek %d, %d: at %d, want %d", test.offset, test.whence, g.u64(0), test.want)
		}
	}
}

func TestSnapshot0Poll(t *testing.T) {
	g := inSnapshot0(t, wasi.Config{})
	in := make([]byte, 2*56)
	le := binary.LittleEndian
	le.PutUint64(in, 1)       // userdata
	le.PutUint64(in[16:], 99) // the identifier, which went away later
	le.PutUint32(in[24:], 1)  // monotonic
	le.PutUint64(in[32:], 10*ms)
	le.PutUint64(in[56:], 2)
	in[56+8] = 2                 // writing
	le.PutUint32(in[56+16:], 77) // a descriptor that is not there
	g.must("poll_oneoff", g.put(in), 1024, 2, 0)
	if events := g.events(); len(events) != 1 || events[2].errno != vfs.EBADF {
		t.Errorf("events %v", events)
	}
	g.must("poll_oneoff", g.put(in[:56]), 1024, 1, 0)
	if events := g.events(); len(events) != 1 || events[1] != (event{userdata: 1}) {
		t.Errorf("events %v", events)
	}
	g.wants(vfs.EFAULT, "poll_oneoff", len(g.mem)-55, 1024, 1, 0)
}
