package vfs

import "strings"

// Limits of paths. Longer ones fail with ENAMETOOLONG, whatever the host would take.
const (
	MaxPath  = 4096 // bytes of a path or of a symbolic link's target
	MaxDepth = 256  // components of a path, links followed; a walk may hold one host handle for each
	maxLinks = 40   // symbolic links followed in one resolution, as on Linux
)

// Split takes a path apart into the directory that holds its last component, that component, and whether slashes follow it.
// The leaf of a path that ends in "." or ".." is ".", in the directory that the whole path names.
func Split(path string) (parent, leaf string, slash bool, err error) {
	switch {
	case path == "":
		return "", "", false, ENOENT
	case path[0] == '/':
		return "", "", false, ENOTCAPABLE
	case len(path) > MaxPath || strings.Count(path, "/") > MaxDepth:
		return "", "", false, ENAMETOOLONG
	}
	trimmed := strings.TrimRight(path, "/")
	slash = len(trimmed) < len(path)
	parent, leaf = ".", trimmed
	if i := strings.LastIndexByte(trimmed, '/'); i >= 0 {
		parent, leaf = trimmed[:i], trimmed[i+1:]
	}
	if leaf == "." || leaf == ".." {
		return trimmed, ".", slash, nil
	}
	return parent, leaf, slash, nil
}

// Place is where a path leads: a name, which is no path, in an open directory.
type Place[D any] struct {
	Dir   D
	Name  string // "." for Dir itself
	Slash bool   // the path ended in a slash, so it may only mean a directory
}

// Finder resolves paths in a tree whose directories are of type D.
type Finder[D any] struct {
	// Open opens the directory that a relative path names, confined to the tree, following symbolic links.
	Open func(path string) (D, error)
	// Readlink reads a symbolic link in a directory, and fails with EINVAL if the name is something else.
	Readlink func(d D, name string) (string, error)
	Close    func(d D)
}

// Find resolves all but the last component of path, and also that one if follow is set or if a slash comes after it.
// Nothing that uses the Place may follow a link in its name; then a link that is put there in between cannot lead astray.
func (f Finder[D]) Find(path string, follow bool) (Place[D], error) {
	for links := 0; links <= maxLinks; links++ {
		parent, leaf, slash, err := Split(path)
		if err != nil {
			return Place[D]{}, err
		}
		dir, err := f.Open(parent)
		if err != nil {
			return Place[D]{}, err
		}
		place := Place[D]{dir, leaf, slash}
		if leaf == "." || !follow && !slash {
			return place, nil
		}
		target, err := f.Readlink(dir, leaf)
		if err != nil { // not a link, or nothing at all: for the caller to find out
			return place, nil
		}
		f.Close(dir)
		if path, err = splice(parent, target, slash); err != nil {
			return Place[D]{}, err
		}
	}
	return Place[D]{}, ELOOP
}

// splice gives the path that a link in parent leads to.
func splice(parent, target string, slash bool) (string, error) {
	if target == "" {
		return "", ENOENT
	}
	if target[0] == '/' {
		return "", ENOTCAPABLE
	}
	if parent != "." {
		target = parent + "/" + target
	}
	if slash {
		target += "/"
	}
	return target, nil
}
