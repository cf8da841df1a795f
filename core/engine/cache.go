package engine

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/pywasm-go/pywasm/core/artefact"
)

// cacheLimit is how many bytes a cache folder may have.
const cacheLimit = 1 << 30

// UseCache has the store look for compiled modules in a folder, and keep there what it compiles.
func (s *Store) UseCache(folder string) error {
	cache, err := artefact.OpenCache(folder, cacheLimit)
	if err != nil {
		return fail(CodeRuntime, "cannot use the cache folder: "+err.Error())
	}
	s.cache = cache
	return nil
}

// cacheKey names what this store would make of a module.
func (s *Store) cacheKey(sum [sha256.Size]byte) string {
	h := sha256.New()
	h.Write(sum[:])
	for _, p := range s.properties(s.compiler) {
		h.Write([]byte(p.Name + "\x00" + p.Value + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// cached returns a module from the cache, or nil. An entry that cannot be loaded is as good as none.
func (s *Store) cached(binary []byte) *Module {
	sum := sha256.Sum256(binary)
	key := s.cacheKey(sum)
	file, size, ok := s.cache.Open(key)
	if !ok {
		return nil
	}
	defer file.Close()
	m, err := s.Deserialize(file, size, nil)
	if err == nil && m.sum == sum {
		m.binary = binary
		return m
	}
	if err == nil {
		m.Close()
	}
	s.cache.Remove(key)
	return nil
}

// keep puts a module into the cache. Those that are interpreted would not load any faster.
func (s *Store) keep(m *Module) {
	if m.compiler == Interpreter {
		return
	}
	if content, err := m.Serialize(nil); err == nil {
		s.cache.Put(s.cacheKey(m.sum), content)
	}
}
