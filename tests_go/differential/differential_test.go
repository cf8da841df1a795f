package differential

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/pywasm-go/pywasm/core/wasm"
	"github.com/pywasm-go/pywasm/core/wat"
)

// TestDifferential compares the compilers on modules made of fixed seeds.
func TestDifferential(t *testing.T) {
	for seed := range uint64(300) {
		data := randomBytes(seed, 1500)
		if !agree(t, generate(data), data) {
			t.Fatalf("seed %d", seed)
		}
	}
}

// TestOperators compares them on each operator, under the circumstances that compilers get wrong.
func TestOperators(t *testing.T) {
	for i, o := range operators.all {
		for seed := range uint64(2) {
			data := randomBytes(uint64(i)<<8|seed, 300)
			if !waits(o) && !agree(t, generateFor(o, data), data) {
				t.Errorf("%s, seed %d", o.Name, seed)
			}
		}
	}
}

// FuzzDifferential compares the compilers on modules made of what the fuzzer finds.
func FuzzDifferential(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(randomBytes(seed, 1500))
	}
	f.Fuzz(func(t *testing.T, data []byte) { agree(t, generate(data), data) })
}

// FuzzOperators does the same for one operator at a time.
func FuzzOperators(f *testing.F) {
	for i := range operators.all {
		f.Add(uint(i), randomBytes(uint64(i), 300))
	}
	f.Fuzz(func(t *testing.T, i uint, data []byte) {
		if o := operators.all[i%uint(len(operators.all))]; !waits(o) {
			agree(t, generateFor(o, data), data)
		}
	})
}

// agree reports whether the compilers agree, and shows the module if not.
func agree(t *testing.T, m *wasm.Module, data []byte) bool {
	err := check(m, data)
	if err == nil {
		return true
	}
	text, printErr := wat.Print(m)
	t.Errorf("%v\n%s%v", err, text, printErr)
	return false
}

func randomBytes(seed, most uint64) []byte {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	r := rand.NewChaCha8(key)
	data := make([]byte, 64+r.Uint64()%most)
	_, _ = r.Read(data) // never fails
	return data
}
