package artefact

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Cache is a folder of artefacts. Any number of processes may use it at once, without locks: a file appears under its
// name when it is whole, and what is in it is checked when it is loaded. A cache that cannot be read or written is slow,
// not an error.
type Cache struct {
	folder string
	limit  int64 // bytes
}

const (
	suffix    = ".artefact"
	temporary = ".tmp"
	abandoned = time.Hour // the age at which a temporary file has surely no writer
)

// OpenCache returns the cache in a folder, which is made if it is not there, for this user alone. It keeps at most limit
// bytes: what was not used for the longest time goes first.
func OpenCache(folder string, limit int64) (*Cache, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	info, err := os.Stat(folder)
	if err != nil {
		return nil, err
	}
	if others := fs.FileMode(0o022); runtime.GOOS != "windows" && info.Mode()&others != 0 {
		return nil, fmt.Errorf("others can write to %s, and what is in it would be run: its mode is %#o, which should be 0700",
			folder, info.Mode().Perm())
	}
	return &Cache{folder, limit}, nil
}

func (c *Cache) path(key string) string { return filepath.Join(c.folder, key+suffix) }

// Open opens the file of a key, if it is there.
func (c *Cache) Open(key string) (file *os.File, size int64, ok bool) {
	file, err := os.Open(c.path(key))
	if err != nil {
		return nil, 0, false
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		_ = file.Close()
		return nil, 0, false
	}
	now := time.Now()
	_ = os.Chtimes(c.path(key), now, now) // without it, the file would go sooner
	return file, info.Size(), true
}

// Remove removes the file of a key.
func (c *Cache) Remove(key string) { _ = os.Remove(c.path(key)) }

// Put keeps content under a key.
func (c *Cache) Put(key string, content []byte) {
	if int64(len(content)) > c.limit {
		return
	}
	file, err := os.CreateTemp(c.folder, key+".*"+temporary) // with mode 0600
	if err != nil {
		return
	}
	_, err = file.Write(content)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(file.Name(), c.path(key))
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return
	}
	c.evict(time.Now())
}

// evict removes files until the rest is within the limit, and what crashed writers have left.
func (c *Cache) evict(now time.Time) {
	entries, err := os.ReadDir(c.folder)
	if err != nil {
		return
	}
	var files []fs.FileInfo
	var size int64
	for _, entry := range entries {
		info, err := entry.Info()
		switch {
		case err != nil: // another process was faster
		case strings.HasSuffix(entry.Name(), temporary) && now.Sub(info.ModTime()) > abandoned:
			_ = os.Remove(filepath.Join(c.folder, entry.Name()))
		case strings.HasSuffix(entry.Name(), suffix):
			files = append(files, info)
			size += info.Size()
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	for _, info := range files {
		if size <= c.limit {
			return
		}
		_ = os.Remove(filepath.Join(c.folder, info.Name()))
		size -= info.Size()
	}
}
