package wasm

import "fmt"

// Error is why a module was refused.
type Error struct {
	Offset    int    // in the file
	Msg       string // begins with the words that the specification's test suite expects, where it has some
	Feature   string // the feature that the module uses and this package does not support, if that is the reason
	Malformed bool   // the bytes are not a module at all; otherwise the module is not valid
	Func      int    // index of the function whose body is wrong, or -1
}

// Error returns the message and where it applies: "unexpected end (at offset 0x1f2)".
func (e *Error) Error() string {
	switch {
	case e.Feature != "":
		return e.Msg // names the offset itself
	case e.Func >= 0:
		return fmt.Sprintf("%s (function %d, at offset %#x)", e.Msg, e.Func, e.Offset)
	}
	return fmt.Sprintf("%s (at offset %#x)", e.Msg, e.Offset)
}

func malformed(offset int, msg string) *Error {
	return &Error{Offset: offset, Msg: msg, Malformed: true, Func: -1}
}

// unsupported is the error for a module that uses a feature of a known proposal: what names the thing.
func unsupported(offset int, f Feature, what string) *Error {
	return &Error{
		Offset: offset, Feature: f.String(), Func: -1,
		Msg: fmt.Sprintf("uses %s: %s at offset %#x, not supported by this engine", f, what, offset),
	}
}
