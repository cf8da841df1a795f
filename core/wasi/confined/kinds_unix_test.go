//go:build linux || darwin

package confined

import (
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

var hostKinds = []kind{
	{name: "host", open: openDir},
	{name: "walk", open: openWalking},
}

// openWalking opens a directory as a kernel without openat2 would have us do it.
func openWalking(path string) (vfs.Dir, error) {
	d, err := openDir(path)
	if err == nil {
		d.(*dir).parent = walk
	}
	return d, err
}
