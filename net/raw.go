//go:build unix

package net

import (
	"errors"
	"syscall"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// rawFD is a socket that is not registered yet, as Dialer.Control sees it.
type rawFD int

func (fd rawFD) Control(f func(fd uintptr)) error {
	f(uintptr(fd))
	return nil
}

var errNotYet = errors.New("evergreen: the socket is not connected yet: only Control works here")

func (fd rawFD) Read(func(fd uintptr) bool) error  { return errNotYet }
func (fd rawFD) Write(func(fd uintptr) bool) error { return errNotYet }

// rawConn is what SyscallConn returns.
type rawConn struct{ fd *socket.FD }

var _ syscall.RawConn = rawConn{}

func (c rawConn) Control(f func(fd uintptr)) error {
	return c.fd.Lend(func(fd int) error {
		f(uintptr(fd))
		return nil
	})
}

func (c rawConn) Read(f func(fd uintptr) bool) error {
	return c.fd.Retry(kernel.Read, func(fd int) bool { return f(uintptr(fd)) })
}

func (c rawConn) Write(f func(fd uintptr) bool) error {
	return c.fd.Retry(kernel.Write, func(fd int) bool { return f(uintptr(fd)) })
}
