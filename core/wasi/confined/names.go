package confined

import "strings"

// validOnWindows refuses what Windows gives a meaning that a guest cannot intend: a backslash separates components there, a colon
// ends a drive or begins a stream, and device names are valid in every directory, with any extension. CVE-2024-51745 was about
// the superscript digits.
//
// https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
func validOnWindows(path string) bool {
	if strings.ContainsAny(path, "\\:*?\"<>|") {
		return false
	}
	for name := range strings.SplitSeq(path, "/") {
		if name != "." && name != ".." && (isDevice(name) || strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ")) {
			return false
		}
		if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
			return false
		}
	}
	return true
}

func isDevice(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, ok := strings.CutPrefix(stem, "COM")
	if !ok {
		port, ok = strings.CutPrefix(stem, "LPT")
	}
	if !ok {
		return false
	}
	switch port {
	case "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³":
		return true
	}
	return false
}
