package wat

import (
	"slices"

	"github.com/pywasm-go/pywasm/core/wasm"
)

// Value is a value that a script passes or gets.
type Value struct {
	Type wasm.ValType
	// Bits is the number, lowest half first; of a reference to something of the
	// host, the number that the script calls it by.
	Bits [2]uint64
	Null bool
}

// Pattern is a result that a script expects.
type Pattern struct {
	// Type of the value. References are compared by their heap type only, and
	// not at all if it is zero.
	Type wasm.ValType
	// Lanes of a number; all but v128 have one.
	Lanes []Lane
	// Null says that a reference is null, ID which one it is if HasID.
	Null  bool
	ID    uint64
	HasID bool
	// Either are the patterns one of which must match, if there are any.
	Either []Pattern
	// Foreign says that the value is of a feature that this engine lacks.
	Foreign bool
}

// Lane is the part of a number that is compared as one.
type Lane struct {
	Width uint
	Bits  uint64
	NaN   NaN
}

// NaN is a class of not-a-number that a script expects.
type NaN uint8

// The classes: https://webassembly.github.io/spec/core/syntax/values.html#floating-point
const (
	NotNaN NaN = iota
	CanonicalNaN
	ArithmeticNaN
)

// Match tells whether v is what the pattern expects.
func (p *Pattern) Match(v Value) bool {
	switch {
	case p.Either != nil:
		return slices.ContainsFunc(p.Either, func(e Pattern) bool { return e.Match(v) })
	case p.Foreign:
		return false
	case p.Lanes == nil:
		return p.matchRef(v)
	case p.Type != v.Type:
		return false
	}
	bit := uint(0)
	for _, l := range p.Lanes {
		if !l.match(v.Bits[bit/64] >> (bit % 64)) {
			return false
		}
		bit += l.Width
	}
	return true
}

func (p *Pattern) matchRef(v Value) bool {
	switch {
	case p.Null != v.Null, !v.Type.IsRef():
		return false
	case p.Null || p.Type == 0:
		return true
	}
	return p.Type.Heap() == v.Type.Heap() && (!p.HasID || p.ID == v.Bits[0])
}

func (l Lane) match(bits uint64) bool {
	bits &= ^uint64(0) >> (64 - l.Width)
	format := binary64
	if l.Width == 32 {
		format = binary32
	}
	quiet := uint64(1)<<(format.width-1) - 1<<(format.mantissa-1)
	switch l.NaN {
	case CanonicalNaN:
		return bits&^(1<<(format.width-1)) == quiet
	case ArithmeticNaN:
		return bits&quiet == quiet
	}
	return bits == l.Bits
}

// value parses a constant.
func (s *scripts) value() Value {
	at := s.tok().off
	p := s.pattern()
	v := Value{Type: p.Type, Null: p.Null}
	v.Bits[0] = p.ID
	bit := uint(0)
	for _, l := range p.Lanes {
		v.Bits[bit/64] |= l.Bits << (bit % 64)
		bit += l.Width
		if l.NaN != NotNaN {
			s.failAt(at, "unexpected token: a NaN pattern is no value")
		}
	}
	return v
}

// pattern parses a constant or an expected result.
func (s *scripts) pattern() (p Pattern) {
	word := string(s.head())
	if word == "" {
		s.accept(tokLParen)
		s.unexpected("a value")
		return p
	}
	s.form(word)
	switch word {
	case "i32.const", "i64.const", "f32.const", "f64.const":
		p.Type = valTypes[word[:3]]
		if sh := shapes[scalarShapes[word[:3]]]; !s.atClose() {
			p.Lanes = []Lane{s.laneValue(sh)}
		} else {
			s.unexpected("a number")
		}
	case "v128.const":
		p.Type = wasm.V128
		p.Lanes = s.lanes()
	case "either":
		for !s.atClose() && !s.atForm("either") {
			p.Either = append(p.Either, s.pattern())
		}
	default:
		s.reference(word, &p)
	}
	s.close()
	return p
}

// scalarShapes names a shape whose lanes are the scalar type.
var scalarShapes = map[string]string{"i32": "i32x4", "i64": "i64x2", "f32": "f32x4", "f64": "f64x2"}

func (s *scripts) lanes() (lanes []Lane) {
	sh, ok := shapes[string(s.text())]
	if !ok {
		s.unexpected("a shape")
		return nil
	}
	s.next()
	for range sh.lanes {
		lanes = append(lanes, s.laneValue(sh))
	}
	return lanes
}

// laneValue parses one number as a lane of the shape.
func (s *scripts) laneValue(sh shape) Lane {
	l := Lane{Width: sh.width}
	switch {
	case sh.float != nil && s.word("nan:canonical"):
		l.NaN = CanonicalNaN
	case sh.float != nil && s.word("nan:arithmetic"):
		l.NaN = ArithmeticNaN
	case sh.float != nil:
		l.Bits = s.float(*sh.float)
	default:
		l.Bits = s.integer(sh.width)
	}
	return l
}

// reference parses the rest of "(ref.xyz".
func (s *scripts) reference(word string, p *Pattern) {
	switch word {
	case "ref.null":
		p.Null = true
		if s.kind() == tokKeyword {
			h, ok := heapTypes[string(s.spelling(s.next()))]
			p.Type, p.Foreign = wasm.Ref(h, true), !ok
		}
	case "ref.extern", "ref.func", "ref.host":
		p.Type = wasm.Ref(heapTypes[word[len("ref."):]], false)
		p.Foreign = word == "ref.host"
		if s.kind() == tokNat {
			p.ID, p.HasID = s.nat(32, "a number"), true
		}
	case "ref.i31", "ref.struct", "ref.array", "ref.eq", "ref.any", "ref.exn":
		p.Foreign = true
		for !s.atClose() {
			s.next()
		}
	default:
		s.fail("unexpected token %s, expected a value", shorten([]byte(word)))
	}
}
