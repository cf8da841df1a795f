package vfs

import "strings"

// Walker opens directories one component at a time, for trees where nothing else resolves paths.
type Walker[D any] struct {
	// Enter opens the directory name in d. It must not follow a symbolic link.
	Enter    func(d D, name string) (D, error)
	Readlink func(d D, name string) (string, error)
	Close    func(d D)
}

// Open opens the directory that path names, beneath root. It keeps the directories above open on the way, so that ".." goes back
// to the one it came from, wherever that may have been moved to meanwhile; root itself has no "..".
// The result is to be closed unless it is root; owned says so.
func (w Walker[D]) Open(root D, path string) (d D, owned bool, err error) {
	above := []D{root}
	defer func() {
		for _, d := range above[1:] {
			w.Close(d)
		}
	}()
	pending := path
	for links := 0; pending != ""; {
		var name string
		name, pending, _ = strings.Cut(pending, "/")
		top := above[len(above)-1]
		switch name {
		case "", ".":
			continue
		case "..":
			if len(above) == 1 {
				return d, false, ENOTCAPABLE
			}
			w.Close(top)
			above = above[:len(above)-1]
			continue
		}
		next, err := w.Enter(top, name)
		if err == nil {
			if above = append(above, next); len(above) > MaxDepth {
				return d, false, ENAMETOOLONG
			}
			continue
		}
		target, linkErr := w.Readlink(top, name)
		if linkErr != nil {
			return d, false, err
		}
		if links++; links > maxLinks {
			return d, false, ELOOP
		}
		if target, err = splice(".", target, false); err != nil {
			return d, false, err
		}
		if pending = target + "/" + pending; len(pending) > 2*MaxPath {
			return d, false, ENAMETOOLONG
		}
	}
	last := len(above) - 1
	d = above[last]
	above = above[:max(last, 1)]
	return d, last > 0, nil
}
