package wat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestNumberKinds(t *testing.T) {
	for text, want := range map[string]kind{
		"0": tokNat, "007": tokNat, "1_000": tokNat, "0xfF": tokNat, "0x1_0": tokNat,
		"+1": tokInt, "-0x1": tokInt,
		"1.": tokFloat, "1.5": tokFloat, "1e5": tokFloat, "1E-5": tokFloat, "1.e+5": tokFloat, "1_0.0_1": tokFloat,
		"0x1.": tokFloat, "0x1.8p3": tokFloat, "0x1P-3": tokFloat, "-0x.8p0": tokReserved, "0x1e5": tokNat,
		"inf": tokFloat, "-inf": tokFloat, "+nan": tokFloat, "nan:0x1_0": tokFloat,
		"0x": tokReserved, "1_": tokReserved, "1__0": tokReserved, "_1": tokReserved, "0x_1": tokReserved,
		".5": tokReserved, "1e": tokReserved, "1e+": tokReserved, "1.5x": tokReserved, "1._5": tokReserved,
		"nan:": tokReserved, "nan:0x": tokReserved, "nan:1": tokReserved, "+": tokReserved, "infinity": tokReserved,
		"0X1": tokReserved, "0x1p": tokReserved, "0x1pA": tokReserved, "1p5": tokReserved,
	} {
		if got := numberKind([]byte(text)); got != want {
			t.Errorf("%s: kind %d, want %d", text, got, want)
		}
	}
}

func TestIntegers(t *testing.T) {
	for _, c := range []struct {
		text  string
		width uint
		want  uint64
		ok    bool
	}{
		{"0xff", 8, 0xff, true},
		{"256", 8, 0, false},
		{"-128", 8, 0x80, true},
		{"-129", 8, 0, false},
		{"4294967295", 32, 0xffff_ffff, true},
		{"4294967296", 32, 0, false},
		{"-2147483648", 32, 0x8000_0000, true},
		{"-2147483649", 32, 0, false},
		{"-0", 32, 0, true},
		{"+0x7fff_ffff", 32, 0x7fff_ffff, true},
		{"18446744073709551615", 64, math.MaxUint64, true},
		{"18446744073709551616", 64, 0, false},
		{"-9223372036854775808", 64, 1 << 63, true},
		{"-9223372036854775809", 64, 0, false},
		{"99999999999999999999999999999999", 64, 0, false},
	} {
		got, ok := parseInt([]byte(c.text), c.width)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s as i%d: %#x %v, want %#x %v", c.text, c.width, got, ok, c.want, c.ok)
		}
	}
}

func TestFloats(t *testing.T) {
	for _, c := range []struct {
		text string
		f    floatFormat
		want uint64
		ok   bool
	}{
		{"-0", binary32, 0x8000_0000, true},
		{"0x0.0p0", binary32, 0, true},
		{"-nan", binary32, 0xffc0_0000, true},
		{"nan:0x1", binary32, 0x7f80_0001, true},
		{"nan:0x7f_ffff", binary32, 0x7fff_ffff, true},
		{"nan:0x0", binary32, 0, false},
		{"nan:0x80_0000", binary32, 0, false},
		{"nan:0xf_ffff_ffff_ffff", binary64, 0x7fff_ffff_ffff_ffff, true},
		{"inf", binary64, 0x7ff0_0000_0000_0000, true},
		// Ties go to even, in one rounding: https://webassembly.github.io/spec/core/exec/numerics.html#rounding
		{"0x1.000001p0", binary32, 0x3f80_0000, true},
		{"0x1.0000010000000000001p0", binary32, 0x3f80_0001, true},
		{"0x1.000003p0", binary32, 0x3f80_0002, true},
		{"16777217", binary32, 0x4b80_0000, true},
		{"0x1.00000100000000000000000000000000000001p-50", binary32, 0x2680_0001, true},
		{"0x1p-149", binary32, 1, true},
		{"0x1p-150", binary32, 0, true},
		{"0x1.0000000001p-150", binary32, 1, true},
		{"1e-999999999999", binary32, 0, true},
		{"0x1.fffffep127", binary32, 0x7f7f_ffff, true},
		{"0x1.ffffffp127", binary32, 0, false},
		{"1e39", binary32, 0, false},
		{"1e400", binary64, 0, false},
		{"4.9406564584124654e-324", binary64, 1, true},
		{"2.2250738585072011e-308", binary64, 0x000f_ffff_ffff_ffff, true},
		{"1_0.2_5e0_1", binary64, math.Float64bits(102.5), true},
		{"0xA.8", binary64, math.Float64bits(10.5), true},
	} {
		got, ok := parseFloat([]byte(c.text), c.f)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s as f%d: %#x %v, want %#x %v", c.text, c.f.width, got, ok, c.want, c.ok)
		}
	}
}

// TestFloatsReadBack prints floats of any bits and reads them back.
func TestFloatsReadBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, f := range []floatFormat{binary32, binary64} {
		for i := range 20_000 {
			bits := random.Uint64() >> (64 - f.width)
			if i%4 == 0 { // an exponent of all ones or all zeros
				mask := (uint64(1)<<(f.width-1-f.mantissa) - 1) << f.mantissa
				bits = bits&^mask | mask*uint64(i/4%2)
			}
			literal, _, _ := strings.Cut(string(appendFloat(nil, bits, f)), " ")
			if got, ok := parseFloat([]byte(literal), f); !ok || got != bits {
				t.Fatalf("f%d %#x is printed %s and read %#x", f.width, bits, literal, got)
			}
		}
	}
}

func ExampleToBinary() {
	b, _ := ToBinary([]byte(`(module (func (export "f") (result i32) (i32.const 42)))`))
	fmt.Printf("%x\n", b)
	// Output: 0061736d010000000105016000017f03020100070501016600000a06010400412a0b
}
