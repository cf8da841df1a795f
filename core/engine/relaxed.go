package engine

// relaxed gives each relaxed vector instruction the meaning of the specification's deterministic profile, in plain ones:
// wazero does not know them.
//
// https://webassembly.github.io/spec/core/appendix/profiles.html#deterministic-profile-small-mathrm-det
var relaxed = sequences(map[string]string{
	"i8x16.relaxed_swizzle":               "i8x16.swizzle",
	"i32x4.relaxed_trunc_f32x4_s":         "i32x4.trunc_sat_f32x4_s",
	"i32x4.relaxed_trunc_f32x4_u":         "i32x4.trunc_sat_f32x4_u",
	"i32x4.relaxed_trunc_f64x2_s_zero":    "i32x4.trunc_sat_f64x2_s_zero",
	"i32x4.relaxed_trunc_f64x2_u_zero":    "i32x4.trunc_sat_f64x2_u_zero",
	"f32x4.relaxed_madd":                  "=2 f32x4.mul $2 f32x4.add",
	"f32x4.relaxed_nmadd":                 "=2 f32x4.mul f32x4.neg $2 f32x4.add",
	"f64x2.relaxed_madd":                  "=2 f64x2.mul $2 f64x2.add",
	"f64x2.relaxed_nmadd":                 "=2 f64x2.mul f64x2.neg $2 f64x2.add",
	"i8x16.relaxed_laneselect":            "v128.bitselect",
	"i16x8.relaxed_laneselect":            "v128.bitselect",
	"i32x4.relaxed_laneselect":            "v128.bitselect",
	"i64x2.relaxed_laneselect":            "v128.bitselect",
	"f32x4.relaxed_min":                   "f32x4.min",
	"f32x4.relaxed_max":                   "f32x4.max",
	"f64x2.relaxed_min":                   "f64x2.min",
	"f64x2.relaxed_max":                   "f64x2.max",
	"i16x8.relaxed_q15mulr_s":             "i16x8.q15mulr_sat_s",
	"i16x8.relaxed_dot_i8x16_i7x16_s":     dot,
	"i32x4.relaxed_dot_i8x16_i7x16_add_s": "=2 " + dot + " i32x4.extadd_pairwise_i16x8_s $2 i32x4.add",
})

// dot multiplies the even and the odd lanes, each extended to 16 bits, and adds the products.
const dot = "=1 =0 " +
	"$0 8 i16x8.shl 8 i16x8.shr_s $1 8 i16x8.shl 8 i16x8.shr_s i16x8.mul " +
	"$0 8 i16x8.shr_s $1 8 i16x8.shr_s i16x8.mul i16x8.add"
