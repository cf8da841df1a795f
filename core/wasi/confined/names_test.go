package confined

import "testing"

// TestWindowsNames: what a guest calls a file must not be a drive, a stream or a device there (GHSA-f2pq-268w-886c,
// CVE-2024-51745).
func TestWindowsNames(t *testing.T) {
	for _, path := range []string{
		"C:", "c:/windows", "dir/C:/x", "C:x", "d/C:..", "file:stream", "file::$DATA", `a\b`, `..\outside`, `\\server\share`, `d/\x`,
		"CON", "con", "dir/aux", "NUL", "nul.txt", "nul .txt", "PRN.tar.gz", "COM1", "com9.log", "COM¹", "lpt²", "LPT³.x", "lpt1",
		"CONIN$", "conout$", "COM0", "dir/COM5/f", "aux/f", "trailing.", "trailing ", "dir./f", "a*b", "a?b", "a|b", "a<b", "a>b", `a"b`, "a\x01b",
	} {
		if validOnWindows(path) {
			t.Errorf("%q is taken for a name", path)
		}
	}
	for _, path := range []string{
		".", "..", "a/../b", "./a/.", "console", "CONx", "COM", "COM10", "COMx", "com", "lpt", "nully", "auxiliary.c", "a.b.c", "ünïcode", "x/", "COM¹0",
	} {
		if !validOnWindows(path) {
			t.Errorf("%q is refused", path)
		}
	}
}
