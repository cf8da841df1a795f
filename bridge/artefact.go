package bridge

import (
	"bytes"
	"unsafe"

	"github.com/pywasm-go/pywasm/core/artefact"
)

// Binary returns the module in the binary format, or nothing if it came from an artefact with machine code.
func (m *Module) Binary() []byte { return m.module.Binary() }

// BinaryAddress returns where the binary is, valid as long as the handle: a child made by fork reads it there.
func (m *Module) BinaryAddress() int64 {
	return int64(uintptr(unsafe.Pointer(unsafe.SliceData(m.module.Binary()))))
}

// BinarySize returns how many bytes it has.
func (m *Module) BinarySize() int { return len(m.module.Binary()) }

// Serialize returns the module as an artefact, signed if there is a key.
func (m *Module) Serialize(key []byte) (content []byte, err error) {
	defer guard(&err)
	return m.module.Serialize(key)
}

// UseCache has the store keep compiled modules in a folder.
func (s *Store) UseCache(folder []byte) (err error) {
	defer guard(&err)
	return s.store.UseCache(string(folder))
}

// IsArtefact reports whether a file that begins so is an artefact.
func IsArtefact(begin []byte) bool { return artefact.IsArtefact(begin) }

// Deserialize makes a module of an artefact, which must be signed if there is a key. It is given by the address of bytes
// of Python's, since it may be large; nothing refers to them when this returns.
func (s *Store) Deserialize(address, size int64, key []byte) (m *Module, err error) {
	defer guard(&err)
	return owner(s.store.Deserialize(bytes.NewReader(borrowed(address, size)), size, key))
}

// Share returns another handle on the module, which must be open.
func (m *Module) Share() (other *Module, err error) {
	defer guard(&err)
	m.module.Share()
	return owner(m.module, nil)
}

// DeserializeFile makes a module of an artefact in a file.
func (s *Store) DeserializeFile(path, key []byte) (m *Module, err error) {
	defer guard(&err)
	return owner(s.store.DeserializeFile(string(path), key))
}
