// Package wasi gives guests the functions of WASI preview 1, and of its predecessor wasi_unstable, over files, streams and clocks
// that the embedder chooses.
//
// A Config says what an Environment holds. Environment.Functions gives the host functions, which work on the memory of whichever
// instance calls them; several instances may share an environment. Nothing of the host is reachable that the Config does not name.
//
// The functions are specified in https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md.
package wasi
