package wat

import (
	"bytes"
	"fmt"
	"strings"
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

// errorAt makes an error for the byte offset off of src.
func errorAt(src []byte, off int, format string, args ...any) *Error {
	off = min(off, len(src))
	line, start := lineOf(src, off)
	text, caret := window(src, start, off)
	return &Error{
		Msg:   fmt.Sprintf(format, args...),
		Line:  line,
		Col:   utf8.RuneCount(src[start:off]) + 1,
		Text:  text,
		Caret: caret,
	}
}

// lineOf gives the number of the line that holds off, and where it starts.
// A line ends with LF, CR or CR LF:
// https://webassembly.github.io/spec/core/text/lexical.html#white-space
func lineOf(src []byte, off int) (line, start int) {
	line = 1
	for i := 0; i < off; i++ {
		if c := src[i]; c == '\n' || c == '\r' && (i+1 >= len(src) || src[i+1] != '\n') {
			line, start = line+1, i+1
		}
	}
	return line, start
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
			if r < ' ' || r == 0x7f {
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
