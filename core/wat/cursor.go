package wat

import (
	"unicode/utf8"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// cursor walks over tokens. Its first fault sticks: it is kept in err, and the
// cursor stands on the last token from then on, where nothing matches and every
// loop ends. So parsing code reads straight on, and only its caller looks at err.
type cursor struct {
	source *source
	src    []byte
	toks   []token
	pos    int
	err    *Error
	// lexErr is what tokError stands for.
	lexErr *Error
}

func newCursor(src []byte) cursor {
	s := &source{text: src}
	toks, err := lex(s)
	return cursor{source: s, src: src, toks: toks, lexErr: err}
}

func (c *cursor) last() int { return len(c.toks) - 1 }

func (c *cursor) tok() *token { return &c.toks[c.pos] }

func (c *cursor) kind() kind { return c.toks[c.pos].kind }

// text is the spelling of the token at hand.
func (c *cursor) text() []byte { return c.spelling(c.tok()) }

func (c *cursor) spelling(t *token) []byte { return c.src[t.off:t.end] }

// next passes a token and returns it.
func (c *cursor) next() *token {
	t := &c.toks[c.pos]
	if c.pos < c.last() {
		c.pos++
	}
	return t
}

// failAt records a fault at a byte offset, if it is the first.
func (c *cursor) failAt(off uint32, format string, args ...any) {
	if c.err == nil {
		c.err = c.source.errorAt(int(off), format, args...)
		c.pos = c.last()
	}
}

// fail records a fault at the token at hand.
func (c *cursor) fail(format string, args ...any) {
	c.failAt(c.tok().off, format, args...)
}

// unexpected records that the token at hand does not fit.
func (c *cursor) unexpected(expected string) {
	if c.err != nil {
		return
	}
	if t, f := c.refused(); !f.Supported() {
		c.refuse(t.off, f, string(c.spelling(t)))
		return
	}
	t := c.tok()
	what := shorten(c.spelling(t))
	switch {
	case t.kind == tokError:
		c.err = c.lexErr
		c.pos = c.last()
	case t.kind == tokEOF && int(t.match) != c.last():
		line, col, _ := c.source.position(int(c.toks[t.match].off))
		c.fail("unexpected token: the text ends here, and the ( at %d:%d is not closed", line, col)
	case t.kind == tokEOF:
		c.fail("unexpected token: the text ends here, expected %s", expected)
	case t.kind == tokAnnot:
		c.fail("misplaced %s annotation, expected %s", what[1:], expected)
	case t.kind == tokReserved, t.kind == tokKeyword && !knownWord(c.spelling(t)):
		c.fail("unknown operator %s, expected %s", what, expected)
	default:
		c.fail("unexpected token %s, expected %s", what, expected)
	}
}

// shorten makes a word fit for a message.
func shorten(w []byte) string {
	const limit = 60
	if len(w) <= limit {
		return string(w)
	}
	w = w[:limit]
	for len(w) > 0 && !utf8.RuneStart(w[len(w)-1]) {
		w = w[:len(w)-1]
	}
	return string(w) + "…"
}

// accept passes the token at hand if it is of the kind.
func (c *cursor) accept(k kind) bool {
	if c.kind() != k {
		return false
	}
	c.next()
	return true
}

// atWord tells whether the keyword is next.
func (c *cursor) atWord(w string) bool {
	t := c.tok()
	return t.kind == tokKeyword && string(c.spelling(t)) == w
}

// word passes the keyword if it is next.
func (c *cursor) word(w string) bool {
	if !c.atWord(w) {
		return false
	}
	c.next()
	return true
}

// head is the keyword of the parenthesised form at hand, empty if there is none.
func (c *cursor) head() []byte {
	if c.kind() != tokLParen || c.toks[c.pos+1].kind != tokKeyword {
		return nil
	}
	return c.spelling(&c.toks[c.pos+1])
}

// atForm tells whether "(" and the keyword are next.
func (c *cursor) atForm(w string) bool { return string(c.head()) == w }

// form passes "(" and the keyword if they are next.
func (c *cursor) form(w string) bool {
	if !c.atForm(w) {
		return false
	}
	c.pos += 2
	return true
}

// close passes the closing parenthesis that must be next.
func (c *cursor) close() {
	if !c.accept(tokRParen) {
		c.unexpected(")")
	}
}

// atClose tells whether the form at hand ends here, as it also does at a fault.
func (c *cursor) atClose() bool { return c.kind() == tokRParen || c.pos == c.last() }

// str passes a string and returns its bytes.
func (c *cursor) str(expected string) []byte {
	if c.kind() != tokString {
		c.unexpected(expected)
		return nil
	}
	return appendString(nil, c.spelling(c.next()))
}

// name passes a string that must be UTF-8:
// https://webassembly.github.io/spec/core/text/values.html#names
func (c *cursor) name(expected string) string {
	at := c.tok().off
	s := c.str(expected)
	if !utf8.Valid(s) {
		c.failAt(at, "malformed UTF-8 encoding in a name")
	}
	return string(s)
}

// nat passes a natural number of at most width bits.
func (c *cursor) nat(width uint, expected string) uint64 {
	if c.kind() != tokNat {
		c.unexpected(expected)
		return 0
	}
	t := c.next()
	v, ok := parseInt(c.spelling(t), width)
	if !ok {
		c.failAt(t.off, "i%d constant out of range: %s", width, shorten(c.spelling(t)))
	}
	return v
}

// identifier is the name of a tokID, without "$".
func (c *cursor) identifier(t *token) string { return string(c.idBytes(t)) }

// idBytes is identifier for looking it up; it is part of the source, mostly.
func (c *cursor) idBytes(t *token) []byte {
	w := c.spelling(t)[1:]
	if w[0] == '"' {
		return appendString(nil, w)
	}
	return w
}

// strings passes any number of strings and joins their bytes.
func (c *cursor) strings() []byte {
	b := []byte{}
	for c.kind() == tokString {
		b = appendString(b, c.spelling(c.next()))
	}
	return b
}

// integer passes an integer, signed or not, and returns its two's complement.
func (c *cursor) integer(width uint) uint64 {
	if k := c.kind(); k != tokNat && k != tokInt {
		c.unexpected("an integer")
		return 0
	}
	t := c.next()
	v, ok := parseInt(c.spelling(t), width)
	if !ok {
		c.failAt(t.off, "i%d constant out of range: %s", width, shorten(c.spelling(t)))
	}
	return v
}

// float passes a number and returns the bits of the float it stands for.
func (c *cursor) float(f floatFormat) uint64 {
	if !c.kind().number() {
		c.unexpected("a number")
		return 0
	}
	t := c.next()
	v, ok := parseFloat(c.spelling(t), f)
	if !ok {
		c.failAt(t.off, "f%d constant out of range: %s", f.width, shorten(c.spelling(t)))
	}
	return v
}

// refuse fails because of a feature that this engine does not have.
func (c *cursor) refuse(off uint32, f wasm.Feature, what string) {
	if !f.Supported() && c.err == nil {
		c.failAt(off, "uses %s: %s, not supported by this engine", f, what)
		c.err.Feature = f.String()
	}
}
