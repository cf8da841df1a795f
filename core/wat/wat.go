// Package wat reads and writes the WebAssembly text format, and reads the
// scripts (.wast) of the specification's test suite.
//
// A text becomes a list of tokens (lex.go), which a parser walks over twice
// (parser.go): to find what is defined (declare.go), then to build the module
// (fields.go, types.go, segments.go, instr.go). The mnemonics of instructions
// are those of core/wasm. Printing goes through print.go, printtype.go and
// printcode.go.
//
// https://webassembly.github.io/spec/core/text/index.html
package wat

// ToBinary translates a module from the text format to the binary format. It
// does not validate.
func ToBinary(src []byte) ([]byte, error) {
	m, err := Parse(src)
	if err != nil {
		return nil, err
	}
	return m.Encode(), nil
}
