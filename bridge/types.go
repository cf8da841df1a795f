package bridge

import "github.com/pywasm-go/pywasm/core/wasm"

// Value types as numbered by pywasm.Type and enum pywasm_type.
var valueTypes = [...]wasm.ValType{
	1: wasm.I32, 2: wasm.I64, 3: wasm.F32, 4: wasm.F64, 5: wasm.V128, 6: wasm.ExternRef, 7: wasm.FuncRef, 8: wasm.ExnRef,
}

func valueType(number int) wasm.ValType {
	if number < 1 || number >= len(valueTypes) {
		return wasm.I32 // Python checks the number before
	}
	return valueTypes[number]
}

// ValueTypes converts numbers to value types.
func ValueTypes(numbers []byte) []wasm.ValType {
	out := make([]wasm.ValType, len(numbers))
	for i, n := range numbers {
		out[i] = valueType(int(n))
	}
	return out
}

// number is the inverse of valueType. All references but those to external objects are functions to Python.
func number(t wasm.ValType) int {
	for n, v := range valueTypes {
		if n > 0 && v == t {
			return n
		}
	}
	switch t.Heap() {
	case wasm.HeapExtern:
		return 6
	case wasm.HeapExn:
		return 8
	}
	return 7
}

func numbers(types []wasm.ValType) []int {
	out := make([]int, len(types))
	for i, t := range types {
		out[i] = number(t)
	}
	return out
}

func packed(types []wasm.ValType) []byte {
	out := make([]byte, len(types))
	for i, t := range types {
		out[i] = byte(number(t))
	}
	return out
}
