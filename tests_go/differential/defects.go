package differential

// What the pinned wazero gets wrong and the engine does not mend is left out of the modules, here alone.

// mayLeaveNonNull reports whether br_on_non_null may branch to a frame. The interpreter leaves what lies below the
// reference and ought to go on the stack, so nothing may lie there.
func (b *body) mayLeaveNonNull(f *frame) bool { return len(b.stack) == f.base+len(f.labels) }
