package engine

// GetGlobal returns the 128 bits of a global; a value of 64 bits or less is in lo.
func (i *Instance) GetGlobal(index uint32) (lo, hi uint64) { return i.guts.global(index).Value() }

// SetGlobal sets a global, mutable or not: what is allowed is for the caller to know.
func (i *Instance) SetGlobal(index uint32, lo, hi uint64) { i.guts.setGlobal(index, lo, hi) }

// TableSize returns the number of elements of a table.
func (i *Instance) TableSize(table uint32) uint32 { return i.guts.table(table).size() }

// GetTable returns an element of a table, or false where there is none.
func (i *Instance) GetTable(table, index uint32) (uint64, bool) {
	t := i.guts.table(table)
	if index >= t.size() {
		return 0, false
	}
	return uint64(t.get(index)), true
}

// SetTable sets an element of a table, or returns false where there is none.
func (i *Instance) SetTable(table, index uint32, ref uint64) bool {
	t := i.guts.table(table)
	if index >= t.size() {
		return false
	}
	t.set(index, uintptr(ref))
	return true
}
