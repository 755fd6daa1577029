//go:build unix && !linux

package poller

// backends are what the suite runs over.
var backends = map[string]func() (Poller, error){"poll": NewPoll}
