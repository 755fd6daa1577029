//go:build unix

package io

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// MkFifo makes a named pipe, with the permissions perm before umask. It is not a
// checkpoint.
func MkFifo(name string, perm fs.FileMode) error {
	return describe("mkfifo", name, unix.Mkfifo(name, uint32(perm.Perm())))
}

// How long OpenFifo waits before it looks again whether somebody reads.
const (
	fifoFirst = time.Millisecond
	fifoMost  = 50 * time.Millisecond
)

// OpenFifo opens a named pipe: to read (os.O_RDONLY), to write (os.O_WRONLY) or, on
// Linux, both. It never holds up the loop, as opening one by package os would do until
// the other end is opened, too.
//
// To read, it returns at once, and the first Read waits for a writer. When the last
// writer has closed it, Read returns io.EOF, until another one comes. To write, it waits
// until somebody has opened it to read. The system does not tell when that is, so it
// looks again and again, at last every 50 ms; it could have a thread wait for it
// instead, but no call that cancels would get that thread back without seeming to be a
// reader to everybody else. Opened for both it does not wait, and has no end.
//
// What is no named pipe is refused with errors.ErrUnsupported. It is a checkpoint.
func OpenFifo(name string, flag int) (*Descriptor, error) {
	t := kernel.MustTask("io.OpenFifo")
	wait := fifoFirst
	for {
		if !t.Checkpoint() {
			return nil, describe("open", name, t.Interrupted())
		}
		fd, err := openFifo(t.Loop(), name, flag)
		if err == nil {
			return fifo(fd, name, flag)
		}
		if err == unix.ENXIO && !isFifo(name) { // as for a socket, to which nobody comes to read
			err = errNoFifo
		}
		if err != unix.ENXIO || flag&unix.O_ACCMODE != os.O_WRONLY {
			return nil, describe("open", name, err)
		}
		if t.Park(kernel.Plain("a reader of the named pipe "+name), t.Loop().After(wait)) == kernel.Canceled {
			return nil, describe("open", name, t.Interrupted())
		}
		wait = min(2*wait, fifoMost)
	}
}

// openFifo is the system call, or the fault that a test has in its place.
func openFifo(l *kernel.Loop, name string, flag int) (int, error) {
	if e := l.Fault("open"); e != 0 {
		return -1, e
	}
	for {
		fd, err := unix.Open(name, flag&unix.O_ACCMODE|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// isFifo tells whether the name is that of a named pipe, as far as that can be found out.
func isFifo(name string) bool {
	var st unix.Stat_t
	return unix.Stat(name, &st) != nil || st.Mode&unix.S_IFMT == unix.S_IFIFO
}

// fifo makes a descriptor of a named pipe, and closes anything else.
func fifo(fd int, name string, flag int) (*Descriptor, error) {
	var st unix.Stat_t
	err := unix.Fstat(fd, &st)
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFIFO {
		err = errNoFifo
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, describe("open", name, err)
	}
	d, err := wrap(fd, name, socket.Pipe)
	if err == nil && flag&unix.O_ACCMODE == os.O_RDONLY {
		d.fd.Quiet()
	}
	return d, err
}

var errNoFifo error = &noFifoError{}

// noFifoError is how OpenFifo refuses other files.
type noFifoError struct{}

// Error implements error.
func (*noFifoError) Error() string {
	return "evergreen: it is no named pipe: open regular files by io.Open, terminals by io.OpenTTY"
}

// Unwrap has errors.Is find errors.ErrUnsupported.
func (*noFifoError) Unwrap() error { return errors.ErrUnsupported }
