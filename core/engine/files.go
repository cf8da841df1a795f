package engine

import (
	"bytes"
	"io"
	"os"
	"time"
)

// settled is how old a change of a file must be for its time to tell it from the next: file systems count in steps.
const settled = 2 * time.Second

// loadedFile is what was loaded from a file, as long as the module is open.
type loadedFile struct {
	info   os.FileInfo
	module *Module
}

// DeserializeFile makes a module of an artefact in a file. If the store has a module of the same file, this is another
// holder of it.
func (s *Store) DeserializeFile(path string, key []byte) (*Module, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, unreadable(err)
	}
	if len(key) > 0 { // what is checked must not change before it is loaded
		content, err := io.ReadAll(file)
		if err != nil {
			return nil, unreadable(err)
		}
		return s.Deserialize(bytes.NewReader(content), int64(len(content)), key)
	}
	if m := s.loadedFrom(path, info); m != nil {
		return m, nil
	}
	m, err := s.Deserialize(file, info.Size(), nil)
	if err == nil && time.Since(info.ModTime()) > settled {
		s.mu.Lock()
		s.files[path] = loadedFile{info, m}
		s.mu.Unlock()
	}
	return m, err
}

// Share makes another holder of the module, which must be open.
func (m *Module) Share() {
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	m.holders++
}

func unreadable(err error) error { return fail(CodeRuntime, "cannot read an artefact: "+err.Error()) }

func (s *Store) loadedFrom(path string, info os.FileInfo) *Module {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[path]
	if !ok || !os.SameFile(f.info, info) || f.info.Size() != info.Size() || !f.info.ModTime().Equal(info.ModTime()) {
		return nil
	}
	f.module.holders++
	return f.module
}

// forget takes a module that is to be closed out of what can be found. The caller holds the store's mutex.
func (s *Store) forget(m *Module) {
	if s.modules[m.tag] == m {
		delete(s.modules, m.tag)
	}
	for path, f := range s.files {
		if f.module == m {
			delete(s.files, path)
		}
	}
}
