//go:build linux || darwin

package confined

import (
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"golang.org/x/sys/unix"
)

// openTries bounds how often an open starts over because a link was put where none stood a moment before.
const openTries = 16

func (d *dir) Open(path string, how vfs.How) (vfs.Node, error) {
	follow := how.Follow && !how.Exclusive
	for try := 1; ; try++ {
		p, err := d.find(path, follow)
		if err != nil {
			return nil, err
		}
		fd, err := openAt(p, how)
		closeBase(p.Dir)
		if err == unix.ELOOP && follow && try < openTries {
			continue
		}
		if err != nil {
			return nil, errno(err)
		}
		return d.opened(fd)
	}
}

// openAt opens the name of a place. It never waits, whatever the name turns out to be.
func openAt(p vfs.Place[base], how vfs.How) (int, error) {
	flags := unix.O_NOFOLLOW | unix.O_CLOEXEC | unix.O_NONBLOCK | unix.O_NOCTTY
	for _, f := range []struct {
		on   bool
		flag int
	}{
		{how.Create, unix.O_CREAT},
		{how.Exclusive, unix.O_EXCL},
		{how.Truncate, unix.O_TRUNC},
		{how.Directory, unix.O_DIRECTORY},
		{how.Sync, unix.O_SYNC},
		{how.DataSync, unix.O_DSYNC},
	} {
		if f.on {
			flags |= f.flag
		}
	}
	switch {
	case (how.Write || how.Truncate) && how.Read:
		flags |= unix.O_RDWR
	case how.Write || how.Truncate:
		flags |= unix.O_WRONLY
	}
	if p.Slash {
		if how.Create {
			return -1, vfs.EISDIR
		}
		flags |= unix.O_DIRECTORY
	}
	return retryFD(func() (int, error) { return host.openat(p.Dir.fd, p.Name, flags, 0o666) })
}

// opened makes a node of fd. FIFOs, sockets and disks are refused: reading them could wait for ever, or do harm.
func (d *dir) opened(fd int) (vfs.Node, error) {
	n := node{fd}
	st, err := n.Stat()
	switch {
	case err != nil:
	case st.Type == vfs.Directory:
		return &dir{node: n, parent: d.parent, mount: d.mount}, nil
	case d.mount.hides(fd, st):
		err = vfs.EACCES
	case st.Type == vfs.Regular:
		return &file{node: n}, nil
	case st.Type == vfs.CharDevice:
		return &file{node: n, device: true}, nil
	default:
		err = vfs.ENOTSUP
	}
	unix.Close(fd)
	return nil, err
}

// hides says whether a file belongs to a procfs that lies in the mount, as where somebody mounts "/". Who did so meant the files of
// the disk, and not the memory and the environment of this process.
func (m *mount) hides(fd int, st vfs.Stat) bool {
	return st.Dev != m.dev && !m.isProc && isProc(fd)
}
