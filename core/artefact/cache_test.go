package artefact

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func contents(t *testing.T, c *Cache, key string) string {
	t.Helper()
	file, size, ok := c.Open(key)
	if !ok {
		return ""
	}
	defer file.Close()
	b, err := io.ReadAll(file)
	if err != nil || int64(len(b)) != size {
		t.Errorf("%d bytes of %d: %v", len(b), size, err)
	}
	return string(b)
}

func newCache(t *testing.T, limit int64) *Cache {
	t.Helper()
	c, err := OpenCache(filepath.Join(t.TempDir(), "cache"), limit)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatIsPutIsThere(t *testing.T) {
	c := newCache(t, 100)
	c.Put("a", []byte("1"))
	c.Put("b", []byte("2"))
	c.Put("a", []byte("3"))
	c.Remove("b")
	if a, b := contents(t, c, "a"), contents(t, c, "b"); a != "3" || b != "" {
		t.Errorf("a is %q, b is %q", a, b)
	}
}

func age(t *testing.T, c *Cache, name string, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	if err := os.Chtimes(filepath.Join(c.folder, name), then, then); err != nil {
		t.Fatal(err)
	}
}

func TestWhatWasNotUsedGoesFirst(t *testing.T) {
	c := newCache(t, 10)
	c.Put("a", make([]byte, 4))
	c.Put("b", make([]byte, 4))
	age(t, c, "a.artefact", 2*time.Minute)
	age(t, c, "b.artefact", time.Minute)
	contents(t, c, "a")
	c.Put("c", make([]byte, 4))
	c.Put("too large", make([]byte, 11))
	for key, there := range map[string]bool{"a": true, "b": false, "c": true, "too large": false} {
		if (contents(t, c, key) != "") != there {
			t.Errorf("%s is there: %v", key, !there)
		}
	}
}

func TestWhatOthersLeft(t *testing.T) {
	c := newCache(t, 10)
	for _, name := range []string{"old.tmp", "new.tmp", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(c.folder, name), make([]byte, 100), 0o600); err != nil {
			t.Fatal(err)
		}
		age(t, c, name, 24*time.Hour)
	}
	age(t, c, "new.tmp", time.Minute)
	c.Put("a", []byte("1"))
	for name, there := range map[string]bool{"old.tmp": false, "new.tmp": true, "notes.txt": true, "a.artefact": true} {
		if _, err := os.Stat(filepath.Join(c.folder, name)); (err == nil) != there {
			t.Errorf("%s is there: %v", name, !there)
		}
	}
}

func TestNobodyElseMayWrite(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	c := newCache(t, 10)
	if err := os.Chmod(c.folder, 0o770); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCache(c.folder, 10); err == nil {
		t.Error("a folder that the group can write to is taken")
	}
}
