// Package engine runs WebAssembly: stores, modules and instances over wazero. It knows nothing of Python; what calls it
// holds its externs alive (see Instance).
package engine
