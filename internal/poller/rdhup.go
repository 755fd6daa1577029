//go:build linux || freebsd

package poller

import "golang.org/x/sys/unix"

// pollRdhup asks poll(2) for the end of what the peer sends.
const pollRdhup = unix.POLLRDHUP
