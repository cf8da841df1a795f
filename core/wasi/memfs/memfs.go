// Package memfs is a file system in memory, filled from a map before a guest runs and read back after it.
package memfs

import (
	"fmt"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// FS is the file system. Several environments may use one at the same time.
type FS struct {
	mu    sync.Mutex // over every node
	root  *node
	dev   uint64
	inos  uint64
	now   func() int64
	quota *vfs.Quota
}

// node is a file, directory or symbolic link.
type node struct {
	typ                 vfs.FileType
	ino, nlink          uint64
	atime, mtime, ctime int64
	data                []byte           // of a file, or the target of a link
	names               map[string]*node // of a directory
	parent              *node            // of a directory; nil once it is removed, itself for the root
}

var devices atomic.Uint64

// New makes a file system that holds the files, with the directories they need, and may hold so many bytes in all.
// The names are slash-separated paths from the root, with or without a slash in front; a name that ends in a slash is an empty
// directory. now gives the time for new files, in nanoseconds since 1970.
func New(files map[string][]byte, quota int64, now func() int64) (*FS, error) {
	fs := &FS{dev: devices.Add(1) << 32, now: now}
	fs.root = fs.newNode(vfs.Directory)
	fs.root.parent = fs.root
	var used int64
	for name, data := range files {
		if used += int64(len(data)); used > quota {
			return nil, fmt.Errorf("in-memory file system: the files hold more than the quota of %d bytes", quota)
		}
		if err := fs.put(name, data); err != nil {
			return nil, fmt.Errorf("in-memory file system: %q: %w", name, err)
		}
	}
	if fs.inos > vfs.MaxEntries {
		return nil, fmt.Errorf("in-memory file system: more than %d files", vfs.MaxEntries)
	}
	fs.quota = vfs.NewQuota(quota-used, vfs.MaxEntries-int(fs.inos))
	return fs, nil
}

// put adds one file of the map given to New.
func (fs *FS) put(name string, data []byte) error {
	if !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		return vfs.EILSEQ
	}
	if above := path.Clean(strings.TrimLeft(name, "/")); above == ".." || strings.HasPrefix(above, "../") {
		return vfs.ENOTCAPABLE
	}
	clean := path.Clean("/" + name)
	if len(clean) > vfs.MaxPath || strings.Count(clean, "/") > vfs.MaxDepth {
		return vfs.ENAMETOOLONG
	}
	isDir := strings.HasSuffix(name, "/") || clean == "/"
	if isDir && len(data) > 0 {
		return vfs.EISDIR
	}
	dir := fs.root
	parts := strings.Split(clean[1:], "/")
	for i, part := range parts {
		if part == "" {
			continue
		}
		last := i == len(parts)-1 && !isDir
		next := dir.names[part]
		switch {
		case len(part) > maxName:
			return vfs.ENAMETOOLONG
		case next != nil && (last || next.typ != vfs.Directory):
			return vfs.EEXIST
		case next == nil && last:
			next = fs.newNode(vfs.Regular)
			next.data = append([]byte(nil), data...)
			fs.enter(dir, part, next)
		case next == nil:
			next = fs.newNode(vfs.Directory)
			fs.enter(dir, part, next)
		}
		dir = next
	}
	return nil
}

// Root opens the root directory.
func (fs *FS) Root() vfs.Dir { return fs.quota.Limit(&dir{open{fs: fs, node: fs.root}, nil, false}) }

// Files gives all regular files by path, as New takes them.
func (fs *FS) Files() map[string][]byte {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	files := map[string][]byte{}
	fs.root.collect("", files)
	return files
}

func (n *node) collect(prefix string, files map[string][]byte) {
	for name, child := range n.names {
		switch child.typ {
		case vfs.Directory:
			child.collect(prefix+name+"/", files)
		case vfs.Regular:
			files[prefix+name] = append([]byte(nil), child.data...)
		}
	}
}

func (fs *FS) newNode(typ vfs.FileType) *node {
	fs.inos++
	now := fs.now()
	n := &node{typ: typ, ino: fs.inos, nlink: 1, atime: now, mtime: now, ctime: now}
	if typ == vfs.Directory {
		n.names = map[string]*node{}
	}
	return n
}

// enter gives n a name in d.
func (fs *FS) enter(d *node, name string, n *node) {
	d.names[name] = n
	if n.typ == vfs.Directory {
		n.parent = d
	}
	fs.modified(d)
}

// leave takes a name out of d.
func (fs *FS) leave(d *node, name string) {
	n := d.names[name]
	delete(d.names, name)
	if n.typ == vfs.Directory {
		n.parent = nil
	}
	n.nlink--
	n.ctime = fs.now()
	fs.modified(d)
}

func (fs *FS) modified(n *node) {
	n.mtime = fs.now()
	n.ctime = n.mtime
}
