package linear

import "sync"

// What small memories leave is cleared and kept for the next ones: that takes a fraction of the time to map, touch and unmap
// some pages anew. Which part of a memory can be accessed is checked by its guest's code, so what is committed may be more.

const (
	maxUsed     = 8         // are kept
	maxUsedSize = 256 << 10 // bytes that are committed, of each
)

type used struct {
	mapped    []byte
	committed uint64 // from its beginning; all zero
}

var kept struct {
	sync.Mutex
	used []used
}

// takeUsed returns one that reserves size bytes.
func takeUsed(size uint64) (u used, ok bool) {
	kept.Lock()
	defer kept.Unlock()
	for i := len(kept.used) - 1; i >= 0; i-- {
		if u = kept.used[i]; uint64(len(u.mapped)) == size {
			last := len(kept.used) - 1
			kept.used[i], kept.used[last] = kept.used[last], used{}
			kept.used = kept.used[:last]
			return u, true
		}
	}
	return used{}, false
}

// keepUsed clears what a memory of some size leaves, and returns whether it is kept.
func keepUsed(u used, size uint64) bool {
	if size == 0 || u.committed > maxUsedSize {
		return false
	}
	clear(u.mapped[:size])
	kept.Lock()
	defer kept.Unlock()
	if len(kept.used) == maxUsed {
		return false
	}
	kept.used = append(kept.used, u)
	return true
}
