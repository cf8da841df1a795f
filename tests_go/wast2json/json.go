package main

import (
	"math/big"

	"github.com/pywasm-go/pywasm/core/wasm"
	"github.com/pywasm-go/pywasm/core/wat"
	"github.com/pywasm-go/pywasm/tests_go/spec"
)

// script is a script. Found is where it was found: its name, unless an older copy stands in.
type script struct {
	Name     string    `json:"name"`
	Found    string    `json:"found"`
	Commands []command `json:"commands"`
}

// kinds names the commands as the scripts do.
var kinds = [...]string{
	"module", "instance", "register", "action", "assert_return", "assert_trap", "assert_exhaustion", "assert_exception",
	"assert_invalid", "assert_malformed", "assert_unlinkable", "assert_invalid_custom", "assert_malformed_custom",
}

// command is a wat.Command; of Messages, an error must have one.
type command struct {
	Kind     string    `json:"kind"`
	Line     int       `json:"line"`
	ID       string    `json:"id"`
	Of       string    `json:"of,omitempty"`
	Name     string    `json:"name,omitempty"`
	Messages []string  `json:"messages,omitempty"`
	Module   *module   `json:"module,omitempty"`
	Action   *action   `json:"action,omitempty"`
	Results  []pattern `json:"results,omitempty"`
}

// module is a module in base64, or why its text is none.
type module struct {
	ID         string `json:"id"`
	Definition bool   `json:"definition"`
	Binary     []byte `json:"binary"`
	Error      string `json:"error"`
}

type action struct {
	Get  bool    `json:"get"`
	ID   string  `json:"id"`
	Name string  `json:"name"`
	Args []value `json:"args"`
}

// value is a number by its bits, or a reference by its heap type and number.
type value struct {
	Type string   `json:"type"`
	Bits *big.Int `json:"bits,omitempty"`
	Null bool     `json:"null,omitempty"`
}

// pattern is a wat.Pattern. Type is "" if any reference will do.
type pattern struct {
	Type    string    `json:"type"`
	Lanes   []lane    `json:"lanes,omitempty"`
	Null    bool      `json:"null,omitempty"`
	ID      *uint64   `json:"id,omitempty"`
	Either  []pattern `json:"either,omitempty"`
	Foreign bool      `json:"foreign,omitempty"`
}

type lane struct {
	Width uint   `json:"width"`
	Bits  uint64 `json:"bits"`
	NaN   string `json:"nan,omitempty"`
}

var classes = [...]string{wat.NotNaN: "", wat.CanonicalNaN: "canonical", wat.ArithmeticNaN: "arithmetic"}

func translate(c *wat.Command) command {
	out := command{Kind: kinds[c.Kind], Line: c.Line, ID: c.ID, Of: c.Of, Name: c.Name, Results: patterns(c.Results)}
	if c.Message != "" {
		out.Messages = spec.Wordings(c.Message)
	}
	if c.Module != nil {
		out.Module = &module{ID: c.Module.ID, Definition: c.Module.Definition}
		binary, err := c.Module.Binary()
		if err != nil {
			out.Module.Error = err.Error()
		}
		out.Module.Binary = binary
	}
	if a := c.Action; a != nil {
		out.Action = &action{Get: a.Get, ID: a.ID, Name: a.Name, Args: []value{}}
		for _, v := range a.Args {
			out.Action.Args = append(out.Action.Args, valueOf(v))
		}
	}
	return out
}

func valueOf(v wat.Value) value {
	bits := new(big.Int).SetUint64(v.Bits[1])
	bits.Lsh(bits, 64).Or(bits, new(big.Int).SetUint64(v.Bits[0]))
	return value{Type: typeName(v.Type), Bits: bits, Null: v.Null}
}

func patterns(in []wat.Pattern) (out []pattern) {
	for i := range in {
		p := &in[i]
		q := pattern{Type: typeName(p.Type), Null: p.Null, Either: patterns(p.Either), Foreign: p.Foreign}
		if p.HasID {
			q.ID = &p.ID
		}
		for _, l := range p.Lanes {
			q.Lanes = append(q.Lanes, lane{l.Width, l.Bits, classes[l.NaN]})
		}
		out = append(out, q)
	}
	return out
}

// typeName names a type; references by their heap type alone.
func typeName(t wasm.ValType) string {
	switch {
	case t == 0:
		return ""
	case t.IsRef():
		return t.Heap().String()
	}
	return t.String()
}
