//go:build unix && !linux && !freebsd

package poller

// pollRdhup is nothing where poll(2) does not know it: there the end of what the peer sends is
// reported as something to read.
const pollRdhup = 0
