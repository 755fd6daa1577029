//go:build unix

package net

import (
	"context"

	"github.com/evergreen-go/evergreen/internal/socket"
)

// TCPListener takes TCP connections. It implements [Listener]; its methods may be
// called from any goroutine.
type TCPListener struct {
	listener
	// config has the options for the connections.
	config ListenConfig
	// inherited tells that connections have the options from the listener's socket. One
	// of a file may be others' too, and is left as it is.
	inherited bool
}

var _ Listener = (*TCPListener)(nil)

// tcp listens at an address.
func (lc *ListenConfig) tcp(ctx context.Context, network string, local *TCPAddr) (*TCPListener, error) {
	if lc.multipath {
		if l, err := lc.tcpOver(ctx, network, protoMPTCP, local); err == nil {
			return l, nil
		}
	}
	return lc.tcpOver(ctx, network, 0, local)
}

func (lc *ListenConfig) tcpOver(ctx context.Context, network string, proto int, local *TCPAddr) (*TCPListener, error) {
	s, err := inetSettings(network, proto, local, nil, true)
	if err != nil {
		return nil, err
	}
	s.Name = "tcp listener at " + local.String()
	s.Control = hookOf(lc.Control, nil).on(ctx, network, s.Family, local.String())
	fd, err := socket.Listen(s, backlog)
	if err != nil {
		return nil, err
	}
	l := &TCPListener{newListener(fd, network, s.Family, local), *lc, acceptInherits}
	if acceptInherits {
		_ = fd.Control(func(n int) error { return prepareTCP(n, lc.KeepAlive, lc.KeepAliveConfig) })
	}
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
	err := l.accept(func(one conn) {
		c = &TCPConn{one}
		if !l.inherited {
			c.prepare(l.config.KeepAlive, l.config.KeepAliveConfig)
		}
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Close stops listening; calls that wait in Accept return [ErrClosed]. Connections
// are not affected. It is not a checkpoint.
func (l *TCPListener) Close() error { return l.close() }
