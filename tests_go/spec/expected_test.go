package spec

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/engine"
)

// span is a line of expected.txt: commands of a file that do not pass.
type span struct {
	file        string
	first, last int
	compiler    engine.Compiler
	reason      string
}

func (s span) covers(f failure) bool {
	return s.first <= f.line && f.line <= s.last && s.compiler == f.compiler
}

func (s span) String() string {
	lines := fmt.Sprint(s.first)
	if s.last > s.first {
		lines += fmt.Sprint("-", s.last)
	}
	if s.compiler != "" {
		lines += fmt.Sprint(" ", s.compiler)
	}
	return fmt.Sprintf("%s %s: %s", s.file, lines, s.reason)
}

func readExpected(t *testing.T) map[string][]span {
	f, err := os.Open(expectedFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string][]span{}
	for in := bufio.NewScanner(f); in.Scan(); {
		if line := in.Text(); line != "" && line[0] != '#' {
			s, err := parseSpan(line)
			if err != nil {
				t.Fatalf("%v: %q", err, line)
			}
			out[s.file] = append(out[s.file], s)
		}
	}
	return out
}

func parseSpan(line string) (s span, err error) {
	head, reason, ok := strings.Cut(line, ": ")
	words := strings.Fields(head)
	if !ok || len(words) < 2 || len(words) > 3 {
		return s, errFormat
	}
	s.file, s.reason = words[0], reason
	if len(words) == 3 {
		s.compiler = engine.Compiler(words[2])
	}
	if _, err := fmt.Sscanf(words[1], "%d-%d", &s.first, &s.last); err != nil {
		if _, err := fmt.Sscanf(words[1], "%d", &s.first); err != nil {
			return s, errFormat
		}
		s.last = s.first
	}
	return s, nil
}

const expectedHead = `# The commands of the specification's test suite that do not pass, and why.
#
# A line reads "file first[-last] [compiler]: reason", and means every command that begins on these lines of the file.
# "missing X" is a feature that neither compiler has. A command that passes though it is listed fails the test.
`

// writeExpected writes what failed, with the reason that the file gave before,
// if it did. Neighbours that fail for the same reason share a line.
func writeExpected(t *testing.T, all []failure, old map[string][]span) {
	for i, f := range all {
		if k := slices.IndexFunc(old[f.file], func(s span) bool { return s.covers(f) }); k >= 0 {
			all[i].reason = old[f.file][k].reason
		}
	}
	slices.SortFunc(all, func(a, b failure) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.compiler, b.compiler), a.position-b.position)
	})
	var b strings.Builder
	b.WriteString(expectedHead)
	for i := 0; i < len(all); {
		f := all[i]
		s := span{f.file, f.line, f.line, f.compiler, f.reason}
		for i++; i < len(all) && all[i].follows(all[i-1]); i++ {
			s.last = all[i].line
		}
		b.WriteString("\n" + s.String())
	}
	b.WriteString("\n")
	if err := os.WriteFile(expectedFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (f failure) follows(g failure) bool {
	return f.file == g.file && f.compiler == g.compiler && f.reason == g.reason && f.position == g.position+1
}
