//go:build (amd64 || arm64) && !evergreen_portable

package prefetch

// Works tells whether Fetch does anything.
const Works = true

// Fetch begins to fetch n stretches that lie one after the other, and does not wait
// for them. n must not be 0. It is not a checkpoint.
//
//go:noescape
func Fetch(first *Stretch, n int)
