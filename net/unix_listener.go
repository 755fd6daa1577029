//go:build unix

package net

import (
	"context"
	"sync"
	"syscall"

	"github.com/evergreen-go/evergreen/internal/socket"
)

// UnixListener takes connections at a Unix socket. It implements [Listener]; its
// methods may be called from any goroutine.
type UnixListener struct {
	listener
	// path is the file that bind has made, or a name that starts with @, which stands
	// for a socket without a file.
	path string
	// mu guards unlink, which tells whether Close removes the file, and closed, so that
	// it removes none that another listener has made there since.
	mu             sync.Mutex
	unlink, closed bool
}

var _ Listener = (*UnixListener)(nil)

// unix listens at an address.
func (lc *ListenConfig) unix(ctx context.Context, network string, local *UnixAddr) (*UnixListener, error) {
	s := unixSettings(network, local, network+" listener at "+local.Name)
	s.Control = hookOf(lc.Control, nil).on(ctx, network, s.Family, local.String())
	fd, err := socket.Listen(s, backlog)
	if err != nil {
		return nil, err
	}
	return &UnixListener{listener: newListener(fd, network, s.Family, local), path: local.Name, unlink: true}, nil
}

// Accept waits for a connection. Errors of the system, such as too many open
// files, are returned, and the listener remains usable. It is a checkpoint.
func (l *UnixListener) Accept() (Conn, error) {
	c, err := l.AcceptUnix()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptUnix is [UnixListener.Accept] with the connection's own type. It is a
// checkpoint.
func (l *UnixListener) AcceptUnix() (*UnixConn, error) {
	var c *UnixConn
	if err := l.accept(func(one conn) { c = &UnixConn{one} }); err != nil {
		return nil, err
	}
	return c, nil
}

// Close stops listening and removes the socket's file, see
// [UnixListener.SetUnlinkOnClose]; calls that wait in Accept return [ErrClosed].
// Connections are not affected. It is not a checkpoint.
func (l *UnixListener) Close() error {
	if l.fd == nil {
		return syscall.EINVAL
	}
	l.mu.Lock()
	if l.unlink && !l.closed && l.path != "" && l.path[0] != '@' {
		_ = syscall.Unlink(l.path) // before the close, so that nobody finds a file that leads nowhere
	}
	l.closed = true
	l.mu.Unlock()
	return l.close()
}

// SetUnlinkOnClose tells whether Close removes the socket's file. It does for a
// listener that has made it, and does not for one of [FileListener]. It is not a
// checkpoint.
func (l *UnixListener) SetUnlinkOnClose(unlink bool) {
	l.mu.Lock()
	l.unlink = unlink
	l.mu.Unlock()
}
