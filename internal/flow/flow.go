//go:build unix

package flow

import (
	"io"
	"os"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// Flow is a monitor: only who has the baton of its loop touches it, so it has no
// locks. A writer and a reader meet in one of two ways. Where the reader is there
// first he leaves an order, and the writer copies into his buffer and goes on without
// waiting. Where the writer is there first he leaves an offer and waits until it has
// been taken. So nobody is ever woken to look whether there is something for him: he
// has it, or the flow is closed.
type Flow struct {
	// bond ties the flow to its loop, and tells cheaply which of its tasks calls.
	bond kernel.Bond
	// toRead and toWrite say in reports what readers and writers wait for.
	toRead, toWrite kernel.Reason
	// offer is what the writer has not been rid of yet, while offered is set. It may be
	// empty, since a Write of nothing waits for a reader too. Nobody waits in readers
	// meanwhile.
	offer   []byte
	offered bool
	// readers wait for a writer; the Slot of each is his order. spare is an order that
	// nobody uses now.
	readers kernel.WaitList
	spare   *order
	// writing tells that somebody writes. Others wait in turn, so that writes do not
	// interleave, and are handed it over. taken is where the writer himself waits.
	writing     bool
	turn, taken kernel.WaitList
	// readBy and writeBy are the deadlines on the loop's clock, 0 for none.
	readBy, writeBy int64
	// readerErr tells that the reading side has been closed, and what writers get then;
	// writerErr the same the other way round.
	readerErr, writerErr error
}

// order is what a reader waits for: somebody to fill buf.
type order struct {
	buf    []byte
	n      int
	served bool
}

// New makes a flow for the tasks of the loop that calls, named call where that is
// none. toRead and toWrite say in reports what is waited for. It is not a checkpoint.
func New(call string, toRead, toWrite kernel.Reason) *Flow {
	f := &Flow{toRead: toRead, toWrite: toWrite}
	f.bond.Loop(call)
	return f
}

// Loop returns the loop that the flow belongs to.
func (f *Flow) Loop() *kernel.Loop { return f.bond.Home() }

// task returns the calling task if it belongs to the flow's loop.
func (f *Flow) task() *kernel.Task {
	if f.bond.Here() {
		return f.bond.Current()
	}
	if t := kernel.Running(); t != nil && t.Loop() == f.bond.Home() {
		return t
	}
	return nil
}

// over tells whether a deadline has passed.
func over(t *kernel.Task, deadline int64) bool {
	return deadline != 0 && t.Loop().Now() >= deadline
}

// Read takes what a writer has, at most len(b) bytes, and waits for him. It returns
// what CloseWrite was told when the other side is closed, io.ErrClosedPipe when this
// one is, os.ErrDeadlineExceeded after the deadline. It is a checkpoint; nothing is
// lost when the task is cancelled.
func (f *Flow) Read(b []byte) (int, error) {
	t := f.task()
	if t == nil {
		return socket.Carry(f.Loop(), func() (int, error) { return f.Read(b) })
	}
	if !t.Checkpoint() {
		return 0, t.Interrupted()
	}
	switch {
	case f.readerErr != nil || f.writerErr != nil:
		return 0, f.closedToReaders()
	case over(t, f.readBy):
		return 0, os.ErrDeadlineExceeded
	case f.offered:
		n := copy(b, f.offer)
		if f.offer = f.offer[n:]; len(f.offer) == 0 {
			f.offered, f.offer = false, nil
			f.taken.Wake()
		}
		return n, nil
	}
	o := f.spare
	f.spare = nil
	if o == nil {
		o = new(order)
	}
	o.buf = b
	outcome := f.readers.WaitWith(t, f.toRead, f.readBy, o)
	n, served := o.n, o.served
	*o = order{}
	f.spare = o
	switch {
	case served: // whatever came afterwards
		return n, nil
	case outcome == kernel.TimedOut:
		return 0, os.ErrDeadlineExceeded
	case outcome == kernel.Canceled:
		return 0, t.Interrupted()
	}
	return 0, f.closedToReaders()
}

// Write gives all of b to readers, and waits until they have taken it. It returns what
// CloseRead was told when the other side is closed, io.ErrClosedPipe when this one is,
// os.ErrDeadlineExceeded after the deadline, each with how much was taken before. It
// is a checkpoint.
func (f *Flow) Write(b []byte) (int, error) {
	t := f.task()
	if t == nil {
		return socket.Carry(f.Loop(), func() (int, error) { return f.Write(b) })
	}
	if !t.Checkpoint() {
		return 0, t.Interrupted()
	}
	if err := f.closedToWriters(t); err != nil {
		return 0, err
	}
	if f.writing {
		switch f.turn.Wait(t, f.toWrite, f.writeBy) {
		case kernel.TimedOut:
			return 0, os.ErrDeadlineExceeded
		case kernel.Canceled:
			return 0, t.Interrupted()
		}
		if t.Interruptible() {
			f.pass()
			return 0, t.Interrupted()
		}
		if err := f.closedToWriters(t); err != nil {
			f.pass()
			return 0, err
		}
	}
	f.writing = true
	n, done := f.serve(b)
	if done {
		f.pass()
		return n, nil
	}
	f.offer, f.offered = b[n:], true
	outcome := f.taken.Wait(t, f.toWrite, f.writeBy)
	if !f.offered { // whatever came afterwards: all of it was read
		f.pass()
		return len(b), nil
	}
	n = len(b) - len(f.offer)
	f.offer, f.offered = nil, false
	f.pass()
	switch outcome {
	case kernel.TimedOut:
		return n, os.ErrDeadlineExceeded
	case kernel.Canceled:
		return n, t.Interrupted()
	}
	return n, f.closedToWriters(t)
}

// serve fills the orders of readers who wait. It returns how much they took and
// whether that was all.
func (f *Flow) serve(b []byte) (n int, all bool) {
	for w := f.readers.Wake(); w != nil; w = f.readers.Wake() {
		o := w.Slot.(*order)
		o.n, o.served = copy(o.buf, b[n:]), true
		if n += o.n; n == len(b) {
			return n, true
		}
	}
	return n, false
}

// pass hands the turn to the writer who has waited longest.
func (f *Flow) pass() {
	if f.turn.Wake() == nil {
		f.writing = false
	}
}

// closedToReaders is why nothing can be read.
func (f *Flow) closedToReaders() error {
	if f.readerErr == nil {
		return f.writerErr
	}
	return io.ErrClosedPipe
}

// closedToWriters is why nothing can be written, nil if it can.
func (f *Flow) closedToWriters(t *kernel.Task) error {
	switch {
	case f.writerErr != nil:
		return io.ErrClosedPipe
	case f.readerErr != nil:
		return f.readerErr
	case over(t, f.writeBy):
		return os.ErrDeadlineExceeded
	}
	return nil
}
