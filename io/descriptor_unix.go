//go:build unix && !linux

package io

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// packets is the flag of a pipe that keeps the borders between writes: there are none.
const packets = 0

const (
	getTermios = unix.TIOCGETA
	setTermios = unix.TIOCSETA
)

// openAnew tells that a number cannot be opened once more: /dev/fd has it duplicated.
func openAnew(int, int) (int, error) { return -1, unix.ENOTSUP }

func openPipe(fds []int) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := unix.Pipe(fds); err != nil {
		return err
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			_ = unix.Close(fds[0])
			_ = unix.Close(fds[1])
			return err
		}
	}
	return nil
}
