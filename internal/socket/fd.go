//go:build unix

package socket

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// FD is a non-blocking descriptor in the care of a loop. Its methods may be called
// from any goroutine, at any time.
type FD struct {
	desc *kernel.Desc
	file *file
	// stream tells that bytes come without borders between them.
	stream bool
	// piecewise tells that a read of a stream may stop short of what there is, see
	// Piecewise. Elsewhere one of less than was asked for has taken everything.
	piecewise bool
	// ends tells that reading nothing means the end; for datagrams it does not.
	ends bool
	// pipe tells that it is an end of a pipe, which the system can copy from and to
	// without a pipe of ours in between.
	pipe bool
	// peer is the other end of the pipe where it belongs to the same loop, nil for none.
	// It is not the FD, which may be forgotten.
	peer *kernel.Desc
	// guest is set where the open file is shared with others and may block, see Guest.
	guest bool
	// kind is what New was told, for what Accept makes.
	kind int
	// cleanup closes a descriptor that was forgotten; Close calls it off.
	cleanup runtime.Cleanup
}

// Kinds of descriptors that are no sockets.
const (
	// Pipe is an end of a pipe: a stream.
	Pipe = -1 - iota
	// Device is anything else that reads and writes like a file: terminals, packets in
	// pipes, timers. A read may stop short of what there is.
	Device
)

// New takes over fd, which must be non-blocking (or made a [FD.Guest]), for the loop of
// the task or callback that calls. what names it in reports, kind is the kind of socket
// that it is, or Pipe or Device. On an error fd is closed. It is not a checkpoint.
func New(fd int, what string, kind int) (*FD, error) {
	f, err := Adopt(fd, what, kind)
	if err != nil {
		_ = unix.Close(fd)
	}
	return f, err
}

// Adopt is New for a descriptor that stays the caller's on an error. It is not a
// checkpoint.
func Adopt(fd int, what string, kind int) (*FD, error) {
	l, _ := kernel.MustLoop("opening a descriptor")
	d, err := l.Register(fd, what)
	if err != nil {
		return nil, err
	}
	open := &file{desc: d, owed: -1}
	open.number.Store(int64(fd))
	f := &FD{desc: d, file: open, kind: kind}
	f.pipe = kind == Pipe
	f.stream = kind == unix.SOCK_STREAM || f.pipe
	f.ends = f.stream || kind == unix.SOCK_SEQPACKET || kind == Device
	// Whoever drops the last reference without Close leaves an open descriptor
	// behind; the collector finds it, as it does for the standard library's.
	d.OnAbandon(func() { _ = open.end() }) // not by way of f, which would never be forgotten
	f.cleanup = runtime.AddCleanup(f, (*file).forgotten, f.file)
	return f, nil
}

// Piecewise notes that the descriptor is a Unix socket. A read of a stream of that kind
// stops behind bytes that descriptors came with (unix(7)), and what follows them has
// been reported already: whoever took the short read for the end of what is there would
// wait for a report that does not come. It is not a checkpoint.
func (f *FD) Piecewise() { f.piecewise = true }

// Loop returns the loop that looks after the descriptor.
func (f *FD) Loop() *kernel.Loop { return f.desc.Loop() }

// task returns the calling task if it belongs to the descriptor's loop.
func (f *FD) task() *kernel.Task {
	if t := kernel.Running(); t != nil && t.Loop() == f.desc.Loop() {
		return t
	}
	return nil
}

// failure turns the status of a wait into an error. Nothing may be held when it is
// called: for a killed task it does not return.
func failure(t *kernel.Task, s kernel.Status) error {
	switch s {
	case kernel.Expired:
		return os.ErrDeadlineExceeded
	case kernel.Closing:
		return net.ErrClosed
	case kernel.Interrupted:
		return t.Interrupted()
	}
	return nil
}

// do runs try, which makes a system call, until it says something else than "would
// block". It is one operation of the direction: nobody else's comes in between.
func (f *FD) do(t *kernel.Task, m kernel.Mode, name string, try func() syscall.Errno) error {
	d := f.desc
	s := d.Acquire(t, m)
	if s != kernel.Ready {
		return failure(t, s)
	}
	var e syscall.Errno
	for {
		if s = d.Wait(t, m); s != kernel.Ready {
			break
		}
		if e = d.Loop().Fault(name); e == 0 {
			e = try()
		}
		if e == syscall.EAGAIN {
			d.Blocked(m)
		} else if e != syscall.EINTR {
			break
		}
	}
	d.Release(m)
	if s != kernel.Ready {
		return failure(t, s)
	}
	return fail(name, e)
}

func errnoOf(err error) syscall.Errno {
	var e syscall.Errno
	if err != nil && !errors.As(err, &e) {
		e = syscall.EINVAL
	}
	return e
}

func fail(name string, e syscall.Errno) error {
	if e == 0 {
		return nil
	}
	return os.NewSyscallError(name, e)
}

// Read reads what there is, at most len(p) bytes, waiting until there is
// something. At the end of a stream it returns io.EOF. It is a checkpoint.
func (f *FD) Read(p []byte) (int, error) {
	t := f.task()
	if t == nil {
		return Carry(f.Loop(), func() (int, error) { return f.Read(p) })
	}
	d := f.desc
	s := d.Acquire(t, kernel.Read)
	if s != kernel.Ready {
		return 0, failure(t, s)
	}
	if len(p) == 0 {
		d.Release(kernel.Read)
		return 0, nil
	}
	var n int
	var e syscall.Errno
	for {
		if !d.IsReady(kernel.Read) {
			if s = d.Wait(t, kernel.Read); s != kernel.Ready {
				break
			}
		}
		if e = d.Loop().Fault("read"); e == 0 {
			n, e = f.tryRead(p)
		}
		if e == syscall.EAGAIN {
			d.Blocked(kernel.Read)
		} else if e != syscall.EINTR {
			break
		}
	}
	if e == 0 && s == kernel.Ready && n < len(p) && n > 0 && f.stream && !f.piecewise {
		d.Short()
	}
	if f.peer != nil && e == 0 && s == kernel.Ready {
		f.drained(n, n < len(p))
	}
	d.Release(kernel.Read)
	switch {
	case s != kernel.Ready:
		return 0, failure(t, s)
	case e != 0:
		return 0, fail("read", e)
	case n == 0 && f.ends:
		return 0, io.EOF
	}
	return n, nil
}

// Write writes all of p, waiting as often as it must. It returns how many bytes
// were written when it fails or is interrupted before. It is a checkpoint.
func (f *FD) Write(p []byte) (int, error) {
	t := f.task()
	if t == nil {
		return Carry(f.Loop(), func() (int, error) { return f.Write(p) })
	}
	d := f.desc
	s := d.Acquire(t, kernel.Write)
	if s != kernel.Ready {
		return 0, failure(t, s)
	}
	total := 0
	var e syscall.Errno
	for {
		if !d.IsReady(kernel.Write) {
			if s = d.Wait(t, kernel.Write); s != kernel.Ready {
				break
			}
		}
		var n int
		if e = d.Loop().Fault("write"); e == 0 {
			n, e = f.tryWrite(p[total:])
		}
		switch {
		case e == syscall.EAGAIN:
			d.Blocked(kernel.Write)
			continue
		case e == syscall.EINTR:
			continue
		case e == 0:
			total += n
			if f.peer != nil {
				f.peer.Hint(kernel.Read)
			}
			if total == len(p) {
				break
			}
			if f.pipe && !f.guest {
				d.Blocked(kernel.Write) // it was full when the call returned, so there will be a report
				continue
			}
			// Of a peer that reads as fast as we write the others would never hear the end.
			switch t.Yield(); {
			case t.Interruptible():
				s = kernel.Interrupted
			case d.Closed():
				s = kernel.Closing
			default:
				continue
			}
		}
		break
	}
	d.Release(kernel.Write)
	runtime.KeepAlive(f) // p may have been all that the caller was waiting for
	if s != kernel.Ready {
		return total, failure(t, s)
	}
	return total, fail("write", e)
}

// Control calls use with the descriptor's number, which is valid during the call
// only. use must not wait, and not call the descriptor's methods: where the loop does
// not run, it is kept from starting meanwhile. It is not a checkpoint in a task.
func (f *FD) Control(use func(fd int) error) error {
	guarded := func() (none struct{}, err error) {
		fd := f.file.number.Load()
		if fd < 0 {
			return none, net.ErrClosed
		}
		return none, use(int(fd))
	}
	var err error
	if kernel.CurrentLoop() == f.Loop() {
		_, err = guarded()
	} else if !f.Loop().IfStopped(func() { _, err = guarded() }) {
		_, err = Carry(f.Loop(), guarded)
	}
	return err
}

// Retry calls try with the descriptor's number, waits until the direction is
// ready, and calls it again, until it returns true. It is a checkpoint.
func (f *FD) Retry(m kernel.Mode, try func(fd int) bool) error {
	t := f.task()
	if t == nil {
		_, err := Carry(f.Loop(), func() (none struct{}, err error) { return none, f.Retry(m, try) })
		return err
	}
	trying := false
	defer func() {
		if trying { // try panicked, and the direction is still ours
			f.desc.Release(m)
		}
	}()
	return f.do(t, m, "", func() syscall.Errno {
		trying = true
		enough := try(f.desc.FD())
		trying = false
		if enough {
			return 0
		}
		return syscall.EAGAIN
	})
}

// SetDeadline sets when operations in the directions given expire; the zero time
// means never. Operations under way are included. It is not a checkpoint in a
// task.
func (f *FD) SetDeadline(m kernel.Mode, when time.Time) error {
	return f.Control(func(int) error {
		var at int64
		if !when.IsZero() {
			at = f.desc.Loop().At(when)
		}
		for _, one := range []kernel.Mode{kernel.Read, kernel.Write} {
			if m&one != 0 {
				f.desc.SetDeadline(one, at)
			}
		}
		return nil
	})
}
