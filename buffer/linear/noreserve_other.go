//go:build unix && !linux

package linear

// Other systems do not account for pages that cannot be accessed.
const mapNoReserve = 0
