package io

import (
	"errors"
	"sync"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// A StreamWriter gathers what is written and has a task of its own write it, so that many
// small writes take one system call, and a writer waits only where the peer is behind.
//
// That task is spawned when there is something to write and ends when there is not; it
// begins when the writer gives way. It belongs to no scope of the writer's: what a call
// has accepted is written, whatever becomes of the caller. It goes on until the peer has
// read or the connection is closed, and holds up the end of Run until then.
//
// An error of the writing comes out of the next call that writes, flushes or closes, and
// all that follow, since what was accepted is lost. Reads go on, as there may be an answer
// to what did arrive. So flush before waiting for an answer, and end with CloseWrite or
// Close.
type StreamWriter struct {
	bond kernel.Bond
	dst  Writer
	// low and high are the water marks.
	low, high int
	// pending is what was accepted and not yet given to dst; batch is how much it has
	// been given and is at work on. Both together are what the water marks bound.
	pending []byte
	batch   int
	// spare is the buffer of a batch that was written, to be used again.
	spare []byte
	// accepted and written count bytes; a flush waits until the one has come to where the
	// other was.
	accepted, written uint64
	// draining tells that the task that writes exists.
	draining bool
	// err is why writing failed.
	err error
	// shut tells that CloseWrite or Close have been called, closed that Close has.
	shut, closed bool
	// gate is held by who writes, so that writes do not interleave. Only the holder waits
	// in room; flushed is for anybody who waits until something is written.
	gate          gate
	room, flushed kernel.WaitList
}

const (
	// fairWrite is how much is enough for a system call to be worth it.
	fairWrite = 32 << 10
	// pooledBuffer is how large a buffer is worth keeping for others.
	pooledBuffer = 128 << 10
)

// writeBuffers are those of streams that have nothing to write: these keep none.
var writeBuffers = sync.Pool{New: func() any { return new([]byte) }}

var (
	forRoom  = kernel.Plain("a peer to read, so that a stream has room")
	forFlush = kernel.Plain("the flush of a stream")
)

// NewStreamWriter makes a stream to write dst by, see [NewStream]. It is not a
// checkpoint.
func NewStreamWriter(dst Writer, opts ...StreamOption) *StreamWriter {
	c := configured(opts)
	s := &StreamWriter{bond: kernel.BondHere(), dst: dst, low: c.low, high: c.high}
	s.gate.reason = "its turn to write a stream"
	return s
}

// Pending returns how many bytes have been accepted and not been written yet. It is not a
// checkpoint.
func (s *StreamWriter) Pending() int {
	s.bond.Loop("Stream.Pending")
	return s.waiting()
}

func (s *StreamWriter) waiting() int { return len(s.pending) + s.batch }

// Write accepts p. Below the high water mark it returns at once, else it waits until the
// peer has read down to the low one, and so on until all of p is accepted. Writes do not
// interleave. It returns how much was accepted where it fails, with the error of an
// earlier write or with [ErrClosedPipe] after CloseWrite and Close. It is a checkpoint;
// when the task is cancelled it returns how much was accepted, which will be written.
func (s *StreamWriter) Write(p []byte) (int, error) { return write(s, "Stream.Write", p) }

// WriteString is [StreamWriter.Write] for a string. It is a checkpoint.
func (s *StreamWriter) WriteString(p string) (int, error) {
	return write(s, "Stream.WriteString", p)
}

// WriteByte is [StreamWriter.Write] for one byte. It is a checkpoint.
func (s *StreamWriter) WriteByte(c byte) error {
	_, err := write(s, "Stream.WriteByte", []byte{c})
	return err
}

func write[T []byte | string](s *StreamWriter, call string, p T) (int, error) {
	// Most writes add a little to what is under way.
	if s.bond.Here() && s.draining && !s.gate.taken && !s.shut && s.err == nil &&
		s.waiting()+len(p) <= s.high && s.bond.Tick() {
		s.prepare()
		s.pending = append(s.pending, p...)
		s.accepted += uint64(len(p))
		return len(p), nil
	}
	t := s.bond.Task(call)
	if err := s.gate.enter(t); err != nil {
		return 0, err
	}
	defer s.gate.leave()
	return accept(s, t, p)
}

// accept is Write with the gate held.
func accept[T []byte | string](s *StreamWriter, t *kernel.Task, p T) (int, error) {
	if err := s.refuses(); err != nil {
		return 0, err
	}
	total := 0
	for total < len(p) {
		if s.waiting() >= s.high {
			if err := s.wait(t); err != nil {
				return total, err
			}
		}
		n := min(s.high-s.waiting(), len(p)-total)
		s.prepare()
		s.pending = append(s.pending, p[total:total+n]...)
		total += n
		s.start(t, n)
	}
	return total, nil
}

// prepare gets a buffer for what is to be accepted, where there is none.
func (s *StreamWriter) prepare() {
	if s.pending == nil {
		s.pending = *writeBuffers.Get().(*[]byte)
	}
}

// refuses is why nothing can be written, nil if it can.
func (s *StreamWriter) refuses() error {
	switch {
	case s.err != nil:
		return s.err
	case s.shut:
		return ErrClosedPipe
	}
	return nil
}

// wait waits until the low water mark is reached.
func (s *StreamWriter) wait(t *kernel.Task) error {
	for s.waiting() > s.low {
		if err := s.refuses(); err != nil {
			return err
		}
		if s.room.Wait(t, forRoom, 0) == kernel.Canceled {
			return t.Interrupted()
		}
	}
	return s.refuses()
}

// start notes that n bytes have been accepted, and has them written.
func (s *StreamWriter) start(t *kernel.Task, n int) {
	s.accepted += uint64(n)
	if s.draining || len(s.pending) == 0 {
		return
	}
	s.draining = true
	t.Loop().Spawn(s.drain, t, nil, 0).SetName("the writer of a stream")
}

// drain is the task that writes. All that is accepted while it waits goes with its next
// write, and a writer who is not done yet gets another turn before, as long as there is
// not enough for a good write.
func (s *StreamWriter) drain() {
	defer func() {
		s.draining = false
		if s.batch > 0 { // the loop ends, or dst panicked
			s.fail(ErrClosedPipe)
		}
		s.giveBack()
	}()
	for len(s.pending) > 0 && s.err == nil {
		for n := 0; n < len(s.pending) && len(s.pending) < fairWrite; {
			n = len(s.pending)
			kernel.Running().Yield()
		}
		batch := s.pending
		s.pending, s.spare = s.spare[:0], nil
		s.batch = len(batch)
		n, err := s.dst.Write(batch)
		if err == nil && n < len(batch) {
			err = ErrShortWrite
		}
		s.batch, s.spare = 0, batch[:0]
		if err != nil {
			s.fail(err)
			return
		}
		s.written += uint64(len(batch))
		s.flushed.WakeAll()
		if s.waiting() <= s.low {
			s.room.WakeAll()
		}
	}
}

// giveBack leaves the buffers to other streams when all is written.
func (s *StreamWriter) giveBack() {
	if len(s.pending) > 0 || s.batch > 0 {
		return
	}
	for _, b := range [...][]byte{s.pending, s.spare} {
		if cap(b) > 0 && cap(b) <= pooledBuffer {
			b = b[:0]
			writeBuffers.Put(&b)
		}
	}
	s.pending, s.spare = nil, nil
}

// fail notes that nothing can be written any more. The first error counts.
func (s *StreamWriter) fail(err error) {
	if s.err == nil {
		s.err = err
	}
	s.pending, s.batch = nil, 0
	s.flushed.WakeAll()
	s.room.WakeAll()
}

// Flush waits until all that was accepted before the call has been written, and returns
// the error if that fails. Any number of tasks may flush at once. It is a checkpoint; when
// the task is cancelled the writing goes on.
func (s *StreamWriter) Flush() error {
	t := s.bond.Task("Stream.Flush")
	if !t.Checkpoint() {
		return t.Interrupted()
	}
	if s.err != nil {
		return s.err
	}
	upTo := s.accepted
	if s.flush(t) == kernel.Canceled {
		return t.Interrupted()
	}
	if s.written >= upTo { // whatever came after it, a Close for one
		return nil
	}
	return s.err
}

// flush waits until what has been accepted is written or cannot be.
func (s *StreamWriter) flush(t *kernel.Task) kernel.Outcome {
	for upTo := s.accepted; s.written < upTo && s.err == nil; {
		if s.flushed.Wait(t, forFlush, 0) == kernel.Canceled {
			return kernel.Canceled
		}
	}
	return kernel.Woken
}

// closeWrite is Stream.CloseWrite.
func (s *StreamWriter) closeWrite() error {
	t := s.bond.Task("Stream.CloseWrite")
	if err := s.gate.enter(t); err != nil {
		return err
	}
	defer s.gate.leave()
	half, ok := s.dst.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	if err := s.refuses(); err != nil {
		return err
	}
	if s.flush(t) == kernel.Canceled {
		return t.Interrupted()
	}
	if err := s.refuses(); err != nil { // or Close came
		return err
	}
	s.shut = true
	return half.CloseWrite()
}

// Close writes what waits to be written and closes what the stream is over, if that has a
// Close; see [Stream.Close]. It is a checkpoint.
func (s *StreamWriter) Close() error {
	t := s.bond.Task("Stream.Close")
	_ = t.Checkpoint() // a cancelled task closes all the same
	if s.closed {
		return nil
	}
	s.shut, s.closed = true, true
	s.room.WakeAll()
	canceled := s.flush(t) == kernel.Canceled
	err := s.err
	s.fail(ErrClosedPipe) // for those who come later
	var closing error
	if c, ok := s.dst.(Closer); ok {
		closing = c.Close()
	}
	switch {
	case canceled:
		return t.Interrupted()
	case err != nil:
		return err
	}
	return closing
}

// ReadFrom writes all that r has until its end, and returns how much that was; [Copy]
// calls it. Nobody else writes meanwhile. Where the destination can do that itself it is
// asked to, after a flush, so that the bytes between two connections of ours stay inside
// the system; else it returns when all is accepted. It is a checkpoint.
func (s *StreamWriter) ReadFrom(r Reader) (int64, error) {
	t := s.bond.Task("Stream.ReadFrom")
	if err := s.gate.enter(t); err != nil {
		return 0, err
	}
	defer s.gate.leave()
	if dst, ok := s.dst.(ReaderFrom); ok {
		if s.flush(t) == kernel.Canceled {
			return 0, t.Interrupted()
		}
		if err := s.refuses(); err != nil {
			return 0, err
		}
		return dst.ReadFrom(r)
	}
	total, buf := int64(0), make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			m, failed := accept(s, t, buf[:n])
			total += int64(m)
			if failed != nil {
				return total, failed
			}
		}
		if err == EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}
