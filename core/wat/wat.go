// Package wat reads and writes the WebAssembly text format, and reads the
// scripts (.wast) of the specification's test suite.
package wat

// ToBinary translates a module from the text format to the binary format.
// Identifiers become a name section. The module is not validated.
func ToBinary(src []byte) ([]byte, error) {
	m, err := Parse(src)
	if err != nil {
		return nil, err
	}
	return m.Encode(), nil
}
