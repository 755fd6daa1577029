//go:build unix

package io

import (
	"iter"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
	"github.com/evergreen-go/evergreen/runtime"
)

// TTY is a terminal. Like a [Descriptor], which it is besides, it belongs to a loop; Read,
// Write, ReadLine, Prompt and Password may be called from any goroutine.
type TTY struct {
	*Descriptor
	// lines lets one reader at a time take from the buffer or fill it.
	lines turn
	// rest is what was read beyond the end of a line. It belongs to the loop.
	rest []byte
}

// OpenTTY opens the terminal that controls the program, wherever its standard input and
// output go. Where there is none, as for a daemon, it fails. It is not a checkpoint.
func OpenTTY() (*TTY, error) {
	l, _ := kernel.MustLoop("io.OpenTTY")
	const name = "/dev/tty"
	if e := l.Fault("open"); e != 0 {
		return nil, describe("open", name, e)
	}
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, describe("open", name, err)
	}
	d, err := wrap(fd, name, socket.Device)
	if err != nil {
		return nil, err
	}
	return &TTY{Descriptor: d}, nil
}

// NewTTY makes a terminal of a descriptor that is one, such as [FromFile] of os.Stdin or
// an end of a pseudo-terminal, and which it is from then on. Anything else is refused
// with ENOTTY. It is not a checkpoint.
func NewTTY(d *Descriptor) (*TTY, error) {
	err := d.fd.Control(func(fd int) error {
		_, err := unix.IoctlGetTermios(fd, getTermios)
		return err
	})
	if err != nil {
		return nil, describe("ioctl", d.name, err)
	}
	return &TTY{Descriptor: d}, nil
}

// WinSize is the size of a terminal.
type WinSize struct {
	Rows, Columns int // in characters
	Width, Height int // in pixels, 0 where the terminal does not say
}

// WinSize returns the terminal's size. It is not a checkpoint.
func (t *TTY) WinSize() (size WinSize, err error) {
	err = t.fd.Control(func(fd int) (err error) {
		size, err = winSize(fd)
		return err
	})
	return size, describe("ioctl", t.name, err)
}

func winSize(fd int) (WinSize, error) {
	ws, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
	if err != nil {
		return WinSize{}, err
	}
	return WinSize{Rows: int(ws.Row), Columns: int(ws.Col), Width: int(ws.Xpixel), Height: int(ws.Ypixel)}, nil
}

// SetWinSize sets the terminal's size, of which the programs in its foreground are told:
// it is for those who drive a pseudo-terminal. It is not a checkpoint.
func (t *TTY) SetWinSize(size WinSize) error {
	return describe("ioctl", t.name, t.fd.Control(func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{
			Row: uint16(size.Rows), Col: uint16(size.Columns), Xpixel: uint16(size.Width), Ypixel: uint16(size.Height),
		})
	}))
}

// OnResize has f run on the loop, as a callback, which must not wait, whenever the
// terminal has another size, until the handle is cancelled. Only the terminal that
// controls the program tells. It belongs in the terminal's loop and is not a checkpoint.
func (t *TTY) OnResize(f func(WinSize)) (*runtime.Handle, error) {
	kernel.MustLoop("TTY.OnResize")
	last, err := t.WinSize()
	if err != nil {
		return nil, err
	}
	return runtime.Current().AddSignalHandler(syscall.SIGWINCH, func() {
		if now, err := t.WinSize(); err == nil && now != last {
			last = now
			f(now)
		}
	})
}

// Resizes yields the size of the terminal, and then each time that it changes the new
// one; of several changes at a time only the last. It ends when the size cannot be asked
// for any more, since the terminal is closed, which it sees at the next change. It
// belongs in a task of the terminal's loop and is a checkpoint; when the task is
// cancelled it does not return.
func (t *TTY) Resizes() iter.Seq[WinSize] {
	return func(yield func(WinSize) bool) {
		me := kernel.MustTask("TTY.Resizes")
		var changed kernel.WaitList
		h, err := runtime.Current().AddSignalHandler(syscall.SIGWINCH, func() { changed.WakeAll() })
		if err != nil {
			return
		}
		defer h.Cancel()
		var last WinSize
		for first := true; ; first = false {
			now, err := t.WinSize()
			if err != nil {
				return
			}
			if first || now != last {
				last = now
				if !yield(now) {
					return
				}
				if now, err = t.WinSize(); err == nil && now != last {
					continue // meanwhile
				}
			}
			if changed.Wait(me, kernel.Plain("the terminal to change its size"), 0) == kernel.Canceled {
				h.Cancel()
				me.Unwind()
			}
		}
	}
}

// terminal is what a change of mode works on: a number of its own, so that it can be
// changed back whatever becomes of the descriptor.
func (t *TTY) terminal() (fd int, err error) {
	fd = -1
	err = t.Descriptor.fd.Control(func(n int) (err error) {
		fd, err = unix.FcntlInt(uintptr(n), unix.F_DUPFD_CLOEXEC, 0)
		return os.NewSyscallError("fcntl", err)
	})
	return fd, err
}
