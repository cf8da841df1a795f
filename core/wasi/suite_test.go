package wasi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/sys"
)

// run instantiates a command with the environment and gives its exit code.
func run(t *testing.T, e *wasi.Environment, program []byte) (exit uint32) {
	t.Helper()
	exit, err := runIn(t.Context(), wazero.NewRuntimeConfig(), e, program)
	if err != nil {
		t.Fatal(err)
	}
	return exit
}

// compilers are those that there are; on some hosts it is the same one twice.
var compilers = map[string]wazero.RuntimeConfig{"default": wazero.NewRuntimeConfig(), "interpreter": wazero.NewRuntimeConfigInterpreter()}

func runIn(ctx context.Context, compiler wazero.RuntimeConfig, e *wasi.Environment, program []byte) (exit uint32, err error) {
	r := wazero.NewRuntimeWithConfig(ctx, compiler.WithCompilationCache(cache))
	defer r.Close(ctx)
	for _, v := range []wasi.Version{wasi.Snapshot0, wasi.Snapshot1} {
		if _, err := e.Export(r.NewHostModuleBuilder(v.Module()), v).Instantiate(ctx); err != nil {
			return 0, err
		}
	}
	_, err = r.InstantiateWithConfig(ctx, program, wazero.NewModuleConfig())
	var exitErr *sys.ExitError
	if errors.As(err, &exitErr) {
		return exitErr.ExitCode(), nil
	}
	return 0, err
}

var cache = wazero.NewCompilationCache()

// TestSuite runs the wasi-testsuite of the WebAssembly community group, if WASI_TESTSUITE names a checkout of it with the
// prebuilt programs. What it tests is also tested by the programs in testdata, so that no other source is needed.
func TestSuite(t *testing.T) {
	pattern := filepath.Join(os.Getenv("WASI_TESTSUITE"), "tests", "*", "testsuite", "wasm32-wasip1", "*.wasm")
	programs, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range programs {
		name := strings.TrimSuffix(filepath.Base(program), ".wasm")
		for compiler, config := range compilers {
			t.Run(name+"/host/"+compiler, func(t *testing.T) { runSuiteProgram(t, config, program, hostCopy) })
			t.Run(name+"/memory/"+compiler, func(t *testing.T) { runSuiteProgram(t, config, program, memoryCopy) })
		}
	}
}

type suiteSpec struct {
	Args     []string          `json:"args"`
	Env      map[string]string `json:"env"`
	Root     string            `json:"root"`
	ExitCode uint32            `json:"exit_code"`
	Stdout   *string           `json:"stdout"`
}

// hostCopy and memoryCopy mount a directory so that it stays as it is.

func hostCopy(t *testing.T, dir string) wasi.Mount {
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return wasi.Mount{Guest: "/", Host: root}
}

func memoryCopy(t *testing.T, dir string) wasi.Mount {
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(dir, path)
		if err = errors.Join(err, relErr); err != nil || d.IsDir() {
			files[filepath.ToSlash(rel)+"/"] = nil
			return err
		}
		files[filepath.ToSlash(rel)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return wasi.Mount{Guest: "/", Files: files}
}

func runSuiteProgram(t *testing.T, compiler wazero.RuntimeConfig, path string, mount func(t *testing.T, dir string) wasi.Mount) {
	var spec suiteSpec
	if text, err := os.ReadFile(strings.TrimSuffix(path, ".wasm") + ".json"); err == nil {
		if err := json.Unmarshal(text, &spec); err != nil {
			t.Fatal(err)
		}
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cfg := wasi.Config{Args: append([]string{"test"}, spec.Args...), Stdout: &stdout, Stderr: &stderr}
	for k, v := range spec.Env {
		cfg.Env = append(cfg.Env, wasi.Variable{Name: k, Value: v})
	}
	if spec.Root != "" {
		cfg.Mounts = []wasi.Mount{mount(t, filepath.Join(filepath.Dir(path), spec.Root))}
	}
	e, err := wasi.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	exit, err := runIn(t.Context(), compiler, e, program)
	if err != nil || exit != spec.ExitCode {
		t.Errorf("exit code %d, %v; want %d\n%s%s", exit, err, spec.ExitCode, stdout.String(), stderr.String())
	}
	if spec.Stdout != nil && stdout.String() != *spec.Stdout {
		t.Errorf("printed %q, want %q", stdout.String(), *spec.Stdout)
	}
}
