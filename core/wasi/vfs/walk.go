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
	t := trail[D]{Walker: w, above: []D{root}, pending: path}
	for t.pending != "" && err == nil {
		err = t.step()
	}
	last := len(t.above) - 1
	if d, owned = t.above[last], last > 0; owned && err == nil {
		t.above = t.above[:last]
	}
	for _, d := range t.above[1:] {
		w.Close(d)
	}
	return d, owned && err == nil, err
}

// trail is a walk under way.
type trail[D any] struct {
	Walker[D]
	above   []D    // the directories entered, root first
	pending string // what of the path is still to be walked
	links   int    // followed so far
}

// step takes the next component.
func (t *trail[D]) step() error {
	var name string
	name, t.pending, _ = strings.Cut(t.pending, "/")
	top := t.above[len(t.above)-1]
	switch name {
	case "", ".":
		return nil
	case "..":
		if len(t.above) == 1 {
			return ENOTCAPABLE
		}
		t.Close(top)
		t.above = t.above[:len(t.above)-1]
		return nil
	}
	next, err := t.Enter(top, name)
	if err != nil {
		return t.follow(top, name, err)
	}
	if t.above = append(t.above, next); len(t.above) > MaxDepth {
		return ENAMETOOLONG
	}
	return nil
}

// follow puts the target of a link in its place; what is no link fails as Enter did.
func (t *trail[D]) follow(dir D, name string, err error) error {
	target, linkErr := t.Readlink(dir, name)
	if linkErr != nil {
		return err
	}
	if t.links++; t.links > maxLinks {
		return ELOOP
	}
	if target, err = splice(".", target, false); err != nil {
		return err
	}
	if t.pending = target + "/" + t.pending; len(t.pending) > 2*MaxPath {
		return ENAMETOOLONG
	}
	return nil
}
