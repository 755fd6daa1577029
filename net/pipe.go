//go:build unix

package net

import (
	"io"
	"time"

	"github.com/evergreen-go/evergreen/internal/flow"
	"github.com/evergreen-go/evergreen/internal/kernel"
)

// Pipe makes a connection inside the process: what one end writes the other reads,
// without a buffer between them, so that a Write returns when all of it was read. It is
// called in a task, whose loop the ends belong to; any goroutine may use them. Close
// them, though nothing is left open where that is forgotten. It is not a checkpoint.
func Pipe() (Conn, Conn) {
	there := flow.New("net.Pipe", toReadPipe, toWritePipe)
	back := flow.New("net.Pipe", toReadPipe, toWritePipe)
	return &pipe{back, there}, &pipe{there, back}
}

// pipe is one end.
type pipe struct {
	// in is what this end reads, out what it writes: the other end has them the other
	// way round.
	in, out *flow.Flow
}

var (
	toReadPipe  = kernel.Plain("reading a net.Pipe")
	toWritePipe = kernel.Plain("writing a net.Pipe")
)

// Read reads what the other end writes, and waits for it. When the other end is closed
// it returns io.EOF. It is a checkpoint; nothing is lost when the task is cancelled.
func (p *pipe) Read(b []byte) (int, error) {
	n, err := p.in.Read(b)
	return n, p.fail("read", err)
}

// Write gives b to the other end and waits until it was read. It is a checkpoint; when
// it fails or the task is cancelled it returns how much was read.
func (p *pipe) Write(b []byte) (int, error) {
	n, err := p.out.Write(b)
	return n, p.fail("write", err)
}

// fail wraps an error as the standard library does.
func (p *pipe) fail(op string, err error) error {
	switch err {
	case nil, io.EOF, io.ErrClosedPipe:
		return err
	}
	return &OpError{Op: op, Net: "pipe", Err: err}
}

// Close closes this end: reads of the other get io.EOF, its writes and all calls of
// this one io.ErrClosedPipe. It is not a checkpoint.
func (p *pipe) Close() error {
	return flow.Visit(p.in.Loop(), func() error {
		p.in.CloseRead(io.ErrClosedPipe)
		p.out.CloseWrite(io.EOF)
		return nil
	})
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
	return flow.Visit(p.in.Loop(), func() error {
		if p.in.Closed() {
			return io.ErrClosedPipe
		}
		if read {
			p.in.SetReadDeadline(p.in.At(when))
		}
		if write {
			p.out.SetWriteDeadline(p.out.At(when))
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
