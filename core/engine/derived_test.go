package engine

import (
	"reflect"
	"testing"

	"github.com/pywasm-go/pywasm/core/meter"
)

func TestDerivedIsReadAsWritten(t *testing.T) {
	number := uint32(1 << 31)
	for _, d := range []derived{
		{Wrappers: []uint32{}},
		{Wrappers: []uint32{1, 2, 3}, FirstWrapper: 4, Initializer: &number, GrowHook: new(uint32)},
		{Wrappers: []uint32{9}, Injected: meter.Injected{Any: true, Global: 1, Hook: 2, Fuel: 3}, Depth: meter.Injected{Hook: 4}},
	} {
		part := d.encode()
		if read, ok := decodeDerived(part); !ok || !reflect.DeepEqual(read, d) {
			t.Errorf("%+v was read as %+v", d, read)
		}
		for size := range len(part) {
			if _, ok := decodeDerived(part[:size]); ok {
				t.Errorf("%d bytes of %d are enough", size, len(part))
			}
		}
	}
}
