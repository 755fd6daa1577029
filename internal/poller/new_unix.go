//go:build unix && !linux

package poller

// New returns the best poller of the platform, here poll(2).
func New() (Poller, error) { return NewPoll() }
