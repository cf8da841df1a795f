package wasi_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

func TestConfigErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	env := func(name, value string) wasi.Config {
		return wasi.Config{Env: []wasi.Variable{{Name: "fine"}, {Name: name, Value: value}}}
	}
	mount := func(m wasi.Mount) wasi.Config { return wasi.Config{Mounts: []wasi.Mount{{Guest: "/mem"}, m}} }
	for want, cfg := range map[string]wasi.Config{
		"argument contains null byte: `a\\x00b`":                                                                 {Args: []string{"x", "a\x00b"}},
		"bad environment variable format: `found equal sign in env var key \"a=b\" (key=value)`":                 env("a=b", "c"),
		"bad environment variable format: `found nul byte in env var key \"a\\x00\" (key=value)`":                env("a\x00", "c"),
		"bad environment variable format: `found nul byte in env var value \"c\\x00\" (key=value)`":              env("a", "c\x00"),
		"wasi filesystem creation error: `Could not get metadata for file \"/nonexist\": entity not found`":      mount(wasi.Mount{Guest: "x", Host: "/nonexist"}),
		"wasi filesystem creation error: `in-memory file system: the files hold more than the quota of 2 bytes`": mount(wasi.Mount{Files: map[string][]byte{"f": []byte("abc")}, Quota: 2}),
		"wasi filesystem creation error: `Could not get metadata for file \"" + file + "\": not a directory`":    mount(wasi.Mount{Guest: "x", Host: file}),
		"wasi filesystem creation error: `in-memory file system: \"a\\x00\": EILSEQ`":                            mount(wasi.Mount{Files: map[string][]byte{"a\x00": nil}}),
		"wasi filesystem creation error: `guest path \"a\\x00b\" contains a null byte`":                          mount(wasi.Mount{Guest: "a\x00b"}),
		"wasi socket creation error: `listen tcp: address nowhere: missing port in address`":                     {Listen: []string{"nowhere"}},
	} {
		_, err := wasi.New(cfg)
		var cfgErr *wasi.ConfigError
		if !errors.As(err, &cfgErr) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestTooManyMounts(t *testing.T) {
	dir := t.TempDir()
	if _, err := wasi.New(wasi.Config{Mounts: manyMounts(dir, 1021)}); err != nil {
		t.Error(err)
	}
	if _, err := wasi.New(wasi.Config{Mounts: manyMounts(dir, 1022)}); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("too many mounts: %v", err)
	}
}

func manyMounts(dir string, n int) (mounts []wasi.Mount) {
	for range n {
		mounts = append(mounts, wasi.Mount{Guest: "/", Host: dir})
	}
	return mounts
}

// TestZeroConfig: nothing is reachable that was not given (CVE-2023-51661).
func TestZeroConfig(t *testing.T) {
	g := newGuest(t, wasi.Config{})
	g.must("args_sizes_get", 0, 4)
	if g.u64(0) != 0 {
		t.Error("there are arguments")
	}
	g.must("environ_sizes_get", 0, 4)
	if g.u64(0) != 0 {
		t.Error("there are variables")
	}
	for fd := range 2000 {
		want := vfs.EBADF
		if fd < 3 {
			want = vfs.ENOTDIR
		}
		g.wants(want, "path_open", fd, 1, "/etc/passwd", 0, 2, 0, 0, 0)
		g.wants(vfs.EBADF, "fd_prestat_get", fd, 0)
	}
	if s, errno := g.read(0); s != "" || errno != 0 {
		t.Errorf("standard input holds %q, %v", s, errno)
	}
	for fd := uint32(1); fd <= 2; fd++ {
		if n, errno := g.write(fd, "gone"); n != 4 || errno != 0 {
			t.Errorf("wrote %d, %v", n, errno)
		}
	}
}

// TestFilesAfterwards: a guest's work in memory can be had when it is done, also after Close.
func TestFilesAfterwards(t *testing.T) {
	g := newGuest(t, wasi.Config{Mounts: []wasi.Mount{{Guest: "/", Files: map[string][]byte{"in/a": []byte("1")}}}})
	if s, errno := g.readFile(3, "in/a"); s != "1" || errno != 0 {
		t.Errorf("read %q, %v", s, errno)
	}
	g.must("path_create_directory", 3, "out")
	g.create(3, "out/b", "2")
	g.env.Close()
	files := g.env.Files("/")
	if len(files) != 2 || string(files["in/a"]) != "1" || string(files["out/b"]) != "2" {
		t.Errorf("files %q", files)
	}
	if files := g.env.Files("/other"); files != nil {
		t.Errorf("files %q", files)
	}
}

func TestClose(t *testing.T) {
	g := newGuest(t, wasi.Config{Mounts: []wasi.Mount{{Guest: "/", Host: t.TempDir()}}})
	fd := g.mustOpen(3, "f", creat)
	g.env.Close()
	g.env.Close()
	for _, fd := range []uint32{0, 1, 3, fd} {
		g.wants(vfs.EBADF, "fd_fdstat_get", fd, 0)
		g.wants(vfs.EBADF, "fd_close", fd)
	}
	g.wants(vfs.EBADF, "path_open", 3, 0, "f", 0, 0, 0, 0, 0)
}
