package differential

import "math"

// source deals out the bytes that decide what is generated. Where they end it gives zeros, and zero is always a choice
// that leads to an end: so a shorter input is a smaller program.
type source struct{ data []byte }

func (s *source) empty() bool { return len(s.data) == 0 }

func (s *source) byte() byte {
	if s.empty() {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

// below returns a number in [0, n).
func (s *source) below(n int) int {
	if n <= 1 {
		return 0
	}
	if n <= 256 {
		return int(s.byte()) % n
	}
	return (int(s.byte()) | int(s.byte())<<8) % n
}

// rarely is true once in n times, and not at the end.
func (s *source) rarely(n int) bool { return s.below(n) == n-1 }

// take cuts the next n bytes off.
func (s *source) take(n int) source {
	n = min(n, len(s.data))
	cut := source{s.data[:n:n]}
	s.data = s.data[n:]
	return cut
}

func (s *source) raw() (bits uint64) {
	for i := range 8 {
		bits |= uint64(s.byte()) << (8 * i)
	}
	return bits
}

// integer returns a number that is likely to be a special case of something.
func (s *source) integer() int64 {
	switch s.below(4) {
	case 0:
		return int64(int8(s.byte()))
	case 1:
		return int64(uint64(1)<<s.below(64)) + int64(s.below(3)) - 1
	case 2:
		return -int64(uint64(1) << s.below(64))
	}
	return int64(s.raw())
}

// floats are values around which conversions, rounding and comparisons change what they do.
var floats = [...]float64{
	0, 1, -1, 0.5, -0.5, 1.5, 2.5, -0.9, 100, math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.NaN(),
	math.MaxFloat32, math.SmallestNonzeroFloat32, 0x1p-126, math.MaxFloat64, math.SmallestNonzeroFloat64, 0x1p-1022,
	1<<31 - 1, 1 << 31, -1 << 31, -1<<31 - 1, 1<<32 - 1, 1 << 32, 1 << 53, 1<<53 - 0.5, 1 << 63, -1 << 63, 1 << 64,
	1<<24 + 1, 0x1.fffffep+30, 0x1.fffffffffffffp+62, math.Pi,
}

func (s *source) float() float64 {
	if s.below(4) == 3 {
		return math.Float64frombits(s.raw())
	}
	return floats[s.below(len(floats))]
}

func (s *source) f32() uint32 {
	if s.rarely(8) {
		return uint32(s.raw())
	}
	return math.Float32bits(float32(s.float()))
}

func (s *source) f64() uint64 { return math.Float64bits(s.float()) }

// vector returns 16 bytes: equal lanes of some width, or anything.
func (s *source) vector() []byte {
	lane := make([]byte, 0, 16)
	switch s.below(4) {
	case 0:
		lane = append(lane, s.byte())
	case 1:
		lane = appendBytes(lane, uint64(s.integer()), 2<<s.below(3))
	case 2:
		lane = appendBytes(lane, uint64(s.f32()), 4)
	case 3:
		lane = appendBytes(appendBytes(lane, s.raw(), 8), s.f64(), 8)
	}
	out := make([]byte, 0, 16)
	for len(out) < 16 {
		out = append(out, lane...)
	}
	return out
}

func appendBytes(b []byte, v uint64, n int) []byte {
	for i := range n {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}
