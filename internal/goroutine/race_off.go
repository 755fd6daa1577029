//go:build !race

package goroutine

// Race tells whether the race detector is built in.
const Race = false
