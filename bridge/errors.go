package bridge

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pywasm-go/pywasm/core/artefact"
	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/pywasm-go/pywasm/core/wasm"
	"github.com/pywasm-go/pywasm/core/wat"
)

// wireError is an error whose text is a code, a message and details, divided by unit separators.
type wireError string

// Error implements error.
func (e wireError) Error() string { return string(e) }

const separator = "\x1f"

// guard is deferred by every exported function: it makes a wireError of an error or a panic.
func guard(err *error) {
	if r := recover(); r != nil {
		*err = wireError(Text(fmt.Errorf("panic: %v", r)))
	} else if *err != nil {
		*err = wireError(Text(*err))
	}
}

// detail is what an exception class takes beside its message.
type detail struct {
	Trap   string  `json:"trap,omitempty"`
	Frames []frame `json:"frames,omitempty"`
	Exit   *uint32 `json:"exit,omitempty"`
}

type frame struct {
	Module   string `json:"module"`
	Index    uint32 `json:"index"`
	Function string `json:"function"`
}

// Text returns err as bridge/native/errors.c reads it: code, message, details in JSON.
func Text(err error) string {
	code, message, more := engine.CodeInternal, err.Error(), detail{}
	var own *engine.Error
	var raised *engine.Raised
	var text *wat.Error
	var binary *wasm.Error
	var config *wasi.ConfigError
	var unloadable *artefact.Error
	switch {
	case errors.As(err, &own):
		code, message = own.Code, own.Text
		more.Trap, more.Frames = own.Trap, frames(own.Frames)
		if own.Code == engine.CodeExit {
			more.Exit = &own.Exit
		}
	case errors.As(err, &raised):
		code, more.Frames = "raised", frames(raised.Frames)
	case errors.As(err, &text), errors.As(err, &binary):
		code = engine.CodeCompile
	case errors.As(err, &unloadable):
		code = engine.CodeDeserialize
	case errors.As(err, &config):
		code = engine.CodeRuntime
	}
	out := string(code) + separator + strings.ReplaceAll(message, separator, "?")
	if encoded := toJSON(more); encoded != "{}" {
		out += separator + encoded
	}
	return strings.ReplaceAll(out, "\x00", "\\x00") // the text crosses as a C string
}

func frames(in []engine.Frame) []frame {
	out := make([]frame, len(in))
	for i, f := range in {
		out[i] = frame(f)
	}
	return out
}
