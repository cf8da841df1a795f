package spec

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/wat"
)

var update = flag.Bool("update", false, "write what does not pass to expected.txt")

const expectedFile = "expected.txt"

var compilers = []engine.Compiler{engine.Optimizing, engine.Interpreter}

// TestSuite runs all scripts: those of the suite, if they are on this machine,
// and the older ones that come with wazero. The commands that do not pass must
// be those that expected.txt lists; with -update, it is written anew.
func TestSuite(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no copy of the specification's test suite is here")
	}
	expected := readExpected(t)
	var mu sync.Mutex
	var all []failure
	t.Run("files", func(t *testing.T) {
		for name, path := range files {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				found, lines := runFile(t, name, path)
				if !*update {
					compare(t, expected[name], found, lines)
				}
				mu.Lock()
				defer mu.Unlock()
				all = append(all, found...)
			})
		}
	})
	if *update {
		writeExpected(t, all, expected)
	}
}

// failure is a command that did not pass, with the compiler if only one failed.
type failure struct {
	file     string
	line     int
	reason   string
	compiler engine.Compiler
	// position is the number of the command in its file.
	position int
}

// runFile returns the commands that failed, and the lines of all.
func runFile(t *testing.T, name, path string) (found []failure, lines []int) {
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := wat.ParseScript(src)
	if err != nil {
		t.Fatal(err)
	}
	byCompiler := make([][]error, len(compilers))
	for k, compiler := range compilers {
		h, err := newHost(compiler)
		if err != nil {
			t.Fatal(err)
		}
		s := newScript(h, strings.HasPrefix(name, olderPrefix))
		for i := range parsed.Commands {
			byCompiler[k] = append(byCompiler[k], s.run(&parsed.Commands[i]))
		}
		h.store.Close()
	}
	for i := range parsed.Commands {
		lines = append(lines, parsed.Commands[i].Line)
		found = append(found, failuresOf(name, i, lines[i], byCompiler)...)
	}
	return found, lines
}

// failuresOf joins what the compilers say of a command.
func failuresOf(name string, i, line int, byCompiler [][]error) (found []failure) {
	for k, compiler := range compilers {
		if err := byCompiler[k][i]; err != nil {
			found = append(found, failure{name, line, reason(err), compiler, i})
		}
	}
	same := func(f failure) bool { return f.reason != found[0].reason }
	if len(found) == len(compilers) && !slices.ContainsFunc(found, same) {
		found = found[:1]
		found[0].compiler = ""
	}
	return found
}

// reason is an error in one line.
func reason(err error) string {
	if m := (missing{}); errors.As(err, &m) {
		return m.Error()
	}
	head, _, _ := strings.Cut(err.Error(), "\n")
	return head
}

// compare reports commands that fail and are not expected to, and the reverse.
func compare(t *testing.T, expected []span, found []failure, lines []int) {
	for _, f := range found {
		if !slices.ContainsFunc(expected, func(s span) bool { return s.covers(f) }) {
			t.Errorf("%s:%d %s: %s", f.file, f.line, f.compiler, f.reason)
		}
	}
	for _, s := range expected {
		for _, line := range lines {
			fails := func(f failure) bool { return f.line == line && s.covers(f) }
			if s.first <= line && line <= s.last && !slices.ContainsFunc(found, fails) {
				t.Errorf("%s:%d passes, though %s says: %s", s.file, line, expectedFile, s.reason)
			}
		}
	}
}

var errFormat = fmt.Errorf("%s: a line must read: file first[-last] [compiler]: reason", expectedFile)
