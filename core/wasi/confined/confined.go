// Package confined opens directories of the host as vfs.Dir: whatever path a guest gives, nothing outside of the directory is
// reached.
//
// On Linux and macOS the parent of the last component is opened beneath the directory, by openat2(2) where the kernel has it and
// else one component at a time, and then the last component is used by an *at call that does not follow links. There is no check
// before a use that somebody could invalidate. Elsewhere os.Root does the same work (root.go).
package confined

import "github.com/pywasm-go/pywasm/core/wasi/vfs"

// Open opens a directory of the host. Errors are those of package os, with the path in them: they are for the embedder.
func Open(path string) (vfs.Dir, error) { return openDir(path) }
