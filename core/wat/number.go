package wat

import (
	"math"
	"math/bits"
	"strconv"
)

// numberKind tells which numeric literal the word is, or tokReserved:
// https://webassembly.github.io/spec/core/text/values.html#integers
func numberKind(w []byte) kind {
	signed := w[0] == '+' || w[0] == '-'
	if signed {
		w = w[1:]
	}
	if k, ok := specialFloat(w); ok {
		return k
	}
	base, exponent := isDecimal, byte('e')
	if len(w) > 2 && w[0] == '0' && w[1] == 'x' {
		w, base, exponent = w[2:], isHex, 'p'
	}
	n := digits(w, base)
	switch {
	case n == 0:
		return tokReserved
	case n < len(w):
		return floatKind(w[n:], base, exponent)
	case signed:
		return tokInt
	}
	return tokNat
}

func specialFloat(w []byte) (kind, bool) {
	switch {
	case string(w) == "inf" || string(w) == "nan":
		return tokFloat, true
	case len(w) > 6 && string(w[:6]) == "nan:0x" && digits(w[6:], isHex) == len(w)-6:
		return tokFloat, true
	}
	return 0, false
}

// floatKind judges what follows the integer part of a number: "." and an
// exponent, each of them optional.
func floatKind(w []byte, base func(byte) bool, exponent byte) kind {
	if w[0] == '.' {
		w = w[1:]
		w = w[digits(w, base):]
	}
	if len(w) == 0 {
		return tokFloat
	}
	if w[0]|0x20 != exponent {
		return tokReserved
	}
	w = w[1:]
	if len(w) > 0 && (w[0] == '+' || w[0] == '-') {
		w = w[1:]
	}
	if n := digits(w, isDecimal); n == 0 || n < len(w) {
		return tokReserved
	}
	return tokFloat
}

func isDecimal(c byte) bool { return c >= '0' && c <= '9' }
func isHex(c byte) bool     { return hexDigit[c] >= 0 }

// digits counts the characters at the start of w that are digits, or single
// underscores between digits.
func digits(w []byte, is func(byte) bool) int {
	i := 0
	for i < len(w) && (is(w[i]) || w[i] == '_' && i > 0 && w[i-1] != '_' && i+1 < len(w) && is(w[i+1])) {
		i++
	}
	return i
}

// parseUint reads a literal that the lexer classed tokNat or tokInt, its sign
// aside. It is false if the value needs more than 64 bits.
func parseUint(w []byte) (v uint64, ok bool) {
	base := uint64(10)
	if w[0] == '+' || w[0] == '-' {
		w = w[1:]
	}
	if len(w) > 2 && w[1] == 'x' {
		w, base = w[2:], 16
	}
	for _, c := range w {
		if c == '_' {
			continue
		}
		hi, lo := bits.Mul64(v, base)
		sum, carry := bits.Add64(lo, uint64(hexDigit[c]), 0)
		if hi != 0 || carry != 0 {
			return 0, false
		}
		v = sum
	}
	return v, true
}

// parseInt reads an integer literal as width bits, two's complement: both the
// signed and the unsigned range are allowed.
// https://webassembly.github.io/spec/core/text/values.html#integers
func parseInt(w []byte, width uint) (uint64, bool) {
	v, ok := parseUint(w)
	mask := uint64(math.MaxUint64) >> (64 - width)
	if w[0] == '-' {
		return -v & mask, ok && v <= 1<<(width-1)
	}
	return v, ok && v <= mask
}

// floatFormat describes an IEEE 754 binary format by the widths of its fields.
type floatFormat struct {
	width, mantissa uint
}

var (
	binary32 = floatFormat{32, 23}
	binary64 = floatFormat{64, 52}
)

// parseFloat reads any numeric literal as a float and gives its bits. It is
// false if the value is out of range:
// https://webassembly.github.io/spec/core/text/values.html#floating-point
func parseFloat(w []byte, f floatFormat) (uint64, bool) {
	sign := uint64(0)
	if w[0] == '+' || w[0] == '-' {
		if w[0] == '-' {
			sign = 1 << (f.width - 1)
		}
		w = w[1:]
	}
	infinity := uint64(1)<<(f.width-1-f.mantissa) - 1
	infinity <<= f.mantissa
	switch {
	case w[0] == 'i':
		return sign | infinity, true
	case w[0] == 'n' && len(w) == 3:
		return sign | infinity | 1<<(f.mantissa-1), true
	case w[0] == 'n':
		payload, ok := parseUint(w[4:])
		return sign | infinity | payload, ok && payload > 0 && payload < 1<<f.mantissa
	}
	v, err := strconv.ParseFloat(goFloat(w), int(f.width))
	if f.width == 32 {
		return sign | uint64(math.Float32bits(float32(v))), err == nil
	}
	return sign | math.Float64bits(v), err == nil
}

// goFloat spells a literal as strconv reads it: without underscores, and a
// hexadecimal one with its exponent.
func goFloat(w []byte) string {
	hex, exponent := len(w) > 1 && w[1] == 'x', false
	out := make([]byte, 0, len(w)+2)
	for _, c := range w {
		exponent = exponent || c == 'p' || c == 'P'
		if c != '_' {
			out = append(out, c)
		}
	}
	if hex && !exponent {
		out = append(out, 'p', '0')
	}
	return string(out)
}
