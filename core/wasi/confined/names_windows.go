package confined

// validHere says whether each component of a path names a file on this host too, and not a drive, a stream or a device.
func validHere(path string) bool { return validOnWindows(path) }
