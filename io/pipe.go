//go:build unix

package io

import (
	"net"

	"github.com/evergreen-go/evergreen/internal/flow"
	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Pipe makes a pipe in memory, as the standard package does: what is written to one
// half is read from the other, without a buffer between them, so that a Write returns
// when all of it was read. It is called in a task, whose loop the pipe belongs to; any
// goroutine may use the halves. Close them, though nothing is left open where that is
// forgotten. It is not a checkpoint.
func Pipe() (*PipeReader, *PipeWriter) {
	f := flow.New("io.Pipe", toReadPipe, toWritePipe)
	return &PipeReader{pipe{f}}, &PipeWriter{pipe{f}}
}

var (
	toReadPipe  = kernel.Plain("reading an io.Pipe")
	toWritePipe = kernel.Plain("writing an io.Pipe")
)

// pipe is what the halves have in common. The zero value is a pipe that nobody is at
// the other end of.
type pipe struct{ flow *flow.Flow }

// A PipeReader is the half of a [Pipe] that is read from.
type PipeReader struct{ pipe }

// A PipeWriter is the half of a [Pipe] that is written to.
type PipeWriter struct{ pipe }

// Read takes what a writer has, at most len(data) bytes, and waits for him. When the
// other half is closed it returns the error that was given there, or [EOF]; when this
// one is, [ErrClosedPipe]. It is a checkpoint; nothing is lost when the task is
// cancelled.
func (r *PipeReader) Read(data []byte) (int, error) {
	if r.flow == nil {
		return 0, ErrClosedPipe
	}
	n, err := r.flow.Read(data)
	return n, plainError(err)
}

// Write gives data to readers and waits until they have taken it. Several writers take
// turns, first come first served. When the other half is closed it returns the error
// that was given there, or [ErrClosedPipe], as it does when this half is. It is a
// checkpoint; when it fails or the task is cancelled it returns how much was taken.
func (w *PipeWriter) Write(data []byte) (int, error) {
	if w.flow == nil {
		return 0, ErrClosedPipe
	}
	n, err := w.flow.Write(data)
	return n, plainError(err)
}

// plainError is for calls from outside of the loop: where that has ended, the pipe is
// closed.
func plainError(err error) error {
	if err == net.ErrClosed {
		return ErrClosedPipe
	}
	return err
}

// Close has writers, those who wait included, fail with [ErrClosedPipe]. It returns nil
// and is not a checkpoint.
func (r *PipeReader) Close() error { return r.CloseWithError(nil) }

// CloseWithError has writers, those who wait included, fail with err, or for nil with
// [ErrClosedPipe]. The first error counts. It returns nil and is not a checkpoint.
func (r *PipeReader) CloseWithError(err error) error {
	if err == nil {
		err = ErrClosedPipe
	}
	return r.visit(func() { r.flow.CloseRead(err) })
}

// Close has readers, those who wait included, find the end, [EOF]. It returns nil and
// is not a checkpoint.
func (w *PipeWriter) Close() error { return w.CloseWithError(nil) }

// CloseWithError has readers, those who wait included, fail with err, or for nil find
// the end, [EOF]. The first error counts. It returns nil and is not a checkpoint.
func (w *PipeWriter) CloseWithError(err error) error {
	if err == nil {
		err = EOF
	}
	return w.visit(func() { w.flow.CloseWrite(err) })
}

// visit closes the pipe in its loop. Where that is about to end nobody is left to tell.
func (p *pipe) visit(change func()) error {
	if p.flow != nil {
		_ = flow.Visit(p.flow.Loop(), func() error { change(); return nil })
	}
	return nil
}
