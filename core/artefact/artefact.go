// Package artefact is the file format of compiled modules: it says who can load one, and whether it is whole.
//
//	magic      8 bytes
//	version    u32, of this format
//	signature  u32, the size of the signature at the end: 0, or 32
//	head       u32, the size of the head
//	code sum   u32, CRC-32C of the code
//	code       u64, the size of the code
//	sum        u32, CRC-32C of all before it, and of the head
//	head       properties and parts
//	code       machine code, to be loaded as it is
//	signature  HMAC-SHA-256 of all before it
//
// Numbers are little-endian. The head has a u32 that counts the properties, each a name and a value; then one that counts
// the parts; each string and part has its size before it, a u32.
package artefact

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	magic         = "\x7fpywasm\n"
	formatVersion = 1
	prefixSize    = 36
	signatureSize = sha256.Size
)

// Castagnoli is the table of the checksums.
var Castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Artefact is a compiled module.
type Artefact struct {
	// Properties say what made the artefact, and for what machine.
	Properties []Property
	// Parts are what is needed beside the code. They alias what was read.
	Parts [][]byte
	// Code is the machine code of one that was opened. Whoever reads it checks it against CodeSum.
	Code     io.Reader
	CodeSize uint64
	CodeSum  uint32

	code []byte // of one that was made
}

// Property is something that has to fit where the artefact is loaded.
type Property struct{ Name, Value string }

// Error says why something is no artefact, or none that can be loaded.
type Error struct{ Text string }

// Error implements error.
func (e *Error) Error() string { return e.Text }

// Errorf returns an Error.
func Errorf(format string, arguments ...any) error { return &Error{fmt.Sprintf(format, arguments...)} }

// New returns an artefact to be written.
func New(properties []Property, parts [][]byte, code []byte) *Artefact {
	return &Artefact{
		Properties: properties, Parts: parts,
		code: code, CodeSize: uint64(len(code)), CodeSum: crc32.Checksum(code, Castagnoli),
	}
}

// Bytes returns the artefact, signed if there is a key.
func (a *Artefact) Bytes(key []byte) []byte {
	head := a.head()
	p := prefix{head: uint32(len(head)), codeSum: a.CodeSum, code: a.CodeSize}
	if len(key) > 0 {
		p.signature = signatureSize
	}
	b := append(make([]byte, 0, prefixSize+len(head)+len(a.code)+int(p.signature)), p.encode(head)...)
	b = append(append(b, head...), a.code...)
	if p.signature == 0 {
		return b
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(b)
	return mac.Sum(b)
}

// Open reads an artefact of size bytes, and its code when that is read. The error is an Error, or what r says.
//
// With a key, the whole must be signed with it; without one, it must not be signed, so that nobody forgets to check.
func Open(r io.ReaderAt, size int64, key []byte) (*Artefact, error) {
	p, err := readPrefix(r, size)
	if err != nil {
		return nil, err
	}
	head := make([]byte, p.head)
	if err := readAt(r, head, prefixSize); err != nil {
		return nil, err
	}
	if p.sum != p.checksum(head) {
		return nil, Errorf("the artefact is damaged: its checksum is wrong")
	}
	if err := p.checkSignature(r, size, key); err != nil {
		return nil, err
	}
	a := &Artefact{
		Code: io.NewSectionReader(r, prefixSize+int64(p.head), int64(p.code)), CodeSize: p.code, CodeSum: p.codeSum,
	}
	return a, a.readHead(head)
}

// IsArtefact reports whether a file that begins so is an artefact.
func IsArtefact(begin []byte) bool { return bytes.HasPrefix(begin, []byte(magic)) }

// prefix is what comes before the head.
type prefix struct {
	signature, head, codeSum uint32
	code                     uint64
	sum                      uint32
}

func (p *prefix) append() []byte {
	b := append(make([]byte, 0, prefixSize), magic...)
	for _, n := range [...]uint32{formatVersion, p.signature, p.head, p.codeSum} {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return binary.LittleEndian.AppendUint64(b, p.code)
}

func (p *prefix) checksum(head []byte) uint32 {
	return crc32.Update(crc32.Checksum(p.append(), Castagnoli), Castagnoli, head)
}

func (p *prefix) encode(head []byte) []byte {
	return binary.LittleEndian.AppendUint32(p.append(), p.checksum(head))
}

func readPrefix(r io.ReaderAt, size int64) (*prefix, error) {
	var b [prefixSize]byte
	if err := readAt(r, b[:min(size, prefixSize)], 0); err != nil {
		return nil, err
	}
	if !IsArtefact(b[:]) {
		return nil, Errorf("incompatible binary: the bytes are not an artefact of pywasm")
	}
	if size < prefixSize {
		return nil, Errorf("the artefact is truncated: it has %d bytes", size)
	}
	number := func(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	if version := number(8); version != formatVersion {
		return nil, Errorf("the artefact has version %d of the format; this pywasm reads version %d", version, formatVersion)
	}
	p := &prefix{
		signature: number(12), head: number(16), codeSum: number(20), code: binary.LittleEndian.Uint64(b[24:]), sum: number(32),
	}
	if p.signature != 0 && p.signature != signatureSize {
		return nil, Errorf("the artefact is damaged: a signature has %d bytes, not %d", signatureSize, p.signature)
	}
	rest := uint64(size) - prefixSize
	if expected := uint64(p.head) + uint64(p.signature); expected > rest || p.code != rest-expected {
		return nil, Errorf("the artefact is truncated or damaged: it has %d bytes, but was written with %d", size, prefixSize+expected+p.code)
	}
	return p, nil
}

// readAt fills b. A file may have become shorter since its size was asked for.
func readAt(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	switch {
	case n == len(b):
		return nil
	case err == io.EOF:
		return Errorf("the artefact is truncated: it ends after %d bytes", at+int64(n))
	}
	return err
}

func (p *prefix) checkSignature(r io.ReaderAt, size int64, key []byte) error {
	switch {
	case p.signature == 0 && len(key) == 0:
		return nil
	case p.signature == 0:
		return Errorf("the artefact is not signed, but a key was given")
	case len(key) == 0:
		return Errorf("the artefact is signed: it takes the key to load it")
	}
	mac := hmac.New(sha256.New, key)
	if _, err := io.Copy(mac, io.NewSectionReader(r, 0, size-signatureSize)); err != nil {
		return err
	}
	signature := make([]byte, signatureSize)
	if err := readAt(r, signature, size-signatureSize); err != nil {
		return err
	}
	if !hmac.Equal(signature, mac.Sum(nil)) {
		return Errorf("the signature of the artefact is wrong: it was signed with another key, or changed since")
	}
	return nil
}

func (a *Artefact) head() []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(a.Properties)))
	for _, p := range a.Properties {
		b = appendBytes(appendBytes(b, p.Name), p.Value)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(a.Parts)))
	for _, part := range a.Parts {
		b = appendBytes(b, part)
	}
	return b
}

func appendBytes[T string | []byte](b []byte, s T) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(s))), s...)
}

func (a *Artefact) readHead(b []byte) error {
	r := reader{b: b}
	for n := r.number(); n > 0 && !r.short; n-- {
		a.Properties = append(a.Properties, Property{string(r.bytes()), string(r.bytes())})
	}
	for n := r.number(); n > 0 && !r.short; n-- {
		a.Parts = append(a.Parts, r.bytes())
	}
	if r.short || len(r.b) > 0 {
		return Errorf("the artefact is damaged: its head does not end where it should")
	}
	return nil
}

type reader struct {
	b     []byte
	short bool
}

func (r *reader) number() uint32 {
	if len(r.b) < 4 {
		r.short = true
		return 0
	}
	n := binary.LittleEndian.Uint32(r.b)
	r.b = r.b[4:]
	return n
}

func (r *reader) bytes() []byte {
	n := r.number()
	if uint64(n) > uint64(len(r.b)) {
		r.short = true
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}
