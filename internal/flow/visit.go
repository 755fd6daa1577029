//go:build unix

package flow

import (
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// Visit calls change, which must not wait, where the flows of the loop l may be
// touched: at once in l, and where l does not run; else l is asked to. It is not a
// checkpoint.
func Visit(l *kernel.Loop, change func() error) (err error) {
	if kernel.CurrentLoop() == l {
		return change()
	}
	if l.IfStopped(func() { err = change() }) {
		return err
	}
	if t := kernel.Running(); t != nil { // of another loop; it is done also if it is cancelled
		shield := t.EnterShield(0)
		defer shield.Leave()
	}
	_, err = socket.Carry(l, func() (none struct{}, err error) { return none, change() })
	return err
}

// The following are called in the flow's loop, see Visit, and are not checkpoints.

// CloseRead has writers, those who wait included, fail with err. The first error
// counts.
func (f *Flow) CloseRead(err error) {
	if f.readerErr == nil {
		f.readerErr = err
		f.wakeAll()
	}
}

// CloseWrite has readers, those who wait included, fail with err. The first error
// counts.
func (f *Flow) CloseWrite(err error) {
	if f.writerErr == nil {
		f.writerErr = err
		f.wakeAll()
	}
}

// wakeAll has everybody see that the flow is closed. Writers who wait for their turn
// get it one after the other.
func (f *Flow) wakeAll() {
	f.readers.WakeAll()
	f.taken.WakeAll()
}

// Closed tells whether one of the sides is closed.
func (f *Flow) Closed() bool { return f.readerErr != nil || f.writerErr != nil }

// At is a time on the clock of the flow's loop; the zero time, for never, is 0.
func (f *Flow) At(when time.Time) int64 {
	if when.IsZero() {
		return 0
	}
	return f.Loop().At(when)
}

// SetReadDeadline sets when reads expire, those that wait included; 0 is never.
func (f *Flow) SetReadDeadline(at int64) {
	f.readBy = at
	f.readers.SetDeadline(at)
}

// SetWriteDeadline sets when writes expire, those that wait included; 0 is never.
func (f *Flow) SetWriteDeadline(at int64) {
	f.writeBy = at
	f.turn.SetDeadline(at)
	f.taken.SetDeadline(at)
}
