package differential

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/pywasm-go/pywasm/core/wat"
)

// TestDifferential compares the compilers on modules made of fixed seeds.
func TestDifferential(t *testing.T) {
	for seed := range uint64(400) {
		if data := randomBytes(seed); !agree(t, data) {
			t.Fatalf("seed %d", seed)
		}
	}
}

// FuzzDifferential compares the compilers on modules made of what the fuzzer finds.
func FuzzDifferential(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(randomBytes(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { agree(t, data) })
}

// agree reports whether the compilers agree, and shows the module if not.
func agree(t *testing.T, data []byte) bool {
	err := check(data)
	if err == nil {
		return true
	}
	text, printErr := wat.Print(generate(data))
	t.Errorf("%v\n%s%v", err, text, printErr)
	return false
}

func randomBytes(seed uint64) []byte {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	r := rand.NewChaCha8(key)
	data := make([]byte, 64+r.Uint64()%1500)
	_, _ = r.Read(data) // never fails
	return data
}
