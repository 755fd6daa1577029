package socket

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// pour moves bytes between two descriptors of which one or both are pipes, without
// anything in between. It is done, or not, as [FD.Splice] says.
func (f *FD) pour(t *kernel.Task, from *FD, remain int64) (n int64, done bool, err error) {
	for remain > 0 {
		moved, err := f.pourSome(t, from, int(min(remain, pieceOf)))
		if n == 0 && isNotSupported(err) {
			return 0, false, nil
		}
		if err != nil || moved == 0 {
			return n, true, err
		}
		n += int64(moved)
		remain -= int64(moved)
		if remain > 0 {
			t.Yield() // or of a source that never pauses the others would never hear the end
		}
	}
	return n, true, nil
}

// pourSome moves what one system call takes, waiting until there is something to move
// and room for it. It returns 0 at the end of the source.
//
// The writer's turn is taken only while there is something to read: others may write,
// too, while the copy waits for its source.
func (f *FD) pourSome(t *kernel.Task, from *FD, limit int) (n int, err error) {
	in, out := from.desc, f.desc
	s := in.Acquire(t, kernel.Read)
	if s != kernel.Ready {
		return 0, failure(t, s)
	}
	var e syscall.Errno
	for again := true; again; {
		if s = in.Wait(t, kernel.Read); s != kernel.Ready {
			break
		}
		if s = out.Acquire(t, kernel.Write); s != kernel.Ready {
			break
		}
		n, e, s, again = f.pourInto(t, from, limit)
		out.Release(kernel.Write)
	}
	in.Release(kernel.Read)
	if s != kernel.Ready {
		return 0, failure(t, s)
	}
	return n, fail("splice", e)
}

// pourInto is the part of pourSome with both turns taken. It returns again if the
// source has nothing.
//
// "Would block" does not say which of the two would, so the system is asked. That may
// only be concluded which cannot be missed: what is found not to be ready will be
// reported when it is.
func (f *FD) pourInto(t *kernel.Task, from *FD, limit int) (n int, e syscall.Errno, s kernel.Status, again bool) {
	in, out := from.desc, f.desc
	for {
		if s = out.Wait(t, kernel.Write); s != kernel.Ready {
			return 0, 0, s, false
		}
		if in.Closed() { // while we waited; its number may be somebody else's by now
			return 0, 0, kernel.Closing, false
		}
		if e = out.Loop().Fault("splice"); e == 0 {
			n, e = splice(in.FD(), out.FD(), limit)
		}
		switch e {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
		default:
			if from.peer != nil {
				from.drained(n, false)
			}
			if f.peer != nil && n > 0 {
				f.peer.Hint(kernel.Read)
			}
			return n, e, kernel.Ready, false
		}
		there, room := readiness(in.FD(), out.FD())
		if !room {
			out.Blocked(kernel.Write)
		}
		if !there {
			in.Blocked(kernel.Read)
			return 0, 0, kernel.Ready, true
		}
		if room { // something has changed meanwhile, or will in a moment
			t.Yield()
			if t.Interruptible() {
				return 0, 0, kernel.Interrupted, false
			}
			if out.Closed() {
				return 0, 0, kernel.Closing, false
			}
		}
	}
}

// readiness asks the system whether there is something to read and room to write. A
// failure counts as yes: the next call tells of it.
func readiness(in, out int) (there, room bool) {
	asked := [2]unix.PollFd{{Fd: int32(in), Events: unix.POLLIN}, {Fd: int32(out), Events: unix.POLLOUT}}
	if _, err := unix.Poll(asked[:], 0); err != nil {
		return true, true
	}
	return asked[0].Revents != 0, asked[1].Revents != 0
}
