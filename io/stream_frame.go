package io

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
	"math"
)

// Framing says where a message ends: by its length before it, or by a delimiter behind
// it. Make one with [LengthFraming], [VarintFraming] or [DelimiterFraming].
type Framing struct {
	// size is how many bytes the length takes, 0 for a varint; order is theirs.
	size  int
	order binary.ByteOrder
	// delimiter is what ends a message, nil where the length is told.
	delimiter []byte
	// limit is how long a message may be, 0 for what the stream allows.
	limit int
}

var (
	errVarint    = errors.New("evergreen: the length of a message is a varint of more than 64 bits: the peer does not speak this framing")
	errDelimited = errors.New("evergreen: a message contains its delimiter: use LengthFraming for such messages, or escape them")
)

// LengthFraming puts the length of a message before it, in 1, 2, 4 or 8 bytes in the
// order given. It panics for another size, and for more than one byte without an order.
// It is not a checkpoint.
func LengthFraming(size int, order binary.ByteOrder) Framing {
	if size != 1 && size != 2 && size != 4 && size != 8 {
		panic("evergreen: LengthFraming knows lengths of 1, 2, 4 and 8 bytes")
	}
	if order == nil && size > 1 {
		panic("evergreen: LengthFraming needs the order of the bytes: give binary.BigEndian, as most protocols have it")
	}
	return Framing{size: size, order: order}
}

// VarintFraming puts the length of a message before it as an unsigned varint, as protocol
// buffers do, see encoding/binary. It is not a checkpoint.
func VarintFraming() Framing { return Framing{} }

// DelimiterFraming puts a delimiter behind each message. It panics if that is empty. It
// is not a checkpoint.
func DelimiterFraming(delimiter []byte) Framing {
	if len(delimiter) == 0 {
		panic("evergreen: DelimiterFraming needs a delimiter of one byte or more")
	}
	return Framing{delimiter: bytes.Clone(delimiter)}
}

// Limit returns the framing with a limit for the length of a message in bytes, in both
// directions; without one, what is read has the read limit of the stream, and what is
// written none but what the length can say. It panics if n is not positive. It is not a
// checkpoint.
func (f Framing) Limit(n int) Framing {
	if n <= 0 {
		panic("evergreen: Framing.Limit needs a positive number of bytes")
	}
	f.limit = n
	return f
}

// ReadMessage reads a message and returns it without its length or delimiter. One that is
// longer than the limit fails with [ErrTooLong] before its bytes are waited for, and stays
// in the stream with its length. Where the data end in the middle it returns what there is
// of the message with [ErrUnexpectedEOF], and [EOF] between two messages. It is a
// checkpoint; nothing is lost when the task is cancelled.
func (s *StreamReader) ReadMessage(f Framing) ([]byte, error) {
	if err := s.begin("Stream.ReadMessage"); err != nil {
		return nil, err
	}
	defer s.end()
	limit := s.limit
	if f.limit > 0 {
		limit = f.limit
	}
	if f.delimiter != nil {
		n, err := s.find(f.delimiter, min(limit, math.MaxInt-len(f.delimiter))+len(f.delimiter))
		if err != nil {
			return s.rest(err)
		}
		return s.take(n)[:n-len(f.delimiter)], nil
	}
	header, n, err := s.length(f)
	switch {
	case err != nil:
		if err == EOF && s.r < s.w {
			s.advance(s.w - s.r) // of the length, and nothing of the message
			s.err, err = EOF, ErrUnexpectedEOF
		}
		return nil, err
	case n > uint64(min(limit, math.MaxInt-header)):
		return nil, ErrTooLong
	}
	if err := s.want(header + int(n)); err != nil {
		if err != EOF {
			return nil, err
		}
		s.advance(header)
		s.err = EOF
		return s.take(s.w - s.r), ErrUnexpectedEOF
	}
	s.advance(header)
	return s.take(int(n)), nil
}

// length waits for the length of a message and returns how many bytes it takes and what
// it says. They stay in the buffer.
func (s *StreamReader) length(f Framing) (header int, n uint64, err error) {
	if f.size > 0 {
		if err := s.want(f.size); err != nil {
			return 0, 0, err
		}
		b := s.buf[s.r:s.w]
		switch f.size {
		case 1:
			n = uint64(b[0])
		case 2:
			n = uint64(f.order.Uint16(b))
		case 4:
			n = uint64(f.order.Uint32(b))
		default:
			n = f.order.Uint64(b)
		}
		return f.size, n, nil
	}
	for {
		n, header = binary.Uvarint(s.buf[s.r:s.w])
		switch {
		case header > 0:
			return header, n, nil
		case header < 0 || s.w-s.r >= binary.MaxVarintLen64:
			return 0, 0, errVarint
		}
		if err := s.fill(); err != nil {
			return 0, 0, err
		}
	}
}

// Messages returns an iterator over the messages that are left, see ReadMessage. The end
// is not yielded; another error is, with what came with it, and ends it. Going on is a
// checkpoint.
func (s *StreamReader) Messages(f Framing) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			message, err := s.ReadMessage(f)
			if err == EOF || !yield(message, err) || err != nil {
				return
			}
		}
	}
}

// WriteMessage accepts a message with its length or delimiter. It is accepted as a whole
// or not at all: so a cancelled or failed call leaves no half message behind, and may be
// repeated; for that, up to one message more than the high water mark may wait to be
// written. A message that is longer than the limit, or than its length can say, fails with
// [ErrTooLong], one that contains its delimiter with another error. It is a checkpoint.
func (s *StreamWriter) WriteMessage(f Framing, message []byte) error {
	t := s.bond.Task("Stream.WriteMessage")
	if err := s.gate.enter(t); err != nil {
		return err
	}
	defer s.gate.leave()
	if err := s.refuses(); err != nil {
		return err
	}
	head, tail, err := f.around(message)
	if err != nil {
		return err
	}
	n := len(head) + len(message) + len(tail)
	if s.waiting()+n > s.high {
		if err := s.wait(t); err != nil {
			return err
		}
	}
	s.prepare()
	s.pending = append(append(append(s.pending, head...), message...), tail...)
	s.start(t, n)
	return nil
}

// around returns what goes before and behind a message.
func (f Framing) around(message []byte) (head, tail []byte, err error) {
	n := uint64(len(message))
	if f.limit > 0 && n > uint64(f.limit) {
		return nil, nil, ErrTooLong
	}
	if f.delimiter != nil {
		// The delimiter may also begin in the message and end in itself.
		last := message[max(0, len(message)-len(f.delimiter)+1):]
		seam := append(append([]byte(nil), last...), f.delimiter...)
		if bytes.Contains(message, f.delimiter) || bytes.Index(seam, f.delimiter) < len(last) {
			return nil, nil, errDelimited
		}
		return nil, f.delimiter, nil
	}
	head = make([]byte, 0, binary.MaxVarintLen64)
	switch f.size {
	case 0:
		head = binary.AppendUvarint(head, n)
	case 1:
		if n > math.MaxUint8 {
			return nil, nil, ErrTooLong
		}
		head = append(head, byte(n))
	case 2:
		if n > math.MaxUint16 {
			return nil, nil, ErrTooLong
		}
		head = head[:2]
		f.order.PutUint16(head, uint16(n))
	case 4:
		if n > math.MaxUint32 {
			return nil, nil, ErrTooLong
		}
		head = head[:4]
		f.order.PutUint32(head, uint32(n))
	default:
		head = head[:8]
		f.order.PutUint64(head, n)
	}
	return head, nil, nil
}
