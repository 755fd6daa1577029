package io

import (
	"errors"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// A Stream reads and writes a connection by lines, messages and whatever else a
// protocol is made of. It is a [StreamReader] and a [StreamWriter] over one thing.
//
// A Stream belongs to the tasks of one loop, as a lock does: a call from anywhere else
// panics and names the way out. Any number of its tasks may use it at once; reads wait
// for each other, and so do writes, first come first served, and reads and writes do
// not.
type Stream struct {
	*StreamReader
	*StreamWriter
}

// ErrTooLong says that what is to be read or written is longer than allowed. What was
// read so far stays in the stream: the same call fails again, and Read, Discard or
// another call takes it.
var ErrTooLong = errors.New("evergreen: longer than the limit: allow more with WithReadLimit or Framing.Limit, or take what is there with Read")

var errNegativeCount = errors.New("evergreen: a count of bytes is negative")

const (
	// defaultReadLimit bounds what a peer can make a stream keep.
	defaultReadLimit = 1 << 20
	// firstReadBuffer is what a stream reads at a time in the beginning; one that
	// fills it gets more, up to fullReadBuffer.
	firstReadBuffer = 4 << 10
	fullReadBuffer  = 64 << 10
	// defaultHighWater and defaultLowWater are the water marks of the write buffer.
	defaultHighWater = 64 << 10
	defaultLowWater  = 16 << 10
)

// StreamOption is a setting of a new stream.
type StreamOption func(*streamConfig)

type streamConfig struct{ limit, high, low int }

func configured(opts []StreamOption) streamConfig {
	c := streamConfig{defaultReadLimit, defaultHighWater, defaultLowWater}
	for _, o := range opts {
		o(&c)
	}
	return c
}

// WithReadLimit sets how many bytes a call can ask for or wait for at most: the length
// of a line with its ending, of a message with its length, of what ReadUntil returns.
// Beyond it they fail with [ErrTooLong]. It is 1 MiB otherwise, and panics if bytes is
// not positive. Read, WriteTo, Discard and Chunks have no limit, as they keep nothing.
// It is not a checkpoint.
func WithReadLimit(bytes int) StreamOption {
	if bytes <= 0 {
		panic("evergreen: WithReadLimit needs a positive number of bytes")
	}
	return func(c *streamConfig) { c.limit = bytes }
}

// WithWaterMarks sets how many bytes may wait to be written: a writer who finds more
// than high waits until there are no more than low. They are 64 KiB and 16 KiB
// otherwise. It panics unless 0 <= low <= high and high is positive. It is not a
// checkpoint.
func WithWaterMarks(low, high int) StreamOption {
	if low < 0 || high < low || high == 0 {
		panic("evergreen: WithWaterMarks needs 0 <= low <= high and a positive high")
	}
	return func(c *streamConfig) { c.low, c.high = low, high }
}

// NewStream makes a stream over rw: a connection, a descriptor, anything that reads and
// writes. What is read ahead and what waits to be written is the stream's, so rw is not
// used beside it, except to set deadlines. A stream needs no Close for its own sake; see
// [Stream.Close]. It is not a checkpoint.
func NewStream(rw ReadWriter, opts ...StreamOption) *Stream {
	return &Stream{NewStreamReader(rw, opts...), NewStreamWriter(rw, opts...)}
}

// CloseWrite writes what waits to be written and then tells the peer that nothing more
// will come, by the CloseWrite of the connection; reads go on. It fails with
// [errors.ErrUnsupported] where the connection has none. It is a checkpoint; when the
// task is cancelled before all is written, nothing is closed.
func (s *Stream) CloseWrite() error { return s.StreamWriter.closeWrite() }

// Close writes what waits to be written and closes what the stream is over, if that has
// a Close. A peer that does not read holds it up: put it under a timeout, or set a write
// deadline. Where the writing fails, or the task is cancelled or killed meanwhile, the
// connection is closed all the same, without the rest. Tasks that wait to read or write
// fail. A second Close does nothing. It is a checkpoint.
func (s *Stream) Close() error { return s.StreamWriter.Close() }

// gate lets one task at a time use one side of a stream.
type gate struct {
	taken bool
	// queue is where the others wait. The gate is handed over to the first.
	queue kernel.WaitList
	// holder is who has it, for reports; reason is what the others wait for.
	holder *kernel.Task
	reason string
}

// Waiting implements kernel.Reason.
func (g *gate) Waiting() (string, *kernel.Task) { return g.reason, g.holder }

// enter is the beginning of every call that waits: a checkpoint, and then the gate. On
// an error the gate is not held.
func (g *gate) enter(t *kernel.Task) error {
	if !t.Checkpoint() {
		return t.Interrupted()
	}
	if g.taken {
		if g.queue.Wait(t, g, 0) == kernel.Canceled {
			return t.Interrupted()
		}
		if t.Interruptible() {
			g.leave()
			return t.Interrupted()
		}
	}
	g.taken, g.holder = true, t
	return nil
}

// leave hands the gate to who has waited longest.
func (g *gate) leave() {
	g.holder = nil
	if w := g.queue.Wake(); w != nil {
		g.holder = w.Task()
		return
	}
	g.taken = false
}
