package io

import (
	"bytes"
	"iter"
)

var carriageReturn = []byte{'\r'}

// Lines returns an iterator over the lines that are left, without their endings, see
// [StreamReader.ReadLine]; as for bufio.Scanner, a last line needs none, or the \r of one.
// The end is not yielded; another error is, with nil, and ends it. A line is valid until
// the next. Going on is a checkpoint.
func (s *StreamReader) Lines() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			line, err := s.ReadLine()
			switch err {
			case nil:
			case EOF:
				return
			case ErrUnexpectedEOF:
				if line != nil {
					yield(bytes.TrimSuffix(line, carriageReturn), nil)
					return
				}
				fallthrough // it is the source's own
			default:
				yield(nil, err)
				return
			}
			if !yield(line, nil) {
				return
			}
		}
	}
}

// Chunks returns an iterator over the data as they come: what the buffer holds, and then
// what each read of the source brings. The end is not yielded; another error is, with
// nil, and ends it. A chunk is valid until the next. Going on is a checkpoint.
func (s *StreamReader) Chunks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			chunk, err := s.chunk()
			if err == EOF || !yield(chunk, err) || err != nil {
				return
			}
		}
	}
}

// chunk takes all of the buffer, and waits until there is something in it.
func (s *StreamReader) chunk() ([]byte, error) {
	if err := s.begin("Stream.Chunks"); err != nil {
		return nil, err
	}
	defer s.end()
	if err := s.want(1); err != nil {
		return nil, err
	}
	return s.advance(s.w - s.r), nil
}

// WriteTo writes all that is left to w, until the end or an error, and returns how much
// that was; [Copy] calls it. Where the source can do that itself it is asked to, so that
// the bytes between two connections of ours stay inside the system. It is a checkpoint;
// when the task is cancelled, what w did not take is still there to be read, but for what
// the source's own WriteTo had in hand.
func (s *StreamReader) WriteTo(w Writer) (int64, error) {
	if err := s.begin("Stream.WriteTo"); err != nil {
		return 0, err
	}
	defer s.end()
	total := int64(0)
	for {
		for s.r < s.w {
			n, err := w.Write(s.buf[s.r:s.w])
			if n < 0 || n > s.w-s.r {
				panic("evergreen: a Write returned a count that cannot be")
			}
			all := n == s.w-s.r
			s.advance(n)
			total += int64(n)
			if err != nil {
				return total, err
			}
			if !all {
				return total, ErrShortWrite
			}
		}
		if src, ok := s.src.(WriterTo); ok && s.err == nil {
			n, err := src.WriteTo(w)
			return total + n, err
		}
		if err := s.fill(); err == EOF {
			return total, nil
		} else if err != nil {
			return total, err
		}
	}
}
