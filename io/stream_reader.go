package io

import (
	"bytes"

	"github.com/evergreen-go/evergreen/internal/kernel"
)

// A StreamReader reads by lines, delimiters, expressions and counts. Its buffer keeps
// what was read ahead, also when a call is cancelled or fails: the next call finds it.
//
// A call that needs more than there is until the end of the data returns what there is
// with [ErrUnexpectedEOF], and [EOF] where there is nothing. Every other error of the
// source is returned as it is, without data; what came before it stays readable.
//
// ReadLine, Peek, Lines and Chunks return a piece of the buffer, which is valid until the
// next call that reads; the other calls return bytes that are the caller's own.
type StreamReader struct {
	bond kernel.Bond
	src  Reader
	// limit bounds what a call can ask or wait for.
	limit int
	// buf[r:w] is what was read ahead.
	buf  []byte
	r, w int
	// size is what the buffer has room for when it is empty: it grows with a source that
	// fills it.
	size int
	// err came with the last bytes; it is told when these are used up.
	err error
	// gate is held by who changes the fields above and may wait meanwhile.
	gate gate
	// clear tells how far the buffer has been searched in vain, by a call that failed.
	clear cleared
	// match is the search for the last expression.
	match *matcher
	// examined counts the bytes that searches have looked at which may have to wait: a
	// test holds it against the number of bytes there were.
	examined int
}

// cleared says that the first n bytes of the buffer do not hold the delimiter.
type cleared struct {
	delimiter []byte
	n         int
}

// NewStreamReader makes a stream to read src by, see [NewStream]. It is not a
// checkpoint.
func NewStreamReader(src Reader, opts ...StreamOption) *StreamReader {
	c := configured(opts)
	s := &StreamReader{bond: kernel.BondHere(), src: src, limit: c.limit, size: firstReadBuffer}
	s.gate.reason = "its turn to read a stream"
	return s
}

// begin is how every call that reads begins: it is a checkpoint.
func (s *StreamReader) begin(call string) error { return s.gate.enter(s.bond.Task(call)) }

func (s *StreamReader) end() { s.gate.leave() }

// Buffered returns how many bytes can be read without waiting. It is not a checkpoint.
func (s *StreamReader) Buffered() int {
	s.bond.Loop("Stream.Buffered")
	return s.w - s.r
}

// advance takes n bytes out of the buffer and returns them where they are.
func (s *StreamReader) advance(n int) []byte {
	p := s.buf[s.r : s.r+n : s.r+n]
	s.r += n
	s.clear.n = 0
	return p
}

// take is advance with a copy.
func (s *StreamReader) take(n int) []byte { return append(make([]byte, 0, n), s.advance(n)...) }

// fill reads once from the source, until something comes.
func (s *StreamReader) fill() error {
	if err := s.err; err != nil {
		s.err = nil
		return err
	}
	s.makeRoom()
	room := s.buf[s.w:]
	n, err := s.pull(room)
	if n == 0 {
		return err
	}
	s.w += n
	s.err = err
	if n == len(room) && s.size < fullReadBuffer {
		s.size *= 2
	}
	return nil
}

// pull reads once from the source into p, until something comes.
func (s *StreamReader) pull(p []byte) (int, error) {
	for range 100 { // as often as bufio
		n, err := s.src.Read(p)
		if n < 0 || n > len(p) {
			panic("evergreen: a Read of the stream's source returned a count that cannot be")
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, ErrNoProgress
}

// makeRoom sees to it that something can be read. Where bytes are moved there are no more
// of them than have been taken since, or there is room for as many again afterwards: so
// each is moved once or twice on average, however long the message.
func (s *StreamReader) makeRoom() {
	kept := s.w - s.r
	switch {
	case kept == 0 && len(s.buf) != s.size: // at first, or it has grown, or it is to
		s.buf = make([]byte, s.size)
	case kept == 0:
	case s.w < len(s.buf):
		return
	case s.r >= kept && len(s.buf) >= s.size:
		copy(s.buf, s.buf[s.r:s.w])
	default:
		grown := make([]byte, max(2*kept, s.size))
		copy(grown, s.buf[s.r:s.w])
		s.buf = grown
	}
	s.r, s.w = 0, kept
}

// want reads until n bytes are there.
func (s *StreamReader) want(n int) error {
	for s.w-s.r < n {
		if err := s.fill(); err != nil {
			return err
		}
	}
	return nil
}

// rest turns the end of the data in the middle of something into what is to be
// returned: all there is. Other errors leave the data alone.
func (s *StreamReader) rest(err error) ([]byte, error) {
	if err != EOF || s.r == s.w {
		return nil, err
	}
	s.err = EOF // for the next call: nobody asks a terminal twice
	return s.take(s.w - s.r), ErrUnexpectedEOF
}

// Read reads what there is, at most len(p) bytes, and waits until there is something. A
// read of more than the buffer holds goes straight to the source. It is a checkpoint;
// nothing is lost when the task is cancelled.
func (s *StreamReader) Read(p []byte) (int, error) {
	if err := s.begin("Stream.Read"); err != nil {
		return 0, err
	}
	defer s.end()
	if len(p) == 0 {
		return 0, nil
	}
	if s.r == s.w {
		if s.err == nil && len(p) >= s.size {
			return s.pull(p)
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	return copy(p, s.advance(min(len(p), s.w-s.r))), nil
}

// ReadByte reads one byte. It is a checkpoint.
func (s *StreamReader) ReadByte() (byte, error) {
	if err := s.begin("Stream.ReadByte"); err != nil {
		return 0, err
	}
	defer s.end()
	if err := s.want(1); err != nil {
		return 0, err
	}
	return s.advance(1)[0], nil
}

// ReadBytes reads exactly n bytes. It takes memory as they come, whatever n says. Beyond
// the read limit it fails with [ErrTooLong]; at the end of the data see [StreamReader].
// It is a checkpoint; nothing is lost when the task is cancelled.
func (s *StreamReader) ReadBytes(n int) ([]byte, error) {
	if err := s.begin("Stream.ReadBytes"); err != nil {
		return nil, err
	}
	defer s.end()
	switch {
	case n < 0:
		return nil, errNegativeCount
	case n > s.limit:
		return nil, ErrTooLong
	}
	if err := s.want(n); err != nil {
		return s.rest(err)
	}
	return s.take(n), nil
}

// Peek returns the next n bytes and leaves them where they are. Where there are fewer
// until the end or an error, it returns these with that, as bufio does. Beyond the read
// limit it fails with [ErrTooLong]. It is a checkpoint.
func (s *StreamReader) Peek(n int) ([]byte, error) {
	if err := s.begin("Stream.Peek"); err != nil {
		return nil, err
	}
	defer s.end()
	switch {
	case n < 0:
		return nil, errNegativeCount
	case n > s.limit:
		return nil, ErrTooLong
	}
	err := s.want(n)
	if err == EOF {
		s.err = EOF
	}
	n = min(n, s.w-s.r)
	return s.buf[s.r : s.r+n : s.r+n], err
}

// Discard skips n bytes and returns how many they were; fewer come with an error, [EOF]
// at the end. It is a checkpoint.
func (s *StreamReader) Discard(n int) (int, error) {
	if err := s.begin("Stream.Discard"); err != nil {
		return 0, err
	}
	defer s.end()
	if n < 0 {
		return 0, errNegativeCount
	}
	gone := 0
	for gone < n {
		if s.r == s.w {
			if err := s.fill(); err != nil {
				return gone, err
			}
		}
		gone += len(s.advance(min(n-gone, s.w-s.r)))
	}
	return gone, nil
}

// ReadUntil reads up to and including the delimiter, of any length but 0. The read limit
// counts the delimiter too; see [ErrTooLong]. At the end of the data see [StreamReader].
// It is a checkpoint; nothing is lost when the task is cancelled.
func (s *StreamReader) ReadUntil(delimiter []byte) ([]byte, error) {
	if len(delimiter) == 0 {
		panic("evergreen: ReadUntil needs a delimiter of one byte or more")
	}
	if err := s.begin("Stream.ReadUntil"); err != nil {
		return nil, err
	}
	defer s.end()
	n, err := s.find(delimiter, s.limit)
	if err != nil {
		return s.rest(err)
	}
	return s.take(n), nil
}

// find reads until the delimiter is there, in the first limit bytes, and returns where it
// ends. No byte is looked at twice, but for those that a delimiter may have begun with.
func (s *StreamReader) find(delimiter []byte, limit int) (int, error) {
	from := 0
	if bytes.Equal(s.clear.delimiter, delimiter) {
		from = s.clear.n
	}
	for {
		data := s.buf[s.r:s.w]
		if len(data) > limit {
			data = data[:limit]
		}
		from = min(from, len(data)) // an earlier search may have had a higher limit
		if i := bytes.Index(data[from:], delimiter); i >= 0 {
			s.examined += i + len(delimiter)
			return from + i + len(delimiter), nil
		}
		s.examined += len(data) - from
		from = max(from, len(data)-len(delimiter)+1)
		s.clear.n = from
		if !bytes.Equal(s.clear.delimiter, delimiter) {
			s.clear.delimiter = append(s.clear.delimiter[:0], delimiter...)
		}
		if len(data) == limit {
			return 0, ErrTooLong
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
}

var newline = []byte{'\n'}

// ReadLine reads a line and returns it without its ending, \n or \r\n. A last line
// without one comes with [ErrUnexpectedEOF], since it may have been cut off; [Lines]
// does not mind. The read limit counts the ending too. The bytes are valid until the
// next call that reads. It is a checkpoint; nothing is lost when the task is cancelled.
//
// [Lines]: StreamReader.Lines
func (s *StreamReader) ReadLine() ([]byte, error) {
	// Mostly the line is there already; not if the last search was in vain.
	if s.bond.Here() && !s.gate.taken && s.clear.n == 0 && s.bond.Tick() {
		if i := bytes.IndexByte(s.buf[s.r:s.w], '\n'); i >= 0 && i < s.limit {
			return s.line(i), nil
		}
	}
	return s.waitLine()
}

// waitLine is ReadLine where the line is not all there.
func (s *StreamReader) waitLine() ([]byte, error) {
	if err := s.begin("Stream.ReadLine"); err != nil {
		return nil, err
	}
	defer s.end()
	n, err := s.find(newline, s.limit)
	if err != nil {
		return s.rest(err)
	}
	return s.line(n - 1), nil
}

// line takes a line whose \n is the i-th byte.
func (s *StreamReader) line(i int) []byte {
	data := s.buf[s.r:s.w]
	s.r += i + 1
	s.clear.n = 0
	if i > 0 && data[i-1] == '\r' {
		i--
	}
	return data[:i:i]
}
