//go:build unix

package io

import (
	"golang.org/x/sys/unix"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Raw puts the terminal into raw mode, calls f, and puts it back into the mode that it
// was in: each key is read at once, nothing is echoed, and Ctrl-C is a byte like any
// other. It is put back however f is left: by return, by a panic, by a kill of the task
// or the end of a block around it, at the end of Run after a deadlock; and before the
// program dies of SIGINT, SIGTERM, SIGHUP or SIGQUIT, or is stopped by SIGTSTP, unless it
// has a handler for the signal. What goes by without any of that leaves it as it is:
// os.Exit, a panic in a plain goroutine, SIGKILL. It is a checkpoint if f is one.
func (t *TTY) Raw(f func() error) error {
	restore, err := t.MakeRaw()
	if err != nil {
		return err
	}
	defer restore()
	return f()
}

// MakeRaw is the first half of [TTY.Raw], and restore the second, to be deferred; it may
// be called more than once. If it was not called by then, the end of Run does it. It is
// not a checkpoint, nor is restore.
func (t *TTY) MakeRaw() (restore func() error, err error) { return t.change("raw mode", raw) }

// raw is what cfmakeraw(3) does.
func raw(m *unix.Termios) {
	m.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	m.Oflag &^= unix.OPOST
	m.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	m.Cflag &^= unix.CSIZE | unix.PARENB
	m.Cflag |= unix.CS8
	m.Cc[unix.VMIN] = 1
	m.Cc[unix.VTIME] = 0
}

// silent has what is typed not be shown; lines can still be edited, and Ctrl-C ends the
// program.
func silent(m *unix.Termios) {
	m.Lflag &^= unix.ECHO
	m.Lflag |= unix.ICANON | unix.ISIG
	m.Iflag |= unix.ICRNL
}

// change puts the terminal into another mode until restore is called, by the caller, at
// the end of the run, or by a signal.
func (t *TTY) change(what string, to func(*unix.Termios)) (restore func() error, err error) {
	l, _ := kernel.MustLoop("TTY." + what)
	fd, err := t.terminal()
	if err != nil {
		return nil, describe("ioctl", t.name, err)
	}
	m := &mode{fd: fd, loop: l}
	if e := l.Fault("ioctl"); e != 0 {
		err = e
	} else {
		err = keeper.change(m, to)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, describe("ioctl", t.name, err)
	}
	return func() error { return describe("ioctl", t.name, keeper.restore(m)) }, nil
}

// mode is one change of a terminal's mode.
type mode struct {
	// fd is the terminal.
	fd int
	// before is the mode that it was in, after the one that it is in now.
	before, after unix.Termios
	// loop is the one whose end restores it at the latest.
	loop *kernel.Loop
	// over tells that it was restored.
	over bool
}

func (m *mode) set(to *unix.Termios) error {
	for {
		if err := unix.IoctlSetTermios(m.fd, setTermios, to); err != unix.EINTR {
			return err
		}
	}
}
