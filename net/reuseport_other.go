//go:build !unix

package net

import (
	"errors"
	"syscall"
)

// ReusePort lets several sockets listen at the same address and port where the system
// can do that. This one cannot, and ReusePort returns an error. It is not a
// checkpoint.
func ReusePort(network, address string, c syscall.RawConn) error {
	return errors.New("evergreen: this system has no way for several listeners to share a port: listen once, and have one loop accept for the others")
}
