//go:build unix

package net

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/internal/socket"
)

// Pipe makes a connection inside the process: what one end writes the other reads,
// without a buffer between them, so that a Write returns when all of it was read. It is
// called in a task, whose loop the ends belong to; any goroutine may use them. Close
// them, though nothing is left open where that is forgotten. It is not a checkpoint.
func Pipe() (Conn, Conn) {
	l, _ := kernel.MustLoop("net.Pipe")
	there, back := new(flow), new(flow)
	return &pipe{l, back, there}, &pipe{l, there, back}
}

// pipe is one end.
type pipe struct {
	loop *kernel.Loop
	// in is what this end reads, out what it writes: the other end has them the other
	// way round.
	in, out *flow
}

// flow is one direction. It belongs to the loop: only who has its baton touches it.
type flow struct {
	// offer is what the writer has not been rid of yet, while offered is set. It may be
	// empty, since a Write of nothing waits for a reader too.
	offer   []byte
	offered bool
	// writing tells that somebody writes; others wait in turn, so that writes do not
	// interleave.
	writing bool
	turn    kernel.WaitList
	// readers is where readers wait for an offer, taken where the writer waits until
	// all of his was read.
	readers, taken kernel.WaitList
	// readBy and writeBy are the deadlines on the loop's clock, 0 for none.
	readBy, writeBy int64
	// readerGone and writerGone tell that the end has been closed.
	readerGone, writerGone bool
}

var (
	toReadPipe  = kernel.Plain("reading a net.Pipe")
	toWritePipe = kernel.Plain("writing a net.Pipe")
)

// wait parks until something has changed. Where the task is cancelled, which the
// caller learns from Interruptible, the error stands for that.
func (f *flow) wait(t *kernel.Task, in *kernel.WaitList, why kernel.Reason, deadline int64) error {
	switch in.Wait(t, why, deadline) {
	case kernel.TimedOut:
		return os.ErrDeadlineExceeded
	case kernel.Canceled:
		return errCanceledWait
	}
	return nil
}

// errCanceledWait never leaves this file: the task's own error takes its place.
var errCanceledWait = errors.New("the task is cancelled")

// over tells whether a deadline has passed.
func over(l *kernel.Loop, deadline int64) bool { return deadline != 0 && l.Now() >= deadline }

func (f *flow) read(t *kernel.Task, p []byte) (int, error) {
	for {
		switch {
		case f.readerGone:
			return 0, io.ErrClosedPipe
		case f.writerGone:
			return 0, io.EOF
		case over(t.Loop(), f.readBy):
			if f.offered { // it may be this one who was woken for it
				f.readers.Wake()
			}
			return 0, os.ErrDeadlineExceeded
		case f.offered:
			n := copy(p, f.offer)
			f.offer = f.offer[n:]
			if len(f.offer) == 0 {
				f.offered = false
				f.taken.Wake()
			} else {
				f.readers.Wake() // there is something left for another
			}
			return n, nil
		}
		if err := f.wait(t, &f.readers, toReadPipe, f.readBy); err != nil {
			return 0, err
		}
	}
}

func (f *flow) write(t *kernel.Task, p []byte) (int, error) {
	for {
		if err := f.closedTo(t); err != nil {
			if !f.writing { // it may be this one whose turn it is
				f.turn.Wake()
			}
			return 0, err
		}
		if !f.writing {
			break
		}
		if err := f.wait(t, &f.turn, toWritePipe, f.writeBy); err != nil {
			return 0, err
		}
	}
	f.writing, f.offered, f.offer = true, true, p
	f.readers.Wake()
	var err error
	for f.offered && err == nil {
		if err = f.closedTo(t); err == nil {
			err = f.wait(t, &f.taken, toWritePipe, f.writeBy)
		}
	}
	n := len(p)
	if f.offered {
		n -= len(f.offer)
	} else {
		err = nil // whatever came afterwards: all of it was read
	}
	f.writing, f.offered, f.offer = false, false, nil
	f.turn.Wake()
	return n, err
}

// closedTo is why nothing can be written.
func (f *flow) closedTo(t *kernel.Task) error {
	switch {
	case f.writerGone, f.readerGone:
		return io.ErrClosedPipe
	case over(t.Loop(), f.writeBy):
		return os.ErrDeadlineExceeded
	}
	return nil
}

// wakeAll has everybody look again.
func (f *flow) wakeAll() {
	f.turn.WakeAll()
	f.readers.WakeAll()
	f.taken.WakeAll()
}

// Read reads what the other end writes, and waits for it. When the other end is closed
// it returns io.EOF. It is a checkpoint; nothing is lost when the task is cancelled.
func (p *pipe) Read(b []byte) (int, error) {
	return p.transfer("read", b, (*flow).read, p.in)
}

// Write gives b to the other end and waits until it was read. It is a checkpoint; when
// it fails or the task is cancelled it returns how much was read.
func (p *pipe) Write(b []byte) (int, error) {
	return p.transfer("write", b, (*flow).write, p.out)
}

// transfer reads or writes, and wraps the error as the standard library does.
func (p *pipe) transfer(op string, b []byte, do func(*flow, *kernel.Task, []byte) (int, error), f *flow) (int, error) {
	n, err := p.move(b, do, f)
	switch err {
	case nil, io.EOF, io.ErrClosedPipe:
		return n, err
	}
	return n, &OpError{Op: op, Net: "pipe", Err: err}
}

// move reads or writes as a task of the loop. Its errors are bare: a call from elsewhere
// that was called back is known by its error.
func (p *pipe) move(b []byte, do func(*flow, *kernel.Task, []byte) (int, error), f *flow) (int, error) {
	t := kernel.Running()
	if t == nil || t.Loop() != p.loop {
		return socket.Carry(p.loop, func() (int, error) { return p.move(b, do, f) })
	}
	var n int
	err := errCanceledWait
	if t.Checkpoint() {
		n, err = do(f, t, b)
	}
	if err == errCanceledWait {
		err = t.Interrupted()
	}
	return n, err
}

// Close closes this end: reads of the other get io.EOF, its writes and all calls of
// this one io.ErrClosedPipe. It is not a checkpoint.
func (p *pipe) Close() error {
	return p.visit(func() error {
		p.in.readerGone, p.out.writerGone = true, true
		p.in.wakeAll()
		p.out.wakeAll()
		return nil
	})
}

// visit calls f where the pipe belongs.
func (p *pipe) visit(f func() error) (err error) {
	if kernel.CurrentLoop() == p.loop {
		return f()
	}
	if p.loop.IfStopped(func() { err = f() }) {
		return err
	}
	if t := kernel.Running(); t != nil { // of another loop; it is done also if it is cancelled
		shield := t.EnterShield(0)
		defer shield.Leave()
	}
	_, err = socket.Carry(p.loop, func() (none struct{}, err error) { return none, f() })
	return err
}

// SetDeadline sets the time after which reads and writes fail with an error that
// wraps os.ErrDeadlineExceeded; the zero time means never. Calls that wait now are
// included. It is not a checkpoint.
func (p *pipe) SetDeadline(t time.Time) error { return p.deadlines(t, true, true) }

// SetReadDeadline is SetDeadline for reads. It is not a checkpoint.
func (p *pipe) SetReadDeadline(t time.Time) error { return p.deadlines(t, true, false) }

// SetWriteDeadline is SetDeadline for writes. It is not a checkpoint.
func (p *pipe) SetWriteDeadline(t time.Time) error { return p.deadlines(t, false, true) }

func (p *pipe) deadlines(when time.Time, read, write bool) error {
	return p.visit(func() error {
		if p.in.readerGone || p.in.writerGone {
			return io.ErrClosedPipe
		}
		var at int64
		if !when.IsZero() {
			at = p.loop.At(when)
		}
		if read {
			p.in.readBy = at
			p.in.readers.SetDeadline(at)
		}
		if write {
			p.out.writeBy = at
			p.out.turn.SetDeadline(at)
			p.out.taken.SetDeadline(at)
		}
		return nil
	})
}

// LocalAddr returns the address of all pipes, "pipe". It is not a checkpoint.
func (p *pipe) LocalAddr() Addr { return pipeAddr{} }

// RemoteAddr returns the address of all pipes, "pipe". It is not a checkpoint.
func (p *pipe) RemoteAddr() Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
