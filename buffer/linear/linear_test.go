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
