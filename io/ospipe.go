//go:build unix

package io

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// OSPipe makes a pipe of the system, as os.Pipe does: what is written to w can be read
// from r, by tasks of this loop or another, by plain goroutines, and by child processes
// (see [Descriptor.File]). The system keeps some 64 KiB of it in between. When w and all
// copies of it are closed, r gives io.EOF after the rest; when r is, writes fail with
// EPIPE. Within one loop a [Pipe] is faster. It is not a checkpoint.
func OSPipe() (r, w *Descriptor, err error) {
	l, _ := kernel.MustLoop("io.OSPipe")
	fds := []int{-1, -1}
	if e := l.Fault("pipe2"); e != 0 {
		return nil, nil, os.NewSyscallError("pipe2", e)
	}
	if err := openPipe(fds); err != nil {
		return nil, nil, os.NewSyscallError("pipe2", err)
	}
	if r, err = wrap(fds[0], "|0", socket.Pipe); err != nil {
		_ = unix.Close(fds[1])
		return nil, nil, err
	}
	if w, err = wrap(fds[1], "|1", socket.Pipe); err != nil {
		_ = r.Close()
		return nil, nil, err
	}
	socket.Join(r.fd, w.fd)
	return r, w, nil
}
