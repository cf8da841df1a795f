package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/wasm"
	"github.com/pywasm-go/pywasm/core/wat"
)

// script is a script being run.
type script struct {
	h           *host
	definitions map[string]*wat.ScriptModule
	instances   map[string]*slot
	registered  map[string]*slot
	current     *slot
	definition  *wat.ScriptModule
	// older says that the script is of an older suite, whose words and stages of
	// refusal differ: what it refuses must be refused, that is all.
	older bool
}

// slot holds an instance, or why there is none.
type slot struct {
	*instance
	err error
}

// missing is the error of a command that depends on a feature that is missing.
type missing struct{ feature string }

func (m missing) Error() string { return "missing " + m.feature }

func newScript(h *host, older bool) *script {
	return &script{
		h: h, older: older, definitions: map[string]*wat.ScriptModule{}, instances: map[string]*slot{}, registered: map[string]*slot{},
	}
}

// run performs a command and tells why it did not go as the script says.
func (s *script) run(c *wat.Command) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	switch c.Kind {
	case wat.CommandModule:
		return s.module(c.Module)
	case wat.CommandInstance:
		return s.instance(c)
	case wat.CommandRegister:
		i, err := s.find(c.ID)
		s.registered[c.Name] = i
		return err
	case wat.CommandAction:
		_, err := s.act(c.Action)
		return err
	case wat.AssertReturn:
		return s.assertReturn(c)
	case wat.AssertTrap, wat.AssertExhaustion, wat.AssertException:
		return s.assertTrap(c)
	case wat.AssertUnlinkable:
		return s.assertUnlinkable(c)
	}
	return s.assertRefused(c)
}

// binary translates and checks a module as far as that goes without running it.
func binary(m *wat.ScriptModule) ([]byte, error) {
	bin, err := m.Binary()
	if err != nil {
		return nil, withFeature(err)
	}
	decoded, err := wasm.Decode(bin)
	if err == nil {
		err = wasm.Validate(decoded)
	}
	return bin, withFeature(err)
}

func withFeature(err error) error {
	if f := feature(err); f != "" {
		return missing{f}
	}
	return err
}

func (s *script) module(m *wat.ScriptModule) error {
	bin, err := binary(m)
	if m.Definition {
		s.definitions[m.ID], s.definition = m, m
		return err
	}
	i := &slot{err: err}
	if err == nil {
		i.instance, i.err = s.h.instantiate(bin, s.resolve)
	}
	s.add(m.ID, i)
	return i.err
}

func (s *script) add(id string, i *slot) {
	s.current = i
	if id != "" {
		s.instances[id] = i
	}
}

func (s *script) instance(c *wat.Command) error {
	m := s.definition
	if c.Of != "" {
		m = s.definitions[c.Of]
	}
	if m == nil {
		return fmt.Errorf("no module %q is defined", c.Of)
	}
	bin, err := binary(m)
	i := &slot{err: err}
	if err == nil {
		i.instance, i.err = s.h.instantiate(bin, s.resolve)
	}
	s.add(c.ID, i)
	return i.err
}

// resolve finds what a module imports. An extern that is not there is left
// empty: to say so is for the engine.
func (s *script) resolve(module, name string) (engine.Extern, error) {
	if module == "spectest" {
		return s.h.spectest[name], nil
	}
	from := s.registered[module]
	switch {
	case from == nil:
		return engine.Extern{}, nil
	case from.err != nil:
		return engine.Extern{}, from.err
	}
	return from.exports[name], nil
}

func (s *script) find(id string) (*slot, error) {
	i := s.current
	if id != "" {
		i = s.instances[id]
	}
	if i == nil {
		return &slot{err: errors.New("no such instance")}, fmt.Errorf("no instance %q", id)
	}
	return i, i.err
}

func (s *script) act(a *wat.Action) ([]wat.Value, error) {
	i, err := s.find(a.ID)
	switch {
	case err != nil:
		return nil, err
	case a.Get:
		return i.get(a.Name)
	}
	return i.call(a.Name, a.Args)
}

func (s *script) assertReturn(c *wat.Command) error {
	got, err := s.act(c.Action)
	if err != nil {
		return err
	}
	if len(got) != len(c.Results) {
		return fmt.Errorf("%d results, expected %d", len(got), len(c.Results))
	}
	for k := range got {
		if !c.Results[k].Match(got[k]) {
			return fmt.Errorf("result %d is %s %x null=%v, expected %+v", k, got[k].Type, got[k].Bits, got[k].Null, c.Results[k])
		}
	}
	return nil
}

func (s *script) assertTrap(c *wat.Command) error {
	var err error
	if c.Module != nil {
		var bin []byte
		if bin, err = binary(c.Module); err != nil {
			return err
		}
		_, err = s.h.instantiate(bin, s.resolve)
	} else {
		_, err = s.act(c.Action)
	}
	message := c.Message
	if c.Kind == wat.AssertException {
		message = "unhandled exception"
	}
	e := (*engine.Error)(nil)
	switch {
	case err == nil:
		return fmt.Errorf("no trap, expected: %s", message)
	case !errors.As(err, &e) || e.Code != engine.CodeTrap || !says(e.Trap, message):
		return err
	}
	return nil
}

func (s *script) assertUnlinkable(c *wat.Command) error {
	bin, err := binary(c.Module)
	if err != nil {
		return err
	}
	_, err = s.h.instantiate(bin, s.resolve)
	e := (*engine.Error)(nil)
	switch {
	case err == nil:
		return fmt.Errorf("linked, expected: %s", c.Message)
	case !errors.As(err, &e) || e.Code != engine.CodeLink || !says(e.Text, c.Message):
		return err
	}
	return nil
}

// assertRefused checks that a module is refused at the stage that the assertion
// names, and with its words.
func (s *script) assertRefused(c *wat.Command) error {
	bin, textErr := c.Module.Binary()
	err := textErr
	isMalformed := err != nil
	later := s.older || c.Kind != wat.AssertMalformed || laterStage[c.Message]
	if err == nil && (later || !c.Module.Text) {
		var m *wasm.Module
		if m, err = wasm.Decode(bin); err == nil && later {
			err = wasm.Validate(m)
		}
		e := (*wasm.Error)(nil)
		isMalformed = errors.As(err, &e) && e.Malformed
	}
	wantMalformed := c.Kind == wat.AssertMalformed
	anyStage := laterStage[c.Message] || c.Kind == wat.AssertInvalidCustom || c.Kind == wat.AssertMalformedCustom
	switch {
	case err == nil:
		return fmt.Errorf("accepted, expected: %s", c.Message)
	case s.older, feature(err) != "" && says(err.Error(), c.Message):
		return nil
	case feature(err) != "":
		return missing{feature(err)}
	case isMalformed != wantMalformed && !anyStage:
		return fmt.Errorf("refused at the wrong stage: %w", err)
	case !says(err.Error(), c.Message):
		return fmt.Errorf("refused, but expected %q: %w", c.Message, err)
	}
	return nil
}

// rewordings are the words that we, or wazero, use in place of those of the suite.
var rewordings = map[string][]string{
	// wazero has one trap for all accesses to tables.
	"undefined element":       {"out of bounds table access"},
	"uninitialized element":   {"out of bounds table access"},
	"uninitialized element 2": {"out of bounds table access"},
	"uninitialized":           {"out of bounds table access"},
	"null function reference": {"null reference"},
	// The interpreter of the specification names what it found.
	"type mismatch: instruction requires [i32] but stack has []":    {"type mismatch"},
	"type mismatch: instruction requires [i32] but stack has [i64]": {"type mismatch"},
	// It also reads on behind the end of a section.
	"length out of bounds":   {"unexpected end of section or function"},
	"malformed storage type": {"malformed value type"},
	// Proposals gave a meaning to these bytes, by whose name they are refused.
	"unknown binary version": {"WebAssembly component"},
	"malformed limits flags": {"uses custom page sizes"},
	// The threads proposal still has this as a matter of syntax.
	"i32 constant out of range": {"memory size must be at most"},
}

// laterStage are faults that the main suite finds when it validates, where an
// older one finds them when it parses.
var laterStage = map[string]bool{"i32 constant out of range": true}

// Wordings returns the words one of which an error must have where a script
// expects message.
func Wordings(message string) []string {
	return append([]string{message}, rewordings[message]...)
}

func says(text, message string) bool {
	return slices.ContainsFunc(Wordings(message), func(words string) bool { return strings.Contains(text, words) })
}
