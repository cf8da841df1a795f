package artefact

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
)

func sample() *Artefact {
	return New([]Property{{"engine", "x"}, {"wazero", "v1"}}, [][]byte{[]byte("outline"), nil}, []byte("machine code"))
}

func open(b, key []byte) (*Artefact, error) { return Open(bytes.NewReader(b), int64(len(b)), key) }

func TestRoundTrip(t *testing.T) {
	for _, key := range [][]byte{nil, []byte("key")} {
		in := sample()
		a, err := open(in.Bytes(key), key)
		if err != nil {
			t.Fatal(err)
		}
		code, err := io.ReadAll(a.Code)
		if err != nil || string(code) != "machine code" || a.CodeSum != in.CodeSum || a.CodeSize != uint64(len(code)) {
			t.Errorf("code: %q, %v", code, err)
		}
		if !slices.Equal(a.Properties, in.Properties) || len(a.Parts) != 2 || string(a.Parts[0]) != "outline" {
			t.Errorf("head: %q %q", a.Properties, a.Parts)
		}
	}
}

// Every change outside of the code is found when the artefact is opened, or, if it is signed, every change.
func TestEveryByteCounts(t *testing.T) {
	for _, key := range [][]byte{nil, []byte("key")} {
		whole := sample().Bytes(key)
		checked := len(whole)
		if key == nil {
			checked -= len("machine code")
		}
		for i := range checked {
			for bit := range 8 {
				b := slices.Clone(whole)
				b[i] ^= 1 << bit
				refused(t, b, key)
			}
		}
		for i := range whole {
			refused(t, whole[:i], key)
		}
		refused(t, append(slices.Clone(whole), 0), key)
	}
}

func refused(t *testing.T, b, key []byte) {
	t.Helper()
	_, err := open(b, key)
	if own := (*Error)(nil); !errors.As(err, &own) {
		t.Errorf("%q: %v", b, err)
	}
}

func TestKeys(t *testing.T) {
	signed, plain := sample().Bytes([]byte("key")), sample().Bytes(nil)
	refused(t, signed, nil)
	refused(t, signed, []byte("Key"))
	refused(t, plain, []byte("key"))
}

// A file may shrink after it was asked for its size.
func TestShrinking(t *testing.T) {
	whole := sample().Bytes(nil)
	for i := range whole[:len(whole)-len("machine code")] {
		_, err := Open(bytes.NewReader(whole[:i]), int64(len(whole)), nil)
		if own := (*Error)(nil); !errors.As(err, &own) {
			t.Errorf("%d bytes: %v", i, err)
		}
	}
}

func FuzzHead(f *testing.F) {
	f.Add(sample().head())
	f.Fuzz(func(t *testing.T, head []byte) {
		var a Artefact
		if a.readHead(head) == nil && !bytes.Equal(a.head(), head) {
			t.Errorf("%q became %q", head, a.head())
		}
	})
}
