//go:build (!amd64 && !arm64) || evergreen_portable

package prefetch

// Works tells whether Fetch does anything.
const Works = false

// Fetch does nothing here. It is not a checkpoint.
func Fetch(*Stretch, int) {}
