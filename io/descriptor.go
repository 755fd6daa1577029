//go:build unix

package io

import (
	"errors"
	stdio "io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// Descriptor is anything with a file descriptor that can be waited for: an end of a
// pipe, a named pipe, a terminal, a socket, an eventfd. It has the methods of an
// *os.File that make sense for those, and its errors are *fs.PathError as there. It
// belongs to the loop in which it was made; its methods may be called from any
// goroutine. One read and one write may be under way at a time, and further ones wait
// their turn.
type Descriptor struct {
	fd *socket.FD
	// name is what Name returns and errors say.
	name string
	// sock tells that it is a socket, one side of which can be closed.
	sock bool
}

var (
	_ stdio.ReadWriteCloser = (*Descriptor)(nil)
	_ stdio.ReaderFrom      = (*Descriptor)(nil)
	_ stdio.WriterTo        = (*Descriptor)(nil)
	_ syscall.Conn          = (*Descriptor)(nil)
)

// NewDescriptor takes over the descriptor number fd, which Close will close; name is
// for errors and reports. The open file is made non-blocking, and left blocking by Close
// if it was before; where other processes have it too, who would be surprised, use
// [FromFile]. A regular file cannot be waited for: the error wraps
// errors.ErrUnsupported, and fd stays the caller's, as for every error. It is not a
// checkpoint.
func NewDescriptor(fd int, name string) (*Descriptor, error) {
	kernel.MustLoop("io.NewDescriptor")
	kind, err := descriptorKind(fd)
	if err != nil {
		return nil, describe("open", name, err)
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return nil, describe("fcntl", name, err)
	}
	blocking := flags&unix.O_NONBLOCK == 0
	if blocking {
		if err := unix.SetNonblock(fd, true); err != nil {
			return nil, describe("fcntl", name, err)
		}
	}
	f, err := socket.Adopt(fd, name, kind)
	if err != nil {
		if blocking {
			_ = unix.SetNonblock(fd, false)
		}
		return nil, describe("open", name, notPolled(err))
	}
	if blocking {
		f.Restore()
	}
	return describing(f, name, kind), nil
}

// FromFile makes a descriptor of what f has open: another number for the same thing,
// which Close closes. f stays the caller's to close. The open file is left in the mode it
// is in, because others may have it as well: where it blocks, a terminal or a pipe is
// opened anew (Linux), and for anything else each call sees to it that it does not wait.
// A regular file cannot be waited for: the error wraps errors.ErrUnsupported. It is not
// a checkpoint.
func FromFile(f *os.File) (*Descriptor, error) {
	kernel.MustLoop("io.FromFile")
	raw, err := f.SyscallConn() // not Fd, which has the file block from then on
	if err != nil {
		return nil, err
	}
	var d *Descriptor
	var refused error
	if err := raw.Control(func(fd uintptr) { d, refused = sharing(int(fd), f.Name()) }); err != nil {
		return nil, describe("open", f.Name(), os.ErrClosed) // what it is, in a form that can be compared with
	}
	return d, refused
}

// wrap has the running loop look after a number, and closes it if it cannot.
func wrap(fd int, name string, kind int) (*Descriptor, error) {
	f, err := socket.New(fd, name, kind)
	if err != nil {
		return nil, describe("open", name, notPolled(err))
	}
	return describing(f, name, kind), nil
}

func describing(f *socket.FD, name string, kind int) *Descriptor {
	if kind > 0 {
		f.Piecewise() // it may be a Unix socket
	}
	return &Descriptor{fd: f, name: name, sock: kind > 0}
}

// descriptorKind finds out what a number stands for. Packets in pipes and what devices
// give come in pieces, so that a short read of them tells nothing.
func descriptorKind(fd int) (int, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return 0, os.NewSyscallError("fstat", err)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG, unix.S_IFDIR:
		return 0, errNotPolled // which the poller of the BSDs would not say
	case unix.S_IFSOCK:
		kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
		return kind, os.NewSyscallError("getsockopt", err)
	case unix.S_IFIFO:
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err == nil && flags&packets == 0 {
			return socket.Pipe, nil
		}
	}
	return socket.Device, nil
}

var errNotPolled = notPolled(errors.ErrUnsupported)

// notPolled says the way out where the poller refuses a file.
func notPolled(err error) error {
	if errors.Is(err, errors.ErrUnsupported) {
		return &unpolledError{}
	}
	return err
}

// unpolledError is how it is told that a file cannot be waited for.
type unpolledError struct{}

// Error implements error.
func (*unpolledError) Error() string {
	return "evergreen: such a file is always ready, so waiting for it has no meaning: use io.Open, which reads it on a plain goroutine"
}

// Unwrap has errors.Is find errors.ErrUnsupported.
func (*unpolledError) Unwrap() error { return errors.ErrUnsupported }

// closedError is the error of calls after Close. It is what both package os and package
// net call closed: descriptors stand in for the files of the one and, where they are
// connections, for those of the other.
type closedError struct{}

// Error implements error.
func (closedError) Error() string { return os.ErrClosed.Error() }

// Is implements what errors.Is asks for.
func (closedError) Is(target error) bool { return target == os.ErrClosed || target == net.ErrClosed }

// describe wraps an error as package os does. The end of a file is not wrapped, since
// everybody compares with io.EOF.
func describe(op, name string, err error) error {
	switch {
	case err == nil || err == stdio.EOF:
		return err
	case err == net.ErrClosed || err == os.ErrClosed:
		err = closedError{}
	}
	if e, ok := err.(*os.SyscallError); ok {
		err = e.Err // the operation is named already
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// Read reads what there is, at most len(p) bytes, waiting until there is something. At
// the end, when all writers of a pipe have closed it, it returns io.EOF. It is a
// checkpoint; nothing is lost when the task is cancelled.
func (d *Descriptor) Read(p []byte) (int, error) {
	n, err := d.fd.Read(p)
	if err != nil {
		err = describe("read", d.name, err)
	}
	return n, err
}

// Write writes all of p, waiting while there is no room: nothing is buffered on our
// side. When nobody is left to read it fails with EPIPE. It is a checkpoint; when it
// fails or the task is cancelled it returns how much was written.
func (d *Descriptor) Write(p []byte) (int, error) {
	n, err := d.fd.Write(p)
	if err != nil {
		err = describe("write", d.name, err)
	}
	return n, err
}

// WriteString is Write for a string. It is a checkpoint.
func (d *Descriptor) WriteString(s string) (int, error) { return d.Write([]byte(s)) }

// Close closes the descriptor; calls that wait for it return an error that is
// os.ErrClosed and net.ErrClosed. It is not a checkpoint.
func (d *Descriptor) Close() error { return describe("close", d.name, d.fd.Close()) }

// CloseWrite ends the writing side of a socket: the peer reads to the end of what was
// written and then gets io.EOF, while this side can still read. Anything else has no
// sides: the error wraps errors.ErrUnsupported, and Close is what there is. It is not a
// checkpoint.
func (d *Descriptor) CloseWrite() error {
	if !d.sock {
		return describe("close", d.name, errOneSide)
	}
	return describe("close", d.name, d.fd.Control(func(fd int) error {
		return os.NewSyscallError("shutdown", unix.Shutdown(fd, unix.SHUT_WR))
	}))
}

var errOneSide error = &oneSideError{}

// oneSideError is how CloseWrite fails on what is no socket.
type oneSideError struct{}

// Error implements error.
func (*oneSideError) Error() string {
	return "evergreen: only a socket has a writing side to close: close the descriptor"
}

// Unwrap has errors.Is find errors.ErrUnsupported.
func (*oneSideError) Unwrap() error { return errors.ErrUnsupported }

// SetDeadline sets the time after which reads and writes fail with an error that wraps
// os.ErrDeadlineExceeded; the zero time means never. Calls that wait now are included.
// It is not a checkpoint.
func (d *Descriptor) SetDeadline(t time.Time) error {
	return d.deadline(kernel.Read|kernel.Write, t)
}

// SetReadDeadline is SetDeadline for reads. It is not a checkpoint.
func (d *Descriptor) SetReadDeadline(t time.Time) error { return d.deadline(kernel.Read, t) }

// SetWriteDeadline is SetDeadline for writes. It is not a checkpoint.
func (d *Descriptor) SetWriteDeadline(t time.Time) error { return d.deadline(kernel.Write, t) }

func (d *Descriptor) deadline(m kernel.Mode, t time.Time) error {
	return describe("set deadline", d.name, d.fd.SetDeadline(m, t))
}

// Name returns the name that the descriptor was made with. It is not a checkpoint.
func (d *Descriptor) Name() string { return d.name }

// Fd returns the descriptor's number, which is valid until Close, and ^uintptr(0) after
// it. Unlike that of an *os.File, the descriptor stays non-blocking. It is not a
// checkpoint.
func (d *Descriptor) Fd() uintptr {
	number := ^uintptr(0)
	_ = d.fd.Control(func(fd int) error {
		number = uintptr(fd)
		return nil
	})
	return number
}

// File returns an *os.File with a number of its own for the same open file, which the
// caller closes. To give an end of a pipe to a child process, pass the file to os/exec
// and close both: os/exec has the open file block, as children expect it, and with it
// the descriptor, whose calls then hold up the loop. It is not a checkpoint.
func (d *Descriptor) File() (*os.File, error) {
	var f *os.File
	err := d.fd.Control(func(fd int) error {
		twin, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return os.NewSyscallError("fcntl", err)
		}
		f = os.NewFile(uintptr(twin), d.name)
		return nil
	})
	return f, describe("file", d.name, err)
}

// SyscallConn gives access to the descriptor's number. The Read and Write of what it
// returns are checkpoints; SyscallConn itself is not a checkpoint.
func (d *Descriptor) SyscallConn() (syscall.RawConn, error) {
	return socket.RawConn{FD: d.fd}, nil
}
