package wat

import (
	"encoding/binary"
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// quote writes a name as a string literal.
func (p *printer) quote(name string) { p.out = appendQuoted(p.out, name) }

func appendQuoted(dst []byte, name string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = appendHexEscape(dst, name[i])
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case !unicode.IsPrint(r):
			dst = append(dst, `\u{`...)
			dst = strconv.AppendUint(dst, uint64(r), 16)
			dst = append(dst, '}')
		default:
			dst = append(dst, name[i:i+n]...)
		}
		i += n
	}
	return append(dst, '"')
}

func appendHexEscape(dst []byte, c byte) []byte {
	return append(dst, '\\', hexDigits[c>>4], hexDigits[c&15])
}

// quoteBytes writes bytes as a string literal.
func (p *printer) quoteBytes(b []byte) {
	dst := append(p.out, '"')
	for _, c := range b {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ' || c >= 0x7f:
			dst = appendHexEscape(dst, c)
		default:
			dst = append(dst, c)
		}
	}
	p.out = append(dst, '"')
}

// appendFloat writes the bits of a float as a literal that gives them back, and
// the decimal value as a comment.
func appendFloat(dst []byte, bits uint64, f floatFormat) []byte {
	if bits>>(f.width-1) != 0 {
		dst = append(dst, '-')
	}
	fraction := bits & (1<<f.mantissa - 1)
	exponentMask := uint64(1)<<(f.width-1-f.mantissa) - 1
	if bits>>f.mantissa&exponentMask == exponentMask {
		return appendSpecial(dst, fraction, f)
	}
	v := math.Float64frombits(bits &^ (1 << 63))
	if f.width == 32 {
		v = float64(math.Float32frombits(uint32(bits) &^ (1 << 31)))
	}
	dst = append(strconv.AppendFloat(dst, v, 'x', -1, int(f.width)), " (;="...)
	if bits>>(f.width-1) != 0 {
		v = -v
	}
	dst = strconv.AppendFloat(dst, v, 'g', -1, int(f.width))
	return append(dst, ";)"...)
}

func appendSpecial(dst []byte, fraction uint64, f floatFormat) []byte {
	switch fraction {
	case 0:
		return append(dst, "inf"...)
	case 1 << (f.mantissa - 1):
		return append(dst, "nan"...)
	}
	return strconv.AppendUint(append(dst, "nan:0x"...), fraction, 16)
}

// appendVector writes a v128 as four lanes.
func appendVector(dst, raw []byte) []byte {
	dst = append(dst, "i32x4"...)
	for i := 0; i < len(raw); i += 4 {
		dst = append(dst, " 0x"...)
		lane := binary.LittleEndian.Uint32(raw[i:])
		for shift := 28; shift >= 0; shift -= 4 {
			dst = append(dst, hexDigits[lane>>shift&15])
		}
	}
	return dst
}
