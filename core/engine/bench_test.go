package engine

import (
	"testing"

	"github.com/pywasm-go/pywasm/core/wat"
)

func benchmarkInstantiate(b *testing.B, text string, imports ...Extern) {
	s, err := NewStore(Config{Compiler: Optimizing})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	binary, err := wat.ToBinary([]byte(text))
	if err != nil {
		b.Fatal(err)
	}
	m, err := s.Compile(binary)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		i, err := m.Instantiate(imports, nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		i.Close()
	}
}

func BenchmarkInstantiateEmpty(b *testing.B) { benchmarkInstantiate(b, `(module)`) }

func BenchmarkInstantiateMemory(b *testing.B) { benchmarkInstantiate(b, `(module (memory 1))`) }

func BenchmarkInstantiateHost(b *testing.B) {
	benchmarkInstantiate(b, `(module (import "h" "f" (func (result i32))))`, constant(1))
}
