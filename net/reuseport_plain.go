//go:build unix && !freebsd

package net

import "golang.org/x/sys/unix"

// On Linux since 3.9, where it spreads connections too.
const reusePort = unix.SO_REUSEPORT
