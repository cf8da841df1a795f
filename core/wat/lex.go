package wat

import (
	"unicode/utf8"
)

// lexer cuts a text into tokens in one pass, in time linear in its length.
type lexer struct {
	src  []byte
	pos  int
	toks []token
	// source is src, for errors.
	source *source
	// open holds the indices of the parentheses not closed yet.
	open []uint32
	err  *Error
}

// maxSource keeps offsets and token indices in 32 bits.
const maxSource = 1 << 30

// lex cuts a text into tokens. It does not fail: where the text is wrong, the last
// token is tokError, and the error it stands for is returned beside it. So what
// stands before it is judged first.
func lex(s *source) ([]token, *Error) {
	src := s.text
	if len(src) > maxSource {
		return []token{{kind: tokError}}, s.errorAt(0, "text too long: %d bytes, at most %d are supported", len(src), maxSource)
	}
	l := &lexer{src: src, source: s, toks: make([]token, 0, len(src)/4+16)}
	last := tokEOF
	if !l.run() {
		last = tokError
	}
	end := uint32(len(l.toks))
	match := end
	for _, i := range l.open {
		l.toks[i].match = end
		match = i
	}
	l.toks = append(l.toks, token{off: uint32(l.pos), end: uint32(l.pos), match: match, kind: last})
	return l.toks, l.err
}

func (l *lexer) fail(off int, format string, args ...any) bool {
	l.pos = off
	l.err = l.source.errorAt(off, format, args...)
	return false
}

func (l *lexer) run() bool {
	for {
		if !l.space() {
			return false
		}
		if l.pos >= len(l.src) {
			return true
		}
		if !l.token() {
			return false
		}
	}
}

func (l *lexer) peek(ahead int) byte {
	if l.pos+ahead < len(l.src) {
		return l.src[l.pos+ahead]
	}
	return 0
}

// token reads what begins at pos, which is no white space.
func (l *lexer) token() bool {
	start := l.pos
	switch c := l.src[start]; {
	case c == '(':
		if l.peek(1) == '@' {
			return l.annotation()
		}
		l.open = append(l.open, uint32(len(l.toks)))
		l.pos++
		l.emit(tokLParen, start)
	case c == ')':
		l.close()
		l.pos++
		l.emit(tokRParen, start)
	default:
		k, ok := l.word()
		if !ok {
			return false
		}
		l.emit(k, start)
	}
	return true
}

func (l *lexer) emit(k kind, start int) {
	l.toks = append(l.toks, token{off: uint32(start), end: uint32(l.pos), kind: k})
}

func (l *lexer) close() {
	if n := len(l.open); n > 0 {
		l.toks[l.open[n-1]].match = uint32(len(l.toks))
		l.open = l.open[:n-1]
	}
}

// space skips white space and comments:
// https://webassembly.github.io/spec/core/text/lexical.html#white-space
func (l *lexer) space() bool {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			l.pos++
		case c == ';' && l.peek(1) == ';':
			if !l.lineComment() {
				return false
			}
		case c == '(' && l.peek(1) == ';':
			if !l.blockComment() {
				return false
			}
		default:
			return true
		}
	}
	return true
}

func (l *lexer) lineComment() bool {
	for l.pos < len(l.src) && l.src[l.pos] != '\n' && l.src[l.pos] != '\r' {
		if !l.skipChar() {
			return false
		}
	}
	return true
}

func (l *lexer) blockComment() bool {
	start, depth := l.pos, 0
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == '(' && l.peek(1) == ';':
			depth++
			l.pos += 2
		case c == ';' && l.peek(1) == ')':
			depth--
			l.pos += 2
			if depth == 0 {
				return true
			}
		default:
			if !l.skipChar() {
				return false
			}
		}
	}
	return l.fail(start, "unclosed comment")
}

// skipChar passes one character of any kind, which must be sound UTF-8.
func (l *lexer) skipChar() bool {
	if l.src[l.pos] < utf8.RuneSelf {
		l.pos++
		return true
	}
	r, n := utf8.DecodeRune(l.src[l.pos:])
	if r == utf8.RuneError && n == 1 {
		return l.fail(l.pos, "malformed UTF-8 encoding")
	}
	l.pos += n
	return true
}

// word reads the longest run of characters that white space or a parenthesis
// ends, and classes it as a whole: "0$x" is one reserved word, not two tokens.
func (l *lexer) word() (kind, bool) {
	start, strings, others := l.pos, 0, false
run:
	for l.pos < len(l.src) {
		switch class := charClass[l.src[l.pos]]; {
		case class&classID != 0:
			l.pos++
		case class&classQuote != 0:
			strings++
			if !l.string() {
				return 0, l.stringFault(start)
			}
		case class&classReserved != 0 && (l.src[l.pos] != ';' || l.peek(1) != ';'):
			others = true
			l.pos++
		default:
			break run
		}
	}
	if l.pos == start {
		return 0, l.illegal()
	}
	return l.classify(start, strings, others)
}

func (l *lexer) classify(start, strings int, others bool) (kind, bool) {
	w := l.src[start:l.pos]
	switch {
	case others:
		return tokReserved, true
	case strings > 0:
		return l.classifyQuoted(w, strings)
	case w[0] == '$':
		if len(w) == 1 {
			return 0, l.fail(start, "empty identifier")
		}
		return tokID, true
	case w[0] >= '0' && w[0] <= '9' || w[0] == '+' || w[0] == '-' || w[0] == 'n' || w[0] == 'i':
		if k := numberKind(w); k != tokReserved {
			return k, true
		}
	}
	if w[0] >= 'a' && w[0] <= 'z' {
		return tokKeyword, true
	}
	return tokReserved, true
}

func (l *lexer) classifyQuoted(w []byte, strings int) (kind, bool) {
	closed := w[len(w)-1] == '"' && strings == 1
	switch {
	case closed && w[0] == '"':
		return tokString, true
	case closed && w[0] == '$' && w[1] == '"':
		start := l.pos - len(w)
		if len(w) == 3 {
			return 0, l.fail(start, "empty identifier")
		}
		if !utf8.Valid(appendString(nil, w[1:])) {
			return 0, l.fail(start, "malformed UTF-8 encoding in an identifier")
		}
		return tokID, true
	}
	return tokReserved, true
}

// illegal reports the character at pos, which begins no token.
func (l *lexer) illegal() bool {
	r, n := utf8.DecodeRune(l.src[l.pos:])
	if r == utf8.RuneError && n == 1 {
		return l.fail(l.pos, "malformed UTF-8 encoding")
	}
	return l.fail(l.pos, "illegal character %q", r)
}

// stringFault words the error of a quoted name: to the suite, "$" before a
// string that is none is an identifier without a name.
func (l *lexer) stringFault(start int) bool {
	if l.src[start] == '$' && start+1 < len(l.src) && l.src[start+1] == '"' {
		l.err.Msg = "empty identifier: " + l.err.Msg
	}
	return false
}

// annotation reads "(@id". If the parser knows the id, its content becomes
// tokens; else all up to the closing parenthesis is skipped:
// https://webassembly.github.io/spec/core/text/lexical.html#annotations
func (l *lexer) annotation() bool {
	start := l.pos
	id, ok := l.annotationID()
	if !ok {
		return false
	}
	if knownAnnotations[string(id)] {
		l.open = append(l.open, uint32(len(l.toks)))
		l.emit(tokAnnot, start)
		return true
	}
	return l.skipAnnotation(start)
}

func (l *lexer) annotationID() ([]byte, bool) {
	start := l.pos
	l.pos += 2
	if l.peek(0) == '"' {
		if !l.string() {
			l.err.Msg = "empty annotation id: " + l.err.Msg
			return nil, false
		}
		id := appendString(nil, l.src[start+2:l.pos])
		if !utf8.Valid(id) {
			return nil, l.fail(start, "malformed UTF-8 encoding in an annotation id")
		}
		if len(id) == 0 {
			return nil, l.fail(start, "empty annotation id")
		}
		return id, true
	}
	for charClass[l.peek(0)]&classID != 0 {
		l.pos++
	}
	if l.pos == start+2 {
		return nil, l.fail(start, "empty annotation id")
	}
	return l.src[start+2 : l.pos], true
}

func (l *lexer) skipAnnotation(start int) bool {
	for depth := 1; depth > 0; {
		if !l.space() {
			return false
		}
		switch {
		case l.pos >= len(l.src):
			return l.fail(start, "unclosed annotation")
		case l.src[l.pos] == '(':
			depth++
			l.pos++
		case l.src[l.pos] == ')':
			depth--
			l.pos++
		default:
			if _, ok := l.word(); !ok {
				return false
			}
		}
	}
	return true
}
