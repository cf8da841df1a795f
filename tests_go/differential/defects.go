package differential

// What the pinned wazero gets wrong and the engine does not mend is left out of the modules, here alone.

// wrongOnAMD64 are instructions whose result may be wrong on amd64, where an operand that is on the stack is wanted in
// the register that the instruction works in. (Such an operand is loaded when the work is half done; what is in the
// register goes to the stack as it was first defined, without what was done to it since.) After a call, that takes no
// more than an if one of whose arms uses the operand too.
var wrongOnAMD64 = []string{
	"f32.copysign",              // has the sign bit set
	"f64.copysign",              // likewise
	"v128.bitselect",            // selects from the first operand all there is
	"f64x2.replace_lane",        // of lane 0: clears lane 1
	"f64x2.convert_low_i32x4_u", // gives garbage
	"i8x16.relaxed_laneselect",  // these four are made of v128.bitselect
	"i16x8.relaxed_laneselect",
	"i32x4.relaxed_laneselect",
	"i64x2.relaxed_laneselect",
}

// mayLeaveNonNull reports whether br_on_non_null may branch to a frame. The interpreter leaves what lies below the
// reference and ought to go on the stack, so nothing may lie there.
func (b *body) mayLeaveNonNull(f *frame) bool { return len(b.stack) == f.base+len(f.labels) }
