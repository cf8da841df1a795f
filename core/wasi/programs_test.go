package wasi_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/tetratelabs/wazero"
)

func program(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestConformance runs the tests of testdata/conformance.c one by one, each in an empty directory that is to be empty afterwards.
func TestConformance(t *testing.T) {
	conformance := program(t, "testdata/conformance.wasm")
	var names bytes.Buffer
	e, err := wasi.New(wasi.Config{Args: []string{"conformance"}, Stdout: &names})
	if err != nil {
		t.Fatal(err)
	}
	run(t, e, conformance)
	for _, name := range strings.Fields(names.String()) {
		for kind, mount := range map[string]wasi.Mount{
			"host":    {Guest: "/", Host: t.TempDir()},
			"limited": {Guest: "/", Host: t.TempDir(), Quota: 1 << 20},
			"memory":  {Guest: "/"},
		} {
			for compiler, config := range compilers {
				t.Run(name+"/"+kind+"/"+compiler, func(t *testing.T) { conforms(t, config, conformance, name, mount) })
			}
		}
	}
}

func conforms(t *testing.T, compiler wazero.RuntimeConfig, program []byte, name string, mount wasi.Mount) {
	var stderr bytes.Buffer
	e, err := wasi.New(wasi.Config{Args: []string{"conformance", name}, Mounts: []wasi.Mount{mount}, Stderr: &stderr})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if exit, err := runIn(t.Context(), compiler, e, program); exit != 0 || err != nil {
		t.Errorf("exit code %d, %v: %s", exit, err, stderr.String())
	}
	left := len(e.Files("/"))
	if mount.Host != "" {
		entries, _ := os.ReadDir(mount.Host)
		left = len(entries)
	}
	if left != 0 {
		t.Errorf("%d files are left", left)
	}
}

func TestSnapshot0Program(t *testing.T) {
	var stdout bytes.Buffer
	e, err := wasi.New(wasi.Config{
		Mounts: []wasi.Mount{{Guest: "/", Files: map[string][]byte{"f": []byte("0123456789")}}},
		Stdout: &stdout,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if line := run(t, e, program(t, "testdata/snapshot0.wasm")); line != 0 || stdout.String() != "snapshot 0\n" {
		t.Errorf("the check in line %d of snapshot0.c failed; printed %q", line, stdout.String())
	}
}

func TestWordcount(t *testing.T) {
	wordcount := program(t, filepath.Join("..", "..", "examples", "wordcount", "wordcount.wasm"))
	files := map[string][]byte{"a.txt": []byte("one two\nthree\n"), "d/b.txt": []byte("four\n"), "d/empty/": nil}
	for name, test := range map[string]struct {
		args  []string
		sort  string
		stdin string
		want  string
		exit  uint32
	}{
		"tree":  {[]string{"/in"}, "", "", "2 3 14 /in/a.txt; 1 1 5 /in/d/b.txt; 3 4 19 total", 0},
		"sort":  {[]string{"/in/d", "/in/a.txt"}, "words", "", "2 3 14 /in/a.txt; 1 1 5 /in/d/b.txt; 3 4 19 total", 0},
		"input": {nil, "", "a b c\n", "1 3 6 (standard input)", 0},
		"none":  {[]string{"/none"}, "", "", "0 0 0 total", 1},
		"bad":   {nil, "colour", "", "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout bytes.Buffer
			e, err := wasi.New(wasi.Config{
				Args: append([]string{"wordcount"}, test.args...), Env: []wasi.Variable{{Name: "WC_SORT", Value: test.sort}},
				Mounts: []wasi.Mount{{Guest: "/in", Files: files, ReadOnly: true}},
				Stdin:  strings.NewReader(test.stdin), Stdout: &stdout,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			exit := run(t, e, wordcount)
			_, rows, _ := strings.Cut(strings.TrimSpace(stdout.String()), "\n")
			var got []string
			for row := range strings.Lines(rows) {
				got = append(got, strings.Join(strings.Fields(row), " "))
			}
			if strings.Join(got, "; ") != test.want || exit != test.exit {
				t.Errorf("exit %d, printed %q", exit, got)
			}
		})
	}
}
