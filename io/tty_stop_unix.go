//go:build unix && !linux

package io

import (
	"os"

	"golang.org/x/sys/unix"
)

// stopSelf stops the program and returns when it goes on. The Go runtime keeps its
// handler for SIGTSTP, which then does nothing, once a program has asked for the signal:
// so it is SIGSTOP that does it.
func stopSelf() {
	_ = unix.Kill(os.Getpid(), unix.SIGSTOP)
	afterStop()
}
