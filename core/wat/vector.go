package wat

import (
	"encoding/binary"
)

// shape is how v128.const divides its bits into lanes.
type shape struct {
	lanes, width uint
	float        *floatFormat
}

var shapes = map[string]shape{
	"i8x16": {16, 8, nil}, "i16x8": {8, 16, nil}, "i32x4": {4, 32, nil}, "i64x2": {2, 64, nil},
	"f32x4": {4, 32, &binary32}, "f64x2": {2, 64, &binary64},
}

// vector parses and encodes the constant of v128.const:
// https://webassembly.github.io/spec/core/text/instructions.html#vector-instructions
func (p *parser) vector(dst []byte) []byte {
	s, ok := shapes[string(p.text())]
	if !ok || p.kind() != tokKeyword {
		p.unexpected("i8x16, i16x8, i32x4, i64x2, f32x4 or f64x2")
		return dst
	}
	p.next()
	if !p.countLanes(int(s.lanes)) {
		return dst
	}
	for range s.lanes {
		var v uint64
		if s.float != nil {
			v = p.float(*s.float)
		} else {
			v = p.integer(s.width)
		}
		var le [8]byte
		binary.LittleEndian.PutUint64(le[:], v)
		dst = append(dst, le[:s.width/8]...)
	}
	return dst
}

// countLanes checks that as many numbers follow as there are lanes.
func (p *parser) countLanes(lanes int) bool {
	n := 0
	for n <= lanes && p.toks[p.pos+n].kind.number() {
		n++
	}
	k := p.toks[p.pos+n].kind
	switch {
	case n > lanes, n < lanes && (k == tokLParen || k == tokRParen):
		p.fail("wrong number of lane literals: expected %d", lanes)
	case n < lanes:
		p.pos += n
		p.unexpected("a lane")
	}
	return n == lanes
}

// lane passes the index of a lane. Which lanes there are is for the validator.
func (p *parser) lane() byte { return byte(p.nat(8, "a lane index")) }

// shuffle parses and encodes the 16 lanes of i8x16.shuffle.
func (p *parser) shuffle(dst []byte) []byte {
	const lanes = 16
	for i := range lanes {
		if !p.kind().number() {
			p.fail("invalid lane length: expected %d lane indices, got %d", lanes, i)
			return dst
		}
		if p.kind() != tokNat {
			p.fail("i8 constant out of range: %s is no lane index", shorten(p.text()))
			return dst
		}
		dst = append(dst, p.lane())
	}
	if p.kind().number() {
		p.fail("invalid lane length: expected %d lane indices", lanes)
	}
	return dst
}
