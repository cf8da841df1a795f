package wasm_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// binaryCase is a (module binary …) in a script of the specification's test suite.
type binaryCase struct {
	line    int
	verdict string // "assert_malformed", "assert_invalid" or "" for a good module
	message string // what the suite expects of an error
	bytes   []byte
}

// suiteFiles returns the scripts, if they are on this machine. (Those in text form are the matter of core/wat.)
func suiteFiles(t testing.TB) []string {
	files, err := filepath.Glob("../../../shared/testsuite/*.wast")
	if err != nil || len(files) == 0 {
		t.Skip("the test suite of the specification is not here")
	}
	return files
}

func TestBinaryModulesOfTheSuite(t *testing.T) {
	for _, file := range suiteFiles(t) {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range binaryCases(string(source)) {
			t.Run(filepath.Base(file)+":"+strconv.Itoa(c.line), func(t *testing.T) { c.check(t) })
		}
	}
}

func (c *binaryCase) check(t *testing.T) {
	m, err := wasm.Decode(c.bytes)
	if err == nil && c.verdict != "assert_malformed" {
		err = wasm.Validate(m)
	}
	e, _ := err.(*wasm.Error)
	switch {
	case err == nil && c.verdict == "":
		if again, err := wasm.Decode(m.Encode()); err != nil || !bytes.Equal(again.Encode(), m.Encode()) {
			t.Errorf("does not survive Encode: %v", err)
		}
	case err == nil:
		t.Errorf("accepted, want %s: %s", c.verdict, c.message)
	case e.Feature != "":
		t.Log(err)
	case c.verdict == "":
		t.Errorf("refused: %v", err)
	case e.Malformed != (c.verdict == "assert_malformed"):
		t.Errorf("%v: malformed is %v, want %s", err, e.Malformed, c.verdict)
	case strings.HasPrefix(e.Msg, "unexpected end") && c.message == "length out of bounds":
		// The suite's reader goes on after the end of the section and finds a length there.
	case !strings.HasPrefix(e.Msg, c.message):
		t.Errorf("%v, want %s", err, c.message)
	}
}

// binaryCases finds the modules in binary form. Of the text format it knows just enough for that.
func binaryCases(source string) (cases []binaryCase) {
	words, lines := tokens(source)
	verdict := ""
	for i := 0; i+3 < len(words); i++ {
		if strings.HasPrefix(words[i], "assert_") {
			verdict = words[i]
		}
		if words[i] != "module" || words[i+1] != "binary" && words[i+2] != "binary" {
			continue
		}
		c := binaryCase{line: lines[i]}
		for i++; words[i] != ")"; i++ {
			if words[i][0] == '"' {
				c.bytes = append(c.bytes, unquote(words[i])...)
			}
		}
		if words[i+1][0] == '"' {
			c.message = string(unquote(words[i+1]))
			c.verdict = verdict
		}
		cases = append(cases, c)
	}
	return cases
}

func tokens(source string) (words []string, lines []int) {
	source += "\n"
	line := 1
	for i := 0; i < len(source); {
		end := i + 1
		switch c := source[i]; {
		case c == '"':
			for ; source[end] != '"'; end++ {
				if source[end] == '\\' {
					end++
				}
			}
			end++
		case strings.HasPrefix(source[i:], ";;"):
			end = i + strings.IndexByte(source[i:], '\n')
		case strings.HasPrefix(source[i:], "(;"):
			end = i + strings.Index(source[i:], ";)") + 2
		case !strings.ContainsRune("() \t\r\n", rune(c)):
			end = i + strings.IndexAny(source[i:], "() \t\r\n;\"")
		}
		end = max(end, i+1)
		if word := source[i:end]; strings.TrimSpace(word) != "" && word[0] != ';' && !strings.HasPrefix(word, "(;") {
			words, lines = append(words, word), append(lines, line)
		}
		line += strings.Count(source[i:end], "\n")
		i = min(end, len(source))
	}
	return words, lines
}

func unquote(s string) (b []byte) {
	for i := 1; i < len(s)-1; i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
			b = append(b, byte(n))
			i += 2
			continue
		}
		b = append(b, strings.NewReplacer("n", "\n", "t", "\t", "r", "\r").Replace(s[i+1:i+2])...)
		i++
	}
	return b
}
