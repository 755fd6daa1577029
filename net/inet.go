//go:build unix

package net

import (
	"context"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/socket"
)

// A hook is a Control or ControlContext that a user has set; nil for none.
type hook func(ctx context.Context, network, address string, c syscall.RawConn) error

// hookOf is the one that counts of the two.
func hookOf(control func(network, address string, c syscall.RawConn) error, withContext hook) hook {
	if withContext != nil || control == nil {
		return withContext
	}
	return func(_ context.Context, network, address string, c syscall.RawConn) error {
		return control(network, address, c)
	}
}

// on is the hook for one socket. It is told the network with the family: "tcp4".
func (h hook) on(ctx context.Context, network string, family int, address string) func(fd int) error {
	if h == nil {
		return nil
	}
	if last := network[len(network)-1]; last != '4' && last != '6' {
		switch family {
		case unix.AF_INET:
			network += "4"
		case unix.AF_INET6:
			network += "6"
		}
	}
	return func(fd int) error { return h(ctx, network, address, rawFD(fd)) }
}

// inetSettings describes a socket over IP. Its family follows from the network's
// name and the addresses by the standard library's rules: without an address a
// listener is for IPv4 and IPv6 both, and one address of IPv6 makes the socket so.
func inetSettings(network string, proto int, local, remote *TCPAddr, listening bool) (socket.Settings, error) {
	s := socket.Settings{Family: unix.AF_INET6, Protocol: proto}
	switch network[0] {
	case 't':
		s.Kind = unix.SOCK_STREAM
	case 'u':
		s.Kind = unix.SOCK_DGRAM
	default:
		s.Kind = unix.SOCK_RAW
	}
	switch last := network[len(network)-1]; {
	case last == '4':
		s.Family = unix.AF_INET
	case last == '6':
		s.Only6 = true
	case listening && ipv6 && (local == nil || wildcard(local.IP)):
	case familyOf(local) == unix.AF_INET && familyOf(remote) == unix.AF_INET:
		s.Family = unix.AF_INET
	}
	if local == nil || !listening && len(local.IP) == 0 && local.Port == 0 {
		return s, nil
	}
	var err error
	s.Local, err = toSockaddr(local, s.Family)
	return s, err
}

// thisMachine is where a connection to no host goes.
func thisMachine(network string, local *TCPAddr, port int) *TCPAddr {
	if network[len(network)-1] == '6' || familyOf(local) == unix.AF_INET6 {
		return &TCPAddr{IP: IPv6loopback, Port: port}
	}
	return &TCPAddr{IP: IPv4(127, 0, 0, 1), Port: port}
}
