package net

import "golang.org/x/sys/unix"

// Plain SO_REUSEPORT would give all connections to the listener that came last; this
// one, since FreeBSD 12, spreads them.
const reusePort = unix.SO_REUSEPORT_LB
