package engine

import (
	"encoding/binary"

	"github.com/pywasm-go/pywasm/core/meter"
)

// derived is what prepare found out about a module, as numbers of 32 bits in an artefact: how many wrappers there are, the wrappers,
// and the other fields in their order. What may be missing or is a struct is several numbers.
type derived struct {
	Wrappers     []uint32
	FirstWrapper uint32
	Initializer  *uint32
	Injected     meter.Injected
	Depth        meter.Injected
	GrowHook     *uint32
}

const derivedNumbers = 1 + 1 + 2 + 4 + 4 + 2 // without the wrappers

func (d derived) encode() []byte {
	numbers := append([]uint32{uint32(len(d.Wrappers))}, d.Wrappers...)
	numbers = append(numbers, d.FirstWrapper)
	numbers = appendOptional(numbers, d.Initializer)
	numbers = appendInjected(numbers, d.Injected)
	numbers = appendInjected(numbers, d.Depth)
	numbers = appendOptional(numbers, d.GrowHook)
	var out []byte
	for _, n := range numbers {
		out = binary.LittleEndian.AppendUint32(out, n)
	}
	return out
}

func decodeDerived(part []byte) (d derived, ok bool) {
	var numbers []uint32
	for ; len(part) >= 4; part = part[4:] {
		numbers = append(numbers, binary.LittleEndian.Uint32(part))
	}
	if len(part) > 0 || len(numbers) < derivedNumbers || uint64(numbers[0]) != uint64(len(numbers)-derivedNumbers) {
		return d, false
	}
	wrappers := int(numbers[0])
	d.Wrappers, numbers = numbers[1:1+wrappers:1+wrappers], numbers[1+wrappers:]
	return derived{
		d.Wrappers, numbers[0], optional(numbers[1:]), injected(numbers[3:]), injected(numbers[7:]), optional(numbers[11:]),
	}, true
}

func appendOptional(out []uint32, number *uint32) []uint32 {
	if number == nil {
		return append(out, 0, 0)
	}
	return append(out, 1, *number)
}

func optional(numbers []uint32) *uint32 {
	if numbers[0] == 0 {
		return nil
	}
	return &numbers[1]
}

func appendInjected(out []uint32, i meter.Injected) []uint32 {
	any := uint32(0)
	if i.Any {
		any = 1
	}
	return append(out, any, i.Global, i.Hook, i.Fuel)
}

func injected(numbers []uint32) meter.Injected {
	return meter.Injected{Any: numbers[0] != 0, Global: numbers[1], Hook: numbers[2], Fuel: numbers[3]}
}
