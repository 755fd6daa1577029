//go:build unix

package io

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// newProcPipe makes a pipe: ours is in the care of the loop, theirs is for the program
// and blocks, as programs expect.
func newProcPipe(l *kernel.Loop, weRead bool) (ours *Descriptor, theirs *os.File, err error) {
	if e := l.Fault("pipe2"); e != 0 {
		return nil, nil, os.NewSyscallError("pipe2", e)
	}
	fds := []int{-1, -1}
	if err := openPipe(fds); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	our, their, name, other := fds[1], fds[0], "|1", "|0"
	what := "the pipe to a program"
	if weRead {
		our, their, name, other = their, our, other, name
		what = "the pipe from a program"
	}
	if err := unix.SetNonblock(their, false); err != nil {
		_ = unix.Close(our)
		_ = unix.Close(their)
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	fd, err := socket.New(our, what, socket.Pipe) // closes ours where it fails
	if err != nil {
		_ = unix.Close(their)
		return nil, nil, os.NewSyscallError("epoll_ctl", err)
	}
	return describing(fd, name, socket.Pipe), os.NewFile(uintptr(their), other), nil
}

// handed returns the file of package os that a program can be given itself where the
// user named v for one of its streams, nil where a task is to copy. A [Descriptor] is
// copied: it does not block, which programs do not expect of what they are given.
func handed(v any) *os.File {
	switch v := v.(type) {
	case *os.File:
		return v
	case *File:
		return v.OS()
	case *Standard:
		return v.file
	}
	return nil
}

// inside returns how many bytes can be read from a pipe at once.
func (d *Descriptor) inside() (n int) {
	_ = d.fd.Control(func(fd int) (err error) {
		n, err = pipeInside(fd)
		return err
	})
	return n
}

// heard tells whether anybody could read what would be written to a pipe.
func (d *Descriptor) heard() (yes bool) {
	_ = d.fd.Control(func(fd int) error {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		n, err := unix.Poll(fds, 0)
		yes = err == nil && (n == 0 || fds[0].Revents&unix.POLLERR == 0)
		return nil
	})
	return yes
}
