//go:build unix

package socket

import (
	"syscall"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// parts runs step, which writes some of what there is by a system call, until step
// has no more to write. It is one operation of the writing direction. Between the
// parts the other tasks have their turn: of a peer that reads as fast as we write
// they would never hear the end.
func (f *FD) parts(t *kernel.Task, name string, step func() (more bool, e syscall.Errno)) error {
	d := f.desc
	s := d.Acquire(t, kernel.Write)
	if s != kernel.Ready {
		return failure(t, s)
	}
	var e syscall.Errno
	for {
		if s = d.Wait(t, kernel.Write); s != kernel.Ready {
			break
		}
		more := true
		if e = d.Loop().Fault(name); e == 0 {
			more, e = step()
		}
		if e == syscall.EAGAIN {
			d.Blocked(kernel.Write)
			continue
		}
		if e == syscall.EINTR {
			continue
		}
		if e != 0 || !more {
			break
		}
		t.Yield()
		if t.Interruptible() {
			s = kernel.Interrupted
			break
		}
		if d.Closed() {
			s = kernel.Closing
			break
		}
	}
	d.Release(kernel.Write)
	if s != kernel.Ready {
		return failure(t, s)
	}
	return fail(name, e)
}
