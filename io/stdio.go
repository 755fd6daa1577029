//go:build unix

package io

import (
	"errors"
	stdio "io"
	"os"
	stdsync "sync"
	"syscall"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// Standard input, output and error output, in the place of those of package os.
var (
	Stdin  = newStandard(os.Stdin)
	Stdout = newStandard(os.Stdout)
	Stderr = newStandard(os.Stderr)
)

// Standard is one of the three descriptors that a program is started with. Its Read and
// Write wait cooperatively in a task, whatever it is: a terminal, a pipe, a socket; a
// regular file goes through the loop's offload pool. It belongs to no loop: each in which
// it is used looks after it until its run ends, and on plain goroutines it is that of
// package os.
//
// Other processes have these files open, too. So they are not made non-blocking: a
// terminal or a pipe is opened anew (Linux), for anything else each call sees to it that
// it does not wait. What goes to the same place by package os is not mixed up with what
// goes through here, since nothing is buffered on the way.
type Standard struct {
	// file is that of package os, which also knows how to die of SIGPIPE.
	file *os.File
	// mu guards homes.
	mu stdsync.Mutex
	// homes are the loops that look after it now.
	homes map[*kernel.Loop]*standardHome
	// slow is what cannot be polled.
	slow slowFile
}

// standardHome is a descriptor in one loop.
type standardHome struct {
	// desc is nil for a file that cannot be polled, whose calls are offloaded.
	desc *Descriptor
	// reading and writing let one offloaded call at a time be under way.
	reading, writing turn
}

var (
	_ stdio.ReadWriter = (*Standard)(nil)
	_ syscall.Conn     = (*Standard)(nil)
)

func newStandard(f *os.File) *Standard {
	return &Standard{file: f, homes: make(map[*kernel.Loop]*standardHome), slow: slowFile{file: f}}
}

// home returns the descriptor in the loop of the running task, making it if need be.
func (s *Standard) home(l *kernel.Loop) (*standardHome, error) {
	s.mu.Lock()
	h := s.homes[l]
	s.mu.Unlock()
	if h != nil {
		return h, nil
	}
	h = new(standardHome)
	d, err := FromFile(s.file)
	switch {
	case err == nil:
		h.desc = d
	case !errors.Is(err, errors.ErrUnsupported):
		return nil, err
	}
	s.settle(l, h)
	l.AtEnd(func() {
		s.settle(l, nil)
		if d != nil {
			_ = d.Close()
		}
	})
	return h, nil
}

// settle notes where the descriptor is looked after in a loop, nil for nowhere.
func (s *Standard) settle(l *kernel.Loop, h *standardHome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h == nil {
		delete(s.homes, l)
	} else {
		s.homes[l] = h
	}
}

// task returns the task that calls, nil on a plain goroutine, which may block. In a
// callback of a loop, which may not, it panics.
func (s *Standard) task(call string) *kernel.Task {
	if kernel.CurrentLoop() == nil {
		return nil
	}
	return kernel.MustTask(call)
}

// Read reads what there is, at most len(p) bytes, waiting until there is something; from
// a terminal that is a line. At the end it returns io.EOF. It is a checkpoint in a task,
// and nothing is lost when the task is cancelled: what an offloaded read brings after
// that comes out of the next Read, in whatever loop. On a plain goroutine it blocks.
func (s *Standard) Read(p []byte) (int, error) {
	t := s.task("io.Standard.Read")
	if t == nil {
		return s.slow.read(p)
	}
	h, err := s.home(t.Loop())
	if err != nil {
		return 0, err
	}
	if h.desc != nil {
		return h.desc.Read(p)
	}
	if !h.reading.take(t, kernel.Plain("another task to have read "+s.file.Name())) {
		return 0, describe("read", s.file.Name(), t.Interrupted())
	}
	n, status, err := s.slow.offload(t, p)
	h.reading.pass()
	if status == kernel.Canceled {
		return 0, describe("read", s.file.Name(), t.Interrupted())
	}
	return n, err
}

// Write writes all of p, waiting while there is no room. When nobody reads standard
// output or error output any more the program ends by SIGPIPE, as with package os,
// unless it has asked for the signal. It is a checkpoint in a task; when it fails or the
// task is cancelled it returns how much was written. A write to a regular file is
// waited for in any case. On a plain goroutine it blocks.
func (s *Standard) Write(p []byte) (int, error) {
	t := s.task("io.Standard.Write")
	if t == nil {
		return s.file.Write(p)
	}
	h, err := s.home(t.Loop())
	if err != nil {
		return 0, err
	}
	if h.desc == nil {
		return s.writeSlowly(t, h, p)
	}
	n, err := h.desc.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		_, err = s.file.Write(p[n:]) // which fails as well, and raises the signal
	}
	return n, err
}

// WriteString is Write for a string. It is a checkpoint in a task.
func (s *Standard) WriteString(text string) (int, error) { return s.Write([]byte(text)) }

// writeSlowly writes to a file that cannot be polled. A write that has begun cannot be
// taken back: so it is waited for. Where even that ends, with the run's grace, it goes on
// with bytes of its own.
func (s *Standard) writeSlowly(t *kernel.Task, h *standardHome, p []byte) (int, error) {
	if !h.writing.take(t, kernel.Plain("another task to have written to "+s.file.Name())) {
		return 0, describe("write", s.file.Name(), t.Interrupted())
	}
	own := append([]byte(nil), p...)
	var n int
	var err error
	shield := t.EnterShield(0)
	o, failed := t.Loop().Offloads().Offload(t, func() { n, err = s.file.Write(own) })
	shield.Leave()
	h.writing.pass()
	if o == kernel.Canceled { // n and err are not ours any more
		return 0, describe("write", s.file.Name(), t.Interrupted())
	}
	if failed != nil {
		return 0, failed
	}
	return n, err
}

// ReadFrom writes all that r has, as Copy does, which calls it. It is a checkpoint in a
// task.
func (s *Standard) ReadFrom(r stdio.Reader) (int64, error) {
	d := s.splicable()
	if d == nil {
		return stdio.Copy(onlyWriter{s}, r)
	}
	n, done, err := d.CopyFrom(r)
	if done && !errors.Is(err, syscall.EPIPE) {
		return n, describe("readfrom", s.file.Name(), err)
	}
	// By hand, also for what is left when nobody reads any more: Write knows what to do.
	more, failed := stdio.Copy(onlyWriter{s}, r)
	if failed != nil {
		err = failed
	}
	return n + more, err
}

// WriteTo writes all that there is to read to w, as Copy does, which calls it. It is a
// checkpoint in a task.
func (s *Standard) WriteTo(w stdio.Writer) (int64, error) {
	if t := kernel.Running(); t != nil {
		if h, err := s.home(t.Loop()); err == nil && h.desc != nil {
			return h.desc.WriteTo(w)
		}
	}
	return stdio.Copy(w, onlyReader{s})
}

// onlyReader and onlyWriter hide all other methods.
type (
	onlyReader struct{ stdio.Reader }
	onlyWriter struct{ stdio.Writer }
)

// splicable returns the descriptor in the loop of the task that calls, nil where there is
// none that the system could copy from or to.
func (s *Standard) splicable() *socket.FD {
	t := kernel.Running()
	if t == nil {
		return nil
	}
	if h, err := s.home(t.Loop()); err == nil && h.desc != nil {
		return h.desc.fd
	}
	return nil
}

// Name returns the name of the file, such as /dev/stdin. It is not a checkpoint.
func (s *Standard) Name() string { return s.file.Name() }

// Fd returns the descriptor's number: 0, 1 or 2. It is not a checkpoint.
func (s *Standard) Fd() uintptr { return s.file.Fd() }

// IsTerminal tells whether it is a terminal. It is not a checkpoint.
func (s *Standard) IsTerminal() bool { return IsTerminal(int(s.file.Fd())) }

// WinSize returns the size of the terminal that it is; for anything else it fails with
// ENOTTY. It is not a checkpoint.
func (s *Standard) WinSize() (WinSize, error) {
	size, err := winSize(int(s.file.Fd()))
	return size, describe("ioctl", s.file.Name(), err)
}

// SyscallConn gives access to the descriptor's number, as that of package os does. It is
// not a checkpoint.
func (s *Standard) SyscallConn() (syscall.RawConn, error) { return s.file.SyscallConn() }
