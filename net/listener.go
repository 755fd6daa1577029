//go:build unix

package net

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// listener is what the listeners of all networks have in common.
type listener struct {
	fd      *socket.FD // nil in a zero value
	network string
	family  int
	local   Addr
	// what names the connections in reports: made once, not for each of them.
	what string
}

// newListener wraps a listening socket.
func newListener(fd *socket.FD, network string, family int, asked Addr) listener {
	l := listener{fd: fd, network: network, family: family, local: asked}
	_ = fd.Control(func(n int) error {
		if sa, err := unix.Getsockname(n); err == nil {
			l.local = toAddr(sa, network)
		}
		return nil
	})
	kind := "tcp"
	if family == unix.AF_UNIX {
		kind = network
	}
	l.what = kind + " connection at " + text(l.local)
	return l
}

func (l *listener) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	return &OpError{Op: op, Net: l.network, Addr: l.local, Err: err}
}

// Addr returns the address that the listener listens at. It is not a checkpoint.
func (l *listener) Addr() Addr { return l.local }

// SetDeadline sets the time after which Accept fails; the zero time means never. Its
// error is not an *OpError, as in the standard library. It is not a checkpoint.
func (l *listener) SetDeadline(t time.Time) error {
	if l.fd == nil {
		return syscall.EINVAL
	}
	return l.fd.SetDeadline(kernel.Read, t)
}

// SyscallConn gives access to the descriptor. It is not a checkpoint.
func (l *listener) SyscallConn() (syscall.RawConn, error) {
	if l.fd == nil {
		return nil, syscall.EINVAL
	}
	return socket.RawConn{FD: l.fd}, nil
}

// File returns a duplicate of the listener's descriptor, which the caller closes. It
// is not a checkpoint.
func (l *listener) File() (*os.File, error) {
	if l.fd == nil {
		return nil, syscall.EINVAL
	}
	f, err := duplicate(l.fd, l.network+":"+text(l.local)+"->")
	return f, l.fail("file", err)
}

// close ends the listener; see the Close of the networks.
func (l *listener) close() error {
	if l.fd == nil {
		return syscall.EINVAL
	}
	return l.fail("close", l.fd.Close())
}

// accept takes a connection and has wrap make one of the network's type of it.
func (l *listener) accept(wrap func(conn)) error {
	if l.fd == nil {
		return syscall.EINVAL
	}
	local := l.local
	if unspecified(local) {
		local = nil // each connection has one of its own
	}
	err := l.fd.Accept(l.what, func(fd *socket.FD, from unix.Sockaddr) {
		wrap(newConn(fd, l.network, l.family, local, toAddr(from, l.network)))
	})
	return l.fail("accept", err)
}
