package wat

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is a fault in a text, at a place.
type Error struct {
	// Msg begins with the wording of the specification's test suite where it
	// has one ("unknown operator", "unexpected token", ...), followed by what
	// was found and what was expected.
	Msg string
	// Feature names what the text uses and this engine does not support, if that
	// is the fault.
	Feature string
	// Line and Col count from 1, Col in characters.
	Line, Col int
	// Text is the line, cut to a window around Col when it is long.
	Text string
	// Caret is the number of characters in Text before the fault.
	Caret int
}

// Error gives the message, the place, the line and a caret under the fault.
func (e *Error) Error() string {
	return fmt.Sprintf("%s\n     --> <anon>:%d:%d\n      |\n %4d | %s\n      | %s^",
		e.Msg, e.Line, e.Col, e.Line, e.Text, strings.Repeat(" ", e.Caret))
}

// source is a text, and where its lines begin.
type source struct {
	text []byte
	// lines are the offsets at which lines begin; found when first needed.
	lines []int
	// counted is the offset of the last position asked for, and its column.
	counted, column int
}

// position gives the line and the column of an offset, and where the line begins.
func (s *source) position(off int) (line, col, start int) {
	if s.lines == nil {
		s.lines = lineStarts(s.text)
	}
	line, found := slices.BinarySearch(s.lines, off)
	if !found {
		line--
	}
	start = s.lines[line]
	if s.column == 0 || s.counted < start || s.counted > off {
		s.counted, s.column = start, 1
	}
	s.column += utf8.RuneCount(s.text[s.counted:off])
	s.counted = off
	return line + 1, s.column, start
}

// lineStarts finds the lines. A line ends with LF, CR or CR LF:
// https://webassembly.github.io/spec/core/text/lexical.html#white-space
func lineStarts(text []byte) []int {
	lines := []int{0}
	for i, c := range text {
		if c == '\n' || c == '\r' && (i+1 >= len(text) || text[i+1] != '\n') {
			lines = append(lines, i+1)
		}
	}
	return lines
}

// errorAt makes an error for a byte offset.
func (s *source) errorAt(off int, format string, args ...any) *Error {
	e := &Error{Msg: fmt.Sprintf(format, args...)}
	line, col, start := s.position(off)
	e.Line, e.Col = line, col
	e.Text, e.Caret = window(s.text, start, off)
	return e
}

// Enough of a line to recognise the place, even where a program wrote a
// megabyte without a line break.
const (
	windowBefore = 60
	windowAfter  = 60
)

func window(src []byte, start, off int) (text string, caret int) {
	from := max(start, off-windowBefore)
	for from > start && from < off && !utf8.RuneStart(src[from]) {
		from++
	}
	to := off
	for to < len(src) && to < off+windowAfter && src[to] != '\n' && src[to] != '\r' {
		to++
	}
	printable := func(b []byte) string {
		b = bytes.Map(func(r rune) rune {
			if !unicode.IsGraphic(r) { // might steer a terminal
				return ' '
			}
			return r
		}, b)
		return string(b)
	}
	before := printable(src[from:off])
	if from > start {
		before = "…" + before
	}
	after := printable(src[off:to])
	return before + after, utf8.RuneCountInString(before)
}
