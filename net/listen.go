//go:build unix

package net

import (
	"context"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// TCPListener takes TCP connections. It implements [Listener]; its methods may be
// called from any goroutine.
type TCPListener struct {
	fd      *socket.FD
	network string
	local   Addr
	// what names the connections in reports: made once, not for each of them.
	what string
}

var _ Listener = (*TCPListener)(nil)

// Listen takes connections at an address: network is "tcp", "tcp4" or "tcp6". With
// an empty host it listens on all addresses of the machine, with port 0 on a free
// port, which Addr tells. "tcp" with 0.0.0.0 or [::] means all of them too, IPv4
// and IPv6, as in the standard library. It is a checkpoint if the host is a name, since that is
// looked up, and otherwise too.
func Listen(network, address string) (Listener, error) {
	l, err := listen(network, address)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// ListenTCP is like [Listen] with an address that needs no lookup; nil stands for
// any address and a free port. It is a checkpoint.
func ListenTCP(network string, address *TCPAddr) (*TCPListener, error) {
	if address == nil {
		address = &TCPAddr{}
	}
	return listen(network, address.String())
}

func listen(network, address string) (*TCPListener, error) {
	t := kernel.MustTask("net.Listen")
	fail := func(a Addr, err error) error { return &OpError{Op: "listen", Net: network, Addr: a, Err: err} }
	if !t.Checkpoint() {
		return nil, fail(nil, t.Interrupted())
	}
	addrs, err := resolveTCP(context.Background(), t, network, address)
	if err != nil {
		return nil, fail(nil, err)
	}
	a := addrs[0]
	for _, other := range addrs { // as the standard library: IPv4 first
		if other.IP.To4() != nil {
			a = other
			break
		}
	}
	s := socket.Settings{Family: familyOf(a), Kind: sockStream, Name: "tcp listener at " + address}
	if wildcard := len(a.IP) == 0 || a.IP.IsUnspecified(); network == "tcp6" || network == "tcp" && wildcard && ipv6 {
		s.Family = unix.AF_INET6
		s.Only6 = network == "tcp6"
	}
	if s.Local, err = toSockaddr(a, s.Family); err != nil {
		return nil, fail(a, err)
	}
	fd, err := socket.Listen(s, backlog)
	if err != nil {
		return nil, fail(a, err)
	}
	l := &TCPListener{fd: fd, network: network, local: a}
	_ = fd.Control(func(n int) error {
		if sa, err := unix.Getsockname(n); err == nil {
			l.local = fromSockaddr(sa)
		}
		return nil
	})
	l.what = "tcp connection at " + l.local.String()
	return l, nil
}

// Accept waits for a connection. Errors of the system, such as too many open
// files, are returned, and the listener remains usable. It is a checkpoint.
func (l *TCPListener) Accept() (Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptTCP is [TCPListener.Accept] with the connection's own type. It is a
// checkpoint.
func (l *TCPListener) AcceptTCP() (*TCPConn, error) {
	var c *TCPConn
	err := l.fd.Accept(l.what, func(fd *socket.FD, from unix.Sockaddr) {
		c = newTCPConn(fd, l.network, fromSockaddr(from), 0, KeepAliveConfig{})
	})
	if err != nil {
		return nil, l.fail("accept", err)
	}
	return c, nil
}

func (l *TCPListener) fail(op string, err error) error {
	return &OpError{Op: op, Net: l.network, Addr: l.local, Err: err}
}

// Close stops listening; calls that wait in Accept return [ErrClosed]. Connections
// are not affected. It is not a checkpoint.
func (l *TCPListener) Close() error {
	if err := l.fd.Close(); err != nil {
		return l.fail("close", err)
	}
	return nil
}

// Addr returns the address that the listener listens at. It is not a checkpoint.
func (l *TCPListener) Addr() Addr { return l.local }

// SetDeadline sets the time after which Accept fails; the zero time means never.
// It is not a checkpoint.
func (l *TCPListener) SetDeadline(t time.Time) error {
	if err := l.fd.SetDeadline(kernel.Read, t); err != nil {
		return l.fail("set", err)
	}
	return nil
}

// SyscallConn gives access to the descriptor. It is not a checkpoint.
func (l *TCPListener) SyscallConn() (syscall.RawConn, error) { return rawConn{l.fd}, nil }
