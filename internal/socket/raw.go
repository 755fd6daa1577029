//go:build unix

package socket

import (
	"syscall"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// RawConn gives users access to a descriptor's number.
type RawConn struct{ FD *FD }

var _ syscall.RawConn = RawConn{}

// Control implements syscall.RawConn, see [FD.Lend].
func (c RawConn) Control(f func(fd uintptr)) error {
	return c.FD.Lend(func(fd int) error {
		f(uintptr(fd))
		return nil
	})
}

// Read implements syscall.RawConn. It is a checkpoint.
func (c RawConn) Read(f func(fd uintptr) bool) error {
	return c.FD.Retry(kernel.Read, func(fd int) bool { return f(uintptr(fd)) })
}

// Write implements syscall.RawConn. It is a checkpoint.
func (c RawConn) Write(f func(fd uintptr) bool) error {
	return c.FD.Retry(kernel.Write, func(fd int) bool { return f(uintptr(fd)) })
}
