package socket

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The descriptors here never block, so their system calls need not tell the Go
// scheduler that the thread may be away for a while: raw calls save that.

func read(fd int, p []byte) (int, syscall.Errno) {
	n, _, e := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(min(len(p), maxIO)))
	if e != 0 {
		return 0, e
	}
	return int(n), 0
}

func write(fd int, p []byte) (int, syscall.Errno) {
	n, _, e := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(min(len(p), maxIO)))
	if e != 0 {
		return 0, e
	}
	return int(n), 0
}

// open makes a socket that does not block and is not inherited.
func open(family, kind, protocol int) (int, error) {
	return unix.Socket(family, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, protocol)
}

// acceptCall is what errors call it, as in the standard library.
const acceptCall = "accept4"

func accept(fd int) (int, unix.Sockaddr, error) {
	return unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
}
