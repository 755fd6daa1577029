package tasktest

import (
	"io"
	"net"
	"os"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// streamBuffer is how many bytes may be under way in one direction of [Streams].
const streamBuffer = 4096

// Stream is one end of a connection in memory, a net.Conn with CloseWrite. It
// belongs to the tasks of one loop.
type Stream struct {
	name    string
	in, out *half
}

// half is one direction of a connection.
type half struct {
	bond    kernel.Bond
	bytes   []byte
	chunk   int  // what one Read gives at most
	ended   bool // nothing more will be written
	dropped bool // nobody will read
	// readers and writers wait for their turn; only the first of each can go on.
	readers, writers kernel.WaitList
	reading, writing int64 // deadlines on the loop's clock, 0 for none
	why              string
}

// Waiting implements kernel.Reason.
func (h *half) Waiting() (string, *kernel.Task) { return h.why, nil }

// Streams makes a connection in memory. A Read gives at most chunk bytes; with a
// chunk of 1 it shows whether those who read reckon with less than they asked for. 0
// means as many as there are. It is not a checkpoint.
func Streams(chunk int) (a, b *Stream) {
	there := &half{bond: kernel.BondHere(), chunk: chunk, why: "a stream in memory"}
	back := &half{bond: kernel.BondHere(), chunk: chunk, why: "a stream in memory"}
	return &Stream{"a", back, there}, &Stream{"b", there, back}
}

// Read reads what there is, at most one chunk, and waits until there is something.
// When the other end has called CloseWrite or Close and all is read it returns
// io.EOF; after Close, net.ErrClosed; after the deadline, os.ErrDeadlineExceeded. It
// is a checkpoint.
func (s *Stream) Read(p []byte) (int, error) {
	h := s.in
	t := h.bond.Task("Stream.Read")
	if !t.Checkpoint() {
		return 0, t.Interrupted()
	}
	for {
		switch {
		case h.dropped:
			return 0, net.ErrClosed
		case expired(t, h.reading):
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case len(h.bytes) > 0:
			n := len(p)
			if h.chunk > 0 {
				n = min(n, h.chunk)
			}
			n = copy(p[:n], h.bytes)
			h.bytes = h.bytes[n:]
			h.writers.WakeAll()
			return n, nil
		case h.ended:
			return 0, io.EOF
		}
		if h.readers.Wait(t, h, h.reading) == kernel.Canceled {
			return 0, t.Interrupted()
		}
	}
}

// Write writes all of p, waiting while the other end does not read. It returns how
// much was written when it fails: with net.ErrClosed after Close and CloseWrite,
// io.ErrClosedPipe when the other end is closed, os.ErrDeadlineExceeded after the
// deadline. It is a checkpoint.
func (s *Stream) Write(p []byte) (int, error) {
	h := s.out
	t := h.bond.Task("Stream.Write")
	if !t.Checkpoint() {
		return 0, t.Interrupted()
	}
	total := 0
	for {
		switch {
		case h.ended:
			return total, net.ErrClosed
		case h.dropped:
			return total, io.ErrClosedPipe
		case expired(t, h.writing):
			return total, os.ErrDeadlineExceeded
		case total == len(p):
			return total, nil
		}
		if room := streamBuffer - len(h.bytes); room > 0 {
			n := min(room, len(p)-total)
			h.bytes = append(h.bytes, p[total:total+n]...)
			total += n
			h.readers.WakeAll()
			continue
		}
		if h.writers.Wait(t, h, h.writing) == kernel.Canceled {
			return total, t.Interrupted()
		}
	}
}

func expired(t *kernel.Task, deadline int64) bool {
	return deadline != 0 && deadline <= t.Loop().Now()
}

// CloseWrite tells the other end that nothing more will come. It returns nil and is
// not a checkpoint.
func (s *Stream) CloseWrite() error {
	s.out.bond.Loop("Stream.CloseWrite")
	s.out.ended = true
	s.out.wakeAll()
	return nil
}

// Close closes both directions: all that wait at either end return. A second Close
// returns net.ErrClosed. It is not a checkpoint.
func (s *Stream) Close() error {
	s.in.bond.Loop("Stream.Close")
	if s.in.dropped {
		return net.ErrClosed
	}
	s.in.dropped, s.in.bytes = true, nil
	s.in.wakeAll()
	return s.CloseWrite()
}

func (h *half) wakeAll() {
	h.readers.WakeAll()
	h.writers.WakeAll()
}

// SetDeadline sets the time, on the loop's clock, at which reads and writes expire;
// the zero time means never. It returns nil and is not a checkpoint.
func (s *Stream) SetDeadline(when time.Time) error {
	_ = s.SetReadDeadline(when)
	return s.SetWriteDeadline(when)
}

// SetReadDeadline is SetDeadline for reads. It returns nil and is not a checkpoint.
func (s *Stream) SetReadDeadline(when time.Time) error {
	s.in.reading = at(s.in.bond.Loop("Stream.SetReadDeadline"), when)
	s.in.readers.SetDeadline(s.in.reading)
	return nil
}

// SetWriteDeadline is SetDeadline for writes. It returns nil and is not a
// checkpoint.
func (s *Stream) SetWriteDeadline(when time.Time) error {
	s.out.writing = at(s.out.bond.Loop("Stream.SetWriteDeadline"), when)
	s.out.writers.SetDeadline(s.out.writing)
	return nil
}

func at(l *kernel.Loop, when time.Time) int64 {
	if when.IsZero() {
		return 0
	}
	return l.At(when)
}

// LocalAddr names this end. It is not a checkpoint.
func (s *Stream) LocalAddr() net.Addr { return streamAddr(s.name) }

// RemoteAddr names the other end. It is not a checkpoint.
func (s *Stream) RemoteAddr() net.Addr {
	if s.name == "a" {
		return streamAddr("b")
	}
	return streamAddr("a")
}

// streamAddr is the address of an end of a connection in memory.
type streamAddr string

// Network implements net.Addr.
func (streamAddr) Network() string { return "memory" }

// String implements net.Addr.
func (a streamAddr) String() string { return string(a) }
