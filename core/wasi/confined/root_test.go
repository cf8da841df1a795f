package confined

import "testing"

// TestRootGetsNoSlash: what os.Root renames and links by its path has none at the end, of which a host may think that a link before it
// is to be followed.
func TestRootGetsNoSlash(t *testing.T) {
	d := &rootDir{path: "d/e"}
	for path, want := range map[string]string{"a": "d/e/a", "a/": "d/e/a", "a///": "d/e/a", "b/../a/": "d/e/b/../a"} {
		if got := d.fromTop(path); got != want {
			t.Errorf("%q is %q from the top, want %q", path, got, want)
		}
	}
}
