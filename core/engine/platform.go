package engine

import "runtime"

// compilerSupported reports whether wazero has a compiler for this machine.
func compilerSupported() bool {
	switch runtime.GOOS {
	case "linux", "darwin", "windows", "freebsd":
		return runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64"
	}
	return false
}
