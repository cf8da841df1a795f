package confined

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMagicLinksWithoutBeneath: on a kernel where RESOLVE_BENEATH does not imply it, the links of a procfs are not followed either.
func TestMagicLinksWithoutBeneath(t *testing.T) {
	proc, err := unix.Open("/proc/self", openDirFlags, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(proc)
	for path, want := range map[string]error{"root": unix.ELOOP, "cwd/.": unix.ELOOP, "task/../cwd": unix.ELOOP, "fd": nil} {
		fd, err := openat2(proc, path, resolve&^unix.RESOLVE_BENEATH)
		if err == unix.ENOSYS || err == unix.EPERM {
			return // no openat2 here
		}
		if !errors.Is(err, want) {
			t.Errorf("open %s: %v, want %v", path, err, want)
		}
		if err == nil {
			unix.Close(fd)
		}
	}
}
