package io

import (
	"os"

	"golang.org/x/sys/unix"
)

// pipeInside returns how many bytes are in a pipe. The system says so in 32 bits.
func pipeInside(fd int) (int, error) {
	n, err := unix.IoctlGetUint32(fd, unix.TIOCINQ)
	return int(n), err
}

// pidfd returns a descriptor that becomes readable when the process ends. The caller
// closes it.
func pidfd(p *os.Process) (fd int, err error) {
	// The process has one of its own, which it closes when it is reaped: the poller
	// must not be surprised by that.
	if e := p.WithHandle(func(handle uintptr) {
		fd, err = unix.FcntlInt(handle, unix.F_DUPFD_CLOEXEC, 0)
	}); e != nil {
		return -1, e
	}
	return fd, err
}

// pidfdEnded tells whether the process has ended, and leaves it to be reaped. One that
// is not ours any more has.
func pidfdEnded(fd int) (bool, error) {
	for {
		var info unix.Siginfo
		switch err := unix.Waitid(unix.P_PIDFD, fd, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil); err {
		case unix.EINTR:
		case unix.ECHILD:
			return true, nil
		default:
			return info.Signo != 0, err
		}
	}
}

// awaitPid blocks until the process has ended, and leaves it to be reaped. It returns
// false where the system cannot do that.
func awaitPid(p *os.Process) bool {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, p.Pid, &info, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return err == nil || err == unix.ECHILD
		}
	}
}
