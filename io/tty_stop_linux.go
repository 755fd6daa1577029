package io

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// action is the system's record of what a signal does, with room to spare. All zeros are
// the default effect.
type action [128]byte

// stopSelf has SIGTSTP stop the program, as it would one that takes no signals, and
// returns when it goes on, or at once where there is no shell to continue it.
//
// The Go runtime keeps its handler, which then does nothing, once a program has asked
// for the signal: so it is taken out for as long as it takes.
func stopSelf() {
	var byDefault, runtimes action
	if !exchange(&byDefault, &runtimes) {
		return
	}
	_ = unix.Kill(os.Getpid(), stops)
	afterStop()
	exchange(&runtimes, nil)
}

func exchange(to, from *action) bool {
	const sizeOfMask = 8
	_, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(stops), uintptr(unsafe.Pointer(to)), uintptr(unsafe.Pointer(from)), sizeOfMask, 0, 0)
	return e == 0
}
