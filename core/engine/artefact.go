package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"runtime"
	"slices"

	"github.com/pywasm-go/pywasm/core/artefact"
	"github.com/pywasm-go/pywasm/core/wasm"
)

// The parts of an artefact. One of the interpreter has but the module.
const (
	partModule  = iota // sum of the user's module; the interpreter's: the module itself
	partOutline        // the user's module, see outline
	partStub           // the module that wazero compiled, each body replaced by `unreachable`
	partOffsets        // of the functions in the code
	partDerived        // see derived
	partCount
)

func (m *Module) derived() derived {
	return derived{m.wrappers, m.firstWrapper, m.initializer, m.injected, m.depth, m.growHook}
}

func (m *Module) derive(d derived) {
	m.wrappers, m.firstWrapper, m.initializer = d.Wrappers, d.FirstWrapper, d.Initializer
	m.injected, m.depth, m.growHook = d.Injected, d.Depth, d.GrowHook
}

// Serialize returns the module as an artefact, signed if there is a key.
func (m *Module) Serialize(key []byte) ([]byte, error) {
	properties := m.store.properties(m.compiler)
	if m.compiler == Interpreter {
		return artefact.New(properties, [][]byte{m.binary}, nil).Bytes(key), nil
	}
	code, err := codeOf(m.compiled)
	if err != nil {
		return nil, err
	}
	stub := m.stub
	if stub == nil {
		if stub, err = m.makeStub(); err != nil {
			return nil, err
		}
	}
	parts := [][]byte{m.sum[:], m.outline(), stub, code.offsets, m.derived().encode()}
	out := artefact.New(properties, parts, code.bytes).Bytes(key)
	runtime.KeepAlive(code) // which owns the bytes
	return out, nil
}

// makeStub returns the module that wazero has compiled, with each body replaced by `unreachable`: wazero reads from it
// all that it needs beside the code. The sum of the user's module makes it differ from that of all others.
func (m *Module) makeStub() ([]byte, error) {
	again, err := m.store.newModule(m.source, m.sum, m.compiler)
	if err != nil {
		return nil, err
	}
	stub, err := again.rewrite()
	if err != nil {
		return nil, err
	}
	code := wasm.Code{Body: wasm.Expr{Bytes: wasm.OpEnd.Append(wasm.OpUnreachable.Append(nil))}}
	stub.Code = slices.Repeat([]wasm.Code{code}, len(stub.Code))
	stub.Customs = append(slices.Clone(stub.Customs), wasm.Custom{Name: "pywasm", After: wasm.SectionData, Bytes: m.sum[:]})
	return stub.Encode(), nil
}

// outline returns the user's module without data and with the shortest bodies of which the engine finds out the same:
// whether a function ends at once, and whether it can be entered without Go.
func (m *Module) outline() []byte {
	p := *m.source
	p.Sections, p.Data, p.DataCount = nil, nil, nil
	p.Code = make([]wasm.Code, len(m.source.Code))
	imports := m.functions - uint32(len(p.Code))
	for i := range p.Code {
		p.Code[i].Body.Bytes = m.outlined(imports + uint32(i))
	}
	return p.Encode()
}

func (m *Module) outlined(function uint32) []byte {
	switch {
	case !m.endsAtOnce(function):
		return []byte{byte(wasm.OpLoop), 0x40, byte(wasm.OpEnd), byte(wasm.OpEnd)}
	case !m.entersDirectly(function):
		return []byte{byte(wasm.OpRefFunc), 0, byte(wasm.OpEnd)}
	}
	return []byte{byte(wasm.OpUnreachable), byte(wasm.OpEnd)}
}

// Deserialize makes a module of an artefact. To do so is to trust it: its code runs as it is. With a key, it must have been
// signed with it.
func (s *Store) Deserialize(from io.ReaderAt, size int64, key []byte) (*Module, error) {
	a, err := artefact.Open(from, size, key)
	if err != nil {
		return nil, err
	}
	compiler, err := s.check(a.Properties)
	if err != nil {
		return nil, err
	}
	if compiler == Interpreter {
		return s.loadInterpreted(a)
	}
	if len(a.Parts) != partCount || len(a.Parts[partModule]) != sha256.Size {
		return nil, damaged(errors.New("it has not the parts of one with machine code"))
	}
	outline, err := wasm.Decode(a.Parts[partOutline])
	if err != nil {
		return nil, damaged(err)
	}
	m, err := s.newModule(outline, [sha256.Size]byte(a.Parts[partModule]), compiler)
	if err != nil {
		return nil, err
	}
	d, ok := decodeDerived(a.Parts[partDerived])
	if !ok {
		return nil, damaged(errors.New("what was derived of the module is not what this pywasm derives"))
	}
	m.derive(d)
	m.stub = a.Parts[partStub]
	if err := m.loadCode(a); err != nil {
		return nil, err
	}
	return m, s.register(m)
}

// loadCode gives wazero the stub and the code. None of it has run when it turns out to be damaged.
func (m *Module) loadCode(a *artefact.Artefact) (err error) {
	code := &codeStream{from: a.Code, offsets: a.Parts[partOffsets], size: a.CodeSize}
	if m.compiled, err = m.runtime.load(m.stub, code); err != nil {
		return damaged(err)
	}
	if err = code.check(a.CodeSum); err != nil {
		err = damaged(err)
	} else if has, failed := codeOf(m.compiled); failed != nil {
		err = failed
	} else if uint64(len(has.bytes)) != code.size || !bytes.Equal(has.offsets, code.offsets) {
		err = fail(CodeInternal, "wazero has other code than it was given: this version is not supported")
	}
	if err != nil {
		_ = m.compiled.Close(context.Background())
	}
	return err
}

func damaged(why error) error { return artefact.Errorf("the artefact is damaged: %v", why) }

func (s *Store) loadInterpreted(a *artefact.Artefact) (*Module, error) {
	if len(a.Parts) != 1 {
		return nil, damaged(errors.New("it has not the parts of one for the interpreter"))
	}
	source, err := decode(a.Parts[partModule])
	if err != nil {
		return nil, damaged(err)
	}
	m, _, _, err := s.plan(source, a.Parts[partModule], s.compilerFor(source))
	if err != nil {
		return nil, err
	}
	if m.compiler != Interpreter && !s.headless {
		return nil, incompatible(artefact.Property{Name: "compiler", Value: string(Interpreter)}, string(s.compiler))
	}
	return s.await(func(t *task) (*Module, error) { return s.compile(t, source, a.Parts[partModule], Interpreter) })
}
