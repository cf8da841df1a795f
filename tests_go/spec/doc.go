// Package spec runs the WebAssembly specification's test suite through our own
// front end and engine, on every compiler.
package spec
