// Package bridge is the control plane between Python and Go: what gopy wraps. It compiles, inspects and configures;
// calls, callbacks and memory go through package lib, which is faster.
//
// Every exported function returns its error through guard, so that it reaches Python as text that
// bridge/native/errors.c can read, and no panic passes.
package bridge
