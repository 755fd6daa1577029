//go:build unix && !linux

package socket

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

func errnoOf(err error) syscall.Errno {
	var e syscall.Errno
	if err != nil && !errors.As(err, &e) {
		e = syscall.EINVAL
	}
	return e
}

func read(fd int, p []byte) (int, syscall.Errno) {
	n, err := unix.Read(fd, p[:min(len(p), maxIO)])
	return max(0, n), errnoOf(err)
}

func write(fd int, p []byte) (int, syscall.Errno) {
	n, err := unix.Write(fd, p[:min(len(p), maxIO)])
	return max(0, n), errnoOf(err)
}

// open makes a socket that does not block and is not inherited.
func open(family, kind, protocol int) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(family, kind, protocol)
	return prepared(fd, err)
}

// acceptCall is what errors call it.
const acceptCall = "accept"

func accept(fd int) (int, unix.Sockaddr, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	conn, from, err := unix.Accept(fd)
	conn, err = prepared(conn, err)
	return conn, from, err
}

func prepared(fd int, err error) (int, error) {
	if err != nil {
		return -1, err
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
