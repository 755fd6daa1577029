//go:build unix && !(dragonfly || freebsd || linux || netbsd || openbsd)

package io

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// pipeCloexec makes a pipe that no program inherits by chance: the lock keeps programs
// from being started between the two steps.
func pipeCloexec(both *[2]int) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := unix.Pipe(both[:]); err != nil {
		return err
	}
	unix.CloseOnExec(both[0])
	unix.CloseOnExec(both[1])
	return nil
}
