package wat

import "github.com/pywasm-go/pywasm/core/wasm"

// Script is a .wast file: modules, and what should happen to them.
//
// https://github.com/WebAssembly/spec/tree/main/interpreter#scripts
type Script struct {
	Commands []Command
}

// CommandKind says what a command does or asserts.
type CommandKind uint8

// The commands.
const (
	CommandModule         CommandKind = iota // define Module, and instantiate it unless it is a definition
	CommandInstance                          // instantiate the definition Of under the name ID
	CommandRegister                          // make the instance ID importable as Name
	CommandAction                            // perform Action
	AssertReturn                             // Action gives Results
	AssertTrap                               // Action, or instantiating Module, traps with Message
	AssertExhaustion                         // Action exhausts the stack
	AssertException                          // Action throws an exception that nothing catches
	AssertInvalid                            // Module is well-formed but not valid
	AssertMalformed                          // Module is not well-formed
	AssertUnlinkable                         // Module cannot be linked
	AssertInvalidCustom                      // an annotation of Module is not valid
	AssertMalformedCustom                    // an annotation of Module is not well-formed
)

// Command is one command of a script. Kind says which fields hold.
type Command struct {
	Kind    CommandKind
	Line    int
	Module  *ScriptModule
	Action  *Action
	Results []Pattern
	Message string
	Name    string
	ID, Of  string
}

// ScriptModule is a module within a script.
type ScriptModule struct {
	ID         string
	Definition bool
	// Text says that it is written as text, in the script itself or quoted.
	Text   bool
	binary []byte
	err    error
}

// Binary is the module in the binary format, or why its text is malformed.
func (m *ScriptModule) Binary() ([]byte, error) { return m.binary, m.err }

// Action invokes a function, or reads a global if Get, exported as Name by the
// instance ID, or by the latest one if that is empty.
type Action struct {
	Get      bool
	ID, Name string
	Args     []Value
}

// scripts parses scripts.
type scripts struct{ cursor }

// ParseScript reads a script. A module that is malformed makes no error here:
// its ScriptModule holds it.
func ParseScript(src []byte) (*Script, error) {
	s := &scripts{cursor: newCursor(src)}
	out := &Script{}
	if s.kind() == tokLParen && commandParsers[string(s.head())] == nil {
		m, err := Parse(src)
		c := Command{Line: 1, Module: &ScriptModule{Text: true}}
		c.Module.set(m, err)
		out.Commands = append(out.Commands, c)
		return out, nil
	}
	for s.kind() != tokEOF && s.err == nil {
		line, _, _ := s.source.position(int(s.tok().off))
		c := Command{Line: line}
		parse := commandParsers[string(s.head())]
		if parse == nil {
			s.accept(tokLParen)
			s.unexpected("a command")
			break
		}
		s.pos += 2
		parse(s, &c)
		s.close()
		out.Commands = append(out.Commands, c)
	}
	if s.err != nil {
		return nil, s.err
	}
	return out, nil
}

// commandParsers parse commands, behind their keyword. (Set in init, as these
// functions lead back to it.)
var commandParsers map[string]func(*scripts, *Command)

func init() {
	commandParsers = map[string]func(*scripts, *Command){
		"module":   (*scripts).module,
		"register": (*scripts).register,
		"invoke":   (*scripts).action,
		"get":      (*scripts).action,

		"assert_return":           (*scripts).assertReturn,
		"assert_trap":             (*scripts).assertTrap,
		"assert_exhaustion":       assertAction(AssertExhaustion, true),
		"assert_exception":        assertAction(AssertException, false),
		"assert_invalid":          assertModule(AssertInvalid),
		"assert_malformed":        assertModule(AssertMalformed),
		"assert_unlinkable":       assertModule(AssertUnlinkable),
		"assert_invalid_custom":   assertModule(AssertInvalidCustom),
		"assert_malformed_custom": assertModule(AssertMalformedCustom),
	}
}

func (s *scripts) id() string {
	if s.kind() != tokID {
		return ""
	}
	return s.identifier(s.next())
}

// module parses what follows "(module" as a command.
func (s *scripts) module(c *Command) {
	if s.word("instance") {
		c.Kind, c.ID, c.Of = CommandInstance, s.id(), s.id()
		return
	}
	c.Module = s.moduleBody()
}

// moduleBody parses what follows "(module" in any place, up to its ")".
func (s *scripts) moduleBody() *ScriptModule {
	m := &ScriptModule{Definition: s.word("definition")}
	start := s.pos
	m.ID = s.id()
	switch {
	case s.word("binary"):
		m.binary = s.strings()
	case s.word("quote"):
		m.Text = true
		m.set(Parse(s.strings()))
	default:
		m.Text = true
		s.pos = start
		s.inlineModule(m)
	}
	return m
}

// inlineModule parses a module that is part of the script. If that fails, the
// script goes on behind it.
func (s *scripts) inlineModule(m *ScriptModule) {
	p := newParser(s.cursor)
	p.module()
	if p.err == nil && p.kind() != tokRParen {
		p.unexpected("a module field or )")
	}
	if p.err == nil {
		m.set(&p.m, nil)
		s.pos = p.pos
		return
	}
	m.set(nil, p.err)
	s.skipForm()
}

// skipForm passes all up to the parenthesis that closes the form at hand.
func (s *scripts) skipForm() {
	for !s.atClose() {
		if k := s.kind(); k == tokLParen || k == tokAnnot {
			s.pos = int(s.tok().match)
		}
		s.next()
	}
}

func (m *ScriptModule) set(parsed *wasm.Module, err error) {
	if err != nil {
		m.err = err
		return
	}
	m.binary = parsed.Encode()
}

func (s *scripts) register(c *Command) {
	c.Kind = CommandRegister
	c.Name = s.name("a module name")
	c.ID = s.id()
}

// action parses an action as a command; the keyword is the token before.
func (s *scripts) action(c *Command) {
	c.Kind = CommandAction
	c.Action = s.actionBody(string(s.spelling(&s.toks[s.pos-1])))
}

func (s *scripts) actionBody(word string) *Action {
	a := &Action{Get: word == "get", ID: s.id(), Name: s.name("an export name")}
	for !s.atClose() {
		a.Args = append(a.Args, s.value())
	}
	return a
}

// anAction parses "(invoke ...)" or "(get ...)".
func (s *scripts) anAction() *Action {
	word := string(s.head())
	if word != "invoke" && word != "get" {
		s.accept(tokLParen)
		s.unexpected("invoke or get")
		return nil
	}
	s.form(word)
	a := s.actionBody(word)
	s.close()
	return a
}

func (s *scripts) assertReturn(c *Command) {
	c.Kind = AssertReturn
	c.Action = s.anAction()
	for !s.atClose() {
		c.Results = append(c.Results, s.pattern())
	}
}

func (s *scripts) assertTrap(c *Command) {
	c.Kind = AssertTrap
	if s.form("module") {
		c.Module = s.moduleBody()
		s.close()
	} else {
		c.Action = s.anAction()
	}
	c.Message = s.name("a message")
}

func assertAction(kind CommandKind, message bool) func(*scripts, *Command) {
	return func(s *scripts, c *Command) {
		c.Kind = kind
		c.Action = s.anAction()
		if message {
			c.Message = s.name("a message")
		}
	}
}

func assertModule(kind CommandKind) func(*scripts, *Command) {
	return func(s *scripts, c *Command) {
		c.Kind = kind
		if !s.form("module") {
			s.unexpected("(module")
			return
		}
		c.Module = s.moduleBody()
		s.close()
		c.Message = s.name("a message")
	}
}
