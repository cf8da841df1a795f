package linear

import "testing"

func TestGrowsInPlace(t *testing.T) {
	m := Allocate(MaxPages * PageSize)
	b := m.Reallocate(PageSize)
	b[0], b[PageSize-1] = 1, 2
	base := m.base
	grown := m.Reallocate(3 * PageSize)
	if m.base != base || grown[0] != 1 || grown[PageSize-1] != 2 || grown[3*PageSize-1] != 0 {
		t.Fatal("the memory moved or lost its contents")
	}
	m.Release()
	if m.Size() != 0 || m.mapped != nil {
		t.Fatal("the memory was not released")
	}
}

func TestViewOutlivesOwner(t *testing.T) {
	m := Allocate(PageSize)
	b := m.Reallocate(PageSize)
	m.View()
	m.Release()
	b[7] = 7
	if b[7] != 7 {
		t.Fatal("the view lost the memory")
	}
	m.ReleaseView()
}

func TestRefusesMoreThanTheMaximum(t *testing.T) {
	m := Allocate(1 << 40)
	defer m.Release()
	if m.Reallocate(65536*PageSize) != nil {
		t.Fatal("65,536 pages were granted")
	}
}

// Without a reservation the memory moves, but not under a view.
func TestFallbackMoves(t *testing.T) {
	m := &Memory{}
	m.holders.Store(1)
	defer m.Release()
	b := m.Reallocate(PageSize)
	b[5] = 5
	m.View()
	if m.Reallocate(2*PageSize) != nil {
		t.Fatal("moved while a view exists")
	}
	m.ReleaseView()
	if b = m.Reallocate(2 * PageSize); b == nil || b[5] != 5 {
		t.Fatal("did not move its contents")
	}
}

func forgetUsed() {
	for _, u := range kept.used {
		release(u.mapped)
	}
	kept.used = nil
}

func TestWhatAMemoryLeftIsZeroToTheNext(t *testing.T) {
	forgetUsed()
	first := Allocate(MaxPages * PageSize)
	for i := range first.Reallocate(4 * PageSize) {
		first.mapped[i] = 0xff
	}
	base := first.base
	first.Release()
	second := Allocate(MaxPages * PageSize)
	defer second.Release()
	if second.base != base {
		t.Fatal("what the first had was not used again")
	}
	if b := second.Reallocate(PageSize); len(b) != PageSize || cap(b) != PageSize {
		t.Fatalf("a memory of a page has %d bytes of %d", len(b), cap(b))
	}
	for i, b := range second.Reallocate(6 * PageSize) {
		if b != 0 {
			t.Fatalf("byte %d is %d", i, b)
		}
	}
}

func TestKeepsFewAndSmallOnes(t *testing.T) {
	forgetUsed()
	large := Allocate(MaxPages * PageSize)
	large.Reallocate(maxUsedSize + PageSize)
	large.Release()
	if len(kept.used) != 0 {
		t.Fatal("a large memory was kept")
	}
	all := make([]*Memory, 2*maxUsed)
	for i := range all {
		all[i] = Allocate(PageSize)
		all[i].Reallocate(PageSize)
	}
	for _, m := range all {
		m.Release()
	}
	if len(kept.used) != maxUsed {
		t.Fatalf("%d are kept", len(kept.used))
	}
	if other := Allocate(2 * PageSize); len(other.mapped) != 2*PageSize {
		t.Fatal("a memory got less than its maximum")
	}
}

// A view is of the memory that it was taken from, not of the next.
func TestNothingIsLeftWhileThereIsAView(t *testing.T) {
	forgetUsed()
	m := Allocate(PageSize)
	b := m.Reallocate(PageSize)
	m.View()
	m.Release()
	b[0] = 1
	other := Allocate(PageSize)
	defer other.Release()
	if o := other.Reallocate(PageSize); o[0] != 0 {
		t.Fatal("two memories have the same pages")
	}
	m.ReleaseView()
}

func BenchmarkAllocate(b *testing.B) {
	for b.Loop() {
		m := Allocate(MaxPages * PageSize)
		m.Reallocate(2 * PageSize)[0] = 1
		m.Release()
	}
}
