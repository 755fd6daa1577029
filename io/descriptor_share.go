//go:build unix

package io

import (
	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/socket"
)

// How a file is used that this process has not opened itself.
//
// Standard input is the same open file in the shell, in this process and in whatever it
// has started, and O_NONBLOCK is a property of the open file. Setting it has the others
// fail with "Resource temporarily unavailable", now, and after we were killed. Putting
// it back at the end comes too late for the one and not at all for the other.
//
// So where it can be done the file is opened anew. That gives an open file of our own,
// with a mode of its own, for the same pipe or terminal: they have no position, which
// would be lost by that. Linux opens anything anew by /proc/self/fd. It is not done for
// files and devices with a position, nor for the master of a pseudo-terminal, where it
// would make another one; it fails for sockets, and for a terminal that belongs to
// another user by now. There the open file is shared, and what keeps the calls from
// waiting is [socket.FD.Guest].

// sharing makes a descriptor of a number that stays the caller's.
func sharing(fd int, name string) (*Descriptor, error) {
	kind, err := descriptorKind(fd)
	if err != nil {
		return nil, describe("open", name, err)
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return nil, describe("fcntl", name, err)
	}
	blocking := flags&unix.O_NONBLOCK == 0
	if blocking && kind < 0 {
		if twin, err := openAnew(fd, flags&unix.O_ACCMODE); err == nil {
			if kind == socket.Pipe {
				return anew(twin, name)
			}
			return wrap(twin, name, kind)
		}
	}
	twin, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, describe("fcntl", name, err)
	}
	d, err := wrap(twin, name, kind)
	if err == nil && blocking {
		d.fd.Guest()
	}
	return d, err
}

// anew is wrap for a pipe that was opened anew. A named one tells nobody of its end who
// has opened it after the last writer has gone (see fifo_open in Linux), so that after a
// short read it must be tried again.
func anew(fd int, name string) (*Descriptor, error) {
	d, err := wrap(fd, name, socket.Pipe)
	if err == nil {
		d.fd.Piecewise()
	}
	return d, err
}

// IsTerminal tells whether a descriptor number is a terminal's. It is not a checkpoint.
func IsTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, getTermios)
	return err == nil
}
