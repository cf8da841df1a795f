package engine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero/sys"
)

// Code says what kind of error an Error is. The bridge maps each to one exception class.
type Code string

// The codes.
const (
	CodeCompile     Code = "compile"     // the module is malformed, invalid, or uses what is not supported
	CodeLink        Code = "link"        // imports are missing or do not match
	CodeDeserialize Code = "deserialize" // something is no artefact that can be loaded here, see artefact.Error
	CodeTrap        Code = "trap"        // the guest trapped
	CodeLimit       Code = "limit"       // more was asked for than the limits allow
	CodeFuel        Code = "fuel"        // the guest has used up its fuel
	CodeExit        Code = "exit"        // the guest ended itself through WASI
	CodeUnsupported Code = "unsupported" // this machine or engine cannot do it
	CodeClosed      Code = "closed"      // the store, module or instance is closed
	CodeType        Code = "type"        // a reference of another type was wanted
	CodeRuntime     Code = "runtime"     // anything else that the user can do something about
	CodeInternal    Code = "internal"    // a bug of ours or of wazero
)

// Error is what this package returns.
type Error struct {
	Code   Code
	Text   string
	Trap   string  // the specification's text of a trap
	Frames []Frame // of a trap, innermost first
	Exit   uint32  // the exit code, for CodeExit
}

// Frame is a function on the stack of the guest.
type Frame struct {
	Module   string // name of the module, if it has one
	Index    uint32
	Function string // name of the function, if it has one
}

// Error implements error.
func (e *Error) Error() string { return e.Text }

func fail(code Code, text string) *Error { return &Error{Code: code, Text: text} }

// ErrRaised is what a host function panics with to unwind the guest after it parked an error of its own.
var ErrRaised = errors.New("raised by a host function")

// Raised is returned by a call that a host function unwound: Frames says through which functions.
type Raised struct{ Frames []Frame }

// Error implements error.
func (r *Raised) Error() string { return ErrRaised.Error() }

// traps maps wazero's texts to those of the specification.
var traps = map[string]string{
	"unreachable":                   "unreachable",
	"integer divide by zero":        "integer divide by zero",
	"integer overflow":              "integer overflow",
	"invalid conversion to integer": "invalid conversion to integer",
	"out of bounds memory access":   "out of bounds memory access",
	"invalid table access":          "out of bounds table access",
	"indirect call type mismatch":   "indirect call type mismatch",
	"stack overflow":                "call stack exhausted",
	"unaligned atomic":              "unaligned atomic",
	"expected shared memory":        "expected shared memory",
	"too many waiters":              "too many waiters",
	"uncaught exception":            "unhandled exception",
	"null reference":                "null reference",
}

// translate turns what a call of wazero returned into *Raised or *Error.
func (s *Store) translate(err error) error {
	if exit := (*sys.ExitError)(nil); errors.As(err, &exit) {
		code := exit.ExitCode()
		return &Error{Code: CodeExit, Text: fmt.Sprintf("WASI exited with code: %d", code), Exit: code}
	}
	text := err.Error()
	frames := s.frames(text)
	if errors.Is(err, ErrRaised) {
		return &Raised{frames}
	}
	if own := (*Error)(nil); errors.As(err, &own) {
		return own
	}
	head, _, _ := strings.Cut(text, "\n")
	head = strings.TrimPrefix(strings.TrimSuffix(head, " (recovered by wazero)"), "wasm error: ")
	if trap, ok := traps[head]; ok {
		return &Error{Code: CodeTrap, Text: describe(trap, frames), Trap: trap, Frames: frames}
	}
	if strings.Contains(text, "Go runtime stack trace:") {
		return fail(CodeInternal, "internal error: "+text)
	}
	return fail(CodeRuntime, head)
}

func (s *Store) frames(text string) []Frame {
	var frames []Frame
	for line := range strings.Lines(text) {
		name, index, ok := frameLine(line)
		if !ok {
			continue
		}
		s.mu.RLock()
		m := s.modules[name]
		s.mu.RUnlock()
		if m == nil || index >= m.functions {
			continue // not ours, or a wrapper that the user has not written
		}
		frames = append(frames, m.frame(index))
	}
	return frames
}

// frameLine takes a line of wazero's stack trace apart: a tab, then module.$index(params) results. Our modules carry a
// tag as their name and no names of functions, see Module.prepare.
func frameLine(line string) (module string, index uint32, ok bool) {
	line, ok = strings.CutPrefix(line, "\t")
	module, rest, found := strings.Cut(line, ".$")
	digits, _, called := strings.Cut(rest, "(")
	number, err := strconv.ParseUint(digits, 10, 32)
	return module, uint32(number), ok && found && called && err == nil
}

// describe gives a trap its text, with the frames as wasmer shows them.
func describe(trap string, frames []Frame) string {
	var b strings.Builder
	b.WriteString(trap)
	for _, f := range frames {
		fmt.Fprintf(&b, "\n    at %s", f)
	}
	return b.String()
}

// String returns name (<module>[index]).
func (f Frame) String() string {
	name, module := f.Function, f.Module
	if name == "" {
		name = "<unnamed>"
	}
	if module == "" {
		module = "<module>"
	}
	return fmt.Sprintf("%s (%s[%d])", name, module, f.Index)
}
