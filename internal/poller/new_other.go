//go:build !unix

package poller

// New returns ErrNotSupported: there is no backend for this system.
func New() (Poller, error) { return nil, ErrNotSupported }

// NewPoll returns ErrNotSupported: this system is not a Unix.
func NewPoll() (Poller, error) { return nil, ErrNotSupported }
