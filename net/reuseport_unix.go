//go:build unix

package net

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ReusePort lets several sockets of one user listen at the same address and port, if
// all of them are made with it. It is made to be the Control of a [ListenConfig]:
//
//	config := net.ListenConfig{Control: net.ReusePort}
//	l, err := config.Listen(ctx, "tcp", ":7000")
//
// So each loop of a program, or each of several processes, has a listener of its own
// and no two of them contend for connections. Linux and FreeBSD spread the
// connections over the listeners, by a hash of both ends' addresses; other systems may
// give all of them to one. What waits in the backlog of a listener that is closed is
// reset, also where others listen on.
//
// Networks without ports ("unix") are refused. It is not a checkpoint.
func ReusePort(network, address string, c syscall.RawConn) error {
	if strings.HasPrefix(network, "unix") {
		return fmt.Errorf("evergreen: ReusePort is for ports, which a socket of network %q does not have: leave it out for %q", network, address)
	}
	var failed error
	if err := c.Control(func(fd uintptr) {
		failed = os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, reusePort, 1))
	}); err != nil {
		return err
	}
	return failed
}
