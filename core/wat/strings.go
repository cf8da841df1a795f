package wat

import "unicode/utf8"

// string passes a string literal and checks it; appendString decodes it later:
// https://webassembly.github.io/spec/core/text/values.html#strings
func (l *lexer) string() bool {
	start := l.pos
	l.pos++
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == '"':
			l.pos++
			return true
		case c == '\\':
			if !l.escape() {
				return false
			}
		case c == '\n' || c == '\r':
			return l.fail(start, "unclosed string")
		case c < ' ' || c == 0x7f:
			return l.fail(l.pos, "illegal character %q in a string", c)
		default:
			if !l.skipChar() {
				return false
			}
		}
	}
	return l.fail(start, "unclosed string")
}

var escapes = [256]byte{'t': '\t', 'n': '\n', 'r': '\r', '"': '"', '\'': '\'', '\\': '\\'}

func (l *lexer) escape() bool {
	start, c := l.pos, l.peek(1)
	switch {
	case escapes[c] != 0:
		l.pos += 2
	case c == 'u' && l.peek(2) == '{':
		l.pos += 3
		return l.unicodeEscape(start)
	case hexDigit[c] >= 0 && hexDigit[l.peek(2)] >= 0:
		l.pos += 3
	case start+1 >= len(l.src):
		return l.fail(start, "unclosed string")
	default:
		return l.fail(start, "illegal escape in a string: expected \\t, \\n, \\r, \\\", \\', \\\\, \\u{...} or two hexadecimal digits")
	}
	return true
}

func (l *lexer) unicodeEscape(start int) bool {
	r, digits := rune(0), 0
	for ; l.peek(0) != '}'; l.pos++ {
		c := l.peek(0)
		if c == '_' && digits > 0 && hexDigit[l.peek(1)] >= 0 && l.src[l.pos-1] != '_' {
			continue
		}
		if hexDigit[c] < 0 {
			return l.fail(start, "illegal escape in a string: expected hexadecimal digits and }")
		}
		r, digits = min(r<<4|rune(hexDigit[c]), utf8.MaxRune+1), digits+1
	}
	l.pos++
	if digits == 0 || !utf8.ValidRune(r) {
		return l.fail(start, "illegal escape in a string: no Unicode scalar value")
	}
	return true
}

// appendString appends the bytes that a string literal, which the lexer has
// checked, stands for.
func appendString(dst, lit []byte) []byte {
	lit = lit[1 : len(lit)-1]
	for i := 0; i < len(lit); i++ {
		if lit[i] != '\\' {
			dst = append(dst, lit[i])
			continue
		}
		i++
		switch c := lit[i]; {
		case escapes[c] != 0:
			dst = append(dst, escapes[c])
		case c == 'u':
			r := rune(0)
			for i += 2; lit[i] != '}'; i++ {
				if d := hexDigit[lit[i]]; d >= 0 {
					r = r<<4 | rune(d)
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, byte(hexDigit[c])<<4|byte(hexDigit[lit[i+1]]))
			i++
		}
	}
	return dst
}

var hexDigit = makeHexDigit()

func makeHexDigit() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i := range int8(10) {
		t['0'+i] = i
	}
	for i := range int8(6) {
		t['a'+i], t['A'+i] = 10+i, 10+i
	}
	return t
}
