//go:build unix

package io

import (
	"errors"
	stdio "io"
	"io/fs"
	stdnet "net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// procPipe is our end of a pipe to or from a program.
type procPipe struct {
	fd *socket.FD
	// name is "|0" where we read and "|1" where we write, as os.Pipe has it.
	name string
}

// newProcPipe makes a pipe: ours is in the care of the loop, theirs is for the program
// and blocks, as programs expect.
func newProcPipe(l *kernel.Loop, weRead bool) (ours *procPipe, theirs *os.File, err error) {
	if e := l.Fault("pipe2"); e != 0 {
		return nil, nil, os.NewSyscallError("pipe2", e)
	}
	var both [2]int
	if err := pipeCloexec(&both); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	our, their, name, other := both[1], both[0], "|1", "|0"
	what := "the pipe to a program"
	if weRead {
		our, their, name, other = their, our, other, name
		what = "the pipe from a program"
	}
	if err := unix.SetNonblock(our, true); err != nil {
		_ = unix.Close(our)
		_ = unix.Close(their)
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	fd, err := socket.New(our, what, unix.SOCK_STREAM) // closes ours where it fails
	if err != nil {
		_ = unix.Close(their)
		return nil, nil, os.NewSyscallError("epoll_ctl", err)
	}
	return &procPipe{fd, name}, os.NewFile(uintptr(their), other), nil
}

// fail wraps an error as the standard library does for the ends of os.Pipe.
func (p *procPipe) fail(op string, err error) error {
	var call *os.SyscallError
	switch {
	case err == nil || err == stdio.EOF:
		return err
	case errors.Is(err, stdnet.ErrClosed):
		err = os.ErrClosed
	case errors.As(err, &call):
		err = call.Err
	}
	return &fs.PathError{Op: op, Path: p.name, Err: err}
}

// Read reads what the program has written, and waits for it. When all who could write
// have closed their ends it returns io.EOF. It is a checkpoint.
func (p *procPipe) Read(b []byte) (int, error) {
	n, err := p.fd.Read(b)
	return n, p.fail("read", err)
}

// Write writes all of b, and waits where the program does not read. It is a checkpoint;
// where it fails or the task is cancelled it returns how much was written.
func (p *procPipe) Write(b []byte) (int, error) {
	n, err := p.fd.Write(b)
	return n, p.fail("write", err)
}

// Close closes our end; calls that wait for it return an error that wraps
// os.ErrClosed. It is not a checkpoint.
func (p *procPipe) Close() error { return p.fail("close", p.fd.Close()) }

// SetDeadline sets the time after which reads and writes fail with an error that wraps
// os.ErrDeadlineExceeded; the zero time means never. It is not a checkpoint.
func (p *procPipe) SetDeadline(t time.Time) error {
	return p.fail("set deadline", p.fd.SetDeadline(kernel.Read|kernel.Write, t))
}

// SetReadDeadline is SetDeadline for reads. It is not a checkpoint.
func (p *procPipe) SetReadDeadline(t time.Time) error {
	return p.fail("set deadline", p.fd.SetDeadline(kernel.Read, t))
}

// SetWriteDeadline is SetDeadline for writes. It is not a checkpoint.
func (p *procPipe) SetWriteDeadline(t time.Time) error {
	return p.fail("set deadline", p.fd.SetDeadline(kernel.Write, t))
}

// inside returns how many bytes can be read at once.
func (p *procPipe) inside() (n int) {
	_ = p.fd.Control(func(fd int) (err error) {
		n, err = pipeInside(fd)
		return err
	})
	return n
}

// heard tells whether anybody could read what we would write.
func (p *procPipe) heard() (yes bool) {
	_ = p.fd.Control(func(fd int) error {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		n, err := unix.Poll(fds, 0)
		yes = err == nil && (n == 0 || fds[0].Revents&unix.POLLERR == 0)
		return nil
	})
	return yes
}
