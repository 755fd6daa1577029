//go:build unix && !linux

package io

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// fionread is the same on all systems that come from BSD.
const fionread = 0x4004667f

// pipeInside returns how many bytes are in a pipe.
func pipeInside(fd int) (int, error) { return unix.IoctlGetInt(fd, fionread) }

// pidfd returns an error: there is no such descriptor here.
func pidfd(*os.Process) (int, error) { return -1, errors.ErrUnsupported }

func pidfdEnded(int) (bool, error) { return false, errors.ErrUnsupported }

// awaitPid returns false: waitid of Darwin also returns for a process that has only
// stopped, and not all systems have another call that leaves it to be reaped.
func awaitPid(*os.Process) bool { return false }
