package linear

import "golang.org/x/sys/unix"

// Reserved pages must not count as memory in use (overcommit accounting).
const mapNoReserve = unix.MAP_NORESERVE
