//go:build unix

package socket

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// How a descriptor is used that others have, too.
//
// O_NONBLOCK is not a property of a descriptor but of the open file behind it, and
// standard input is the same open file in the shell, in this process and in whatever it
// has started. Whoever sets the flag has the others fail with EAGAIN, and if he is
// killed it stays set. So a descriptor that we are a guest of is left as it is. What
// keeps a call from blocking the loop is then asked for with each call: a socket takes
// MSG_DONTWAIT, which settles it. For anything else the system is asked before whether
// there is something, and a neighbour who takes that away between the question and the
// call has the loop stand still until more comes. Packages that can have an open file of
// their own (by opening a terminal or a pipe anew) should therefore prefer that.

// guestPart is how much is written at once to what may block: a pipe that has room has
// room for this, and a terminal is not full of it for long.
const guestPart = 512

// Guest notes that the open file is shared and must be left blocking. It is not a
// checkpoint.
func (f *FD) Guest() {
	f.guest, f.piecewise = true, true
}

// Restore notes that the open file was blocking before it came here, and has Close
// leave it so. It is not a checkpoint.
func (f *FD) Restore() { f.file.blocked = true }

// Quiet notes that there can be nothing to read yet, so that the first read waits for a
// report. A named pipe that nobody has opened to write would otherwise seem to have
// ended. It is not a checkpoint.
func (f *FD) Quiet() { f.desc.Blocked(kernel.Read) }

// tryRead is one system call that does not wait.
func (f *FD) tryRead(p []byte) (int, syscall.Errno) {
	fd := f.desc.FD()
	switch {
	case f.kind > 0:
		return recv(fd, p)
	case f.guest:
		if now := ready(fd, unix.POLLIN); !now {
			return 0, syscall.EAGAIN
		}
		n, err := unix.Read(fd, p) // not a raw call: it might block after all
		return max(0, n), errnoOf(err)
	}
	return read(fd, p)
}

// tryWrite is one system call that does not wait.
func (f *FD) tryWrite(p []byte) (int, syscall.Errno) {
	fd := f.desc.FD()
	switch {
	case f.kind > 0:
		return send(fd, p)
	case f.guest:
		if now := ready(fd, unix.POLLOUT); !now {
			return 0, syscall.EAGAIN
		}
		n, err := unix.Write(fd, p[:min(len(p), guestPart)])
		return max(0, n), errnoOf(err)
	}
	return write(fd, p)
}

// ready asks the system whether a call would not wait. A failure counts as yes, so that
// the call tells of it.
func ready(fd int, event int16) bool {
	asked := [1]unix.PollFd{{Fd: int32(fd), Events: event}}
	n, err := unix.Poll(asked[:], 0)
	return n != 0 || err != nil && err != unix.EINTR
}
