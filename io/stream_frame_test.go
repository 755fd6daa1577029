package io_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

var streamFramings = map[string]io.Framing{
	"1":         io.LengthFraming(1, binary.BigEndian),
	"2 big":     io.LengthFraming(2, binary.BigEndian),
	"2 little":  io.LengthFraming(2, binary.LittleEndian),
	"4 big":     io.LengthFraming(4, binary.BigEndian),
	"4 little":  io.LengthFraming(4, binary.LittleEndian),
	"8 big":     io.LengthFraming(8, binary.BigEndian),
	"8 little":  io.LengthFraming(8, binary.LittleEndian),
	"varint":    io.VarintFraming(),
	"newline":   io.DelimiterFraming([]byte("\n")),
	"delimiter": io.DelimiterFraming([]byte("aab")),
}

// What is written is read, byte by byte and at once, and the bytes are as they should be.
//
// holds: 108
func TestStreamMessages(t *testing.T) {
	messages := []string{"", "x", strings.Repeat("y", 200), "\x00\x01\x02", ""}
	for name, f := range streamFramings {
		for _, chunk := range []int{1, 0} {
			tasktest.Run(t, func() {
				a, b := tasktest.Streams(chunk)
				writer := task.Go(func() {
					s := io.NewStream(a)
					for _, m := range messages {
						must(t, s.WriteMessage(f, []byte(m)))
					}
					must(t, s.Close())
				})
				var got []string
				for m, err := range io.NewStreamReader(b).Messages(f) {
					must(t, err)
					got = append(got, string(m))
				}
				if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", messages) {
					t.Errorf("%s: %q", name, got)
				}
				must(t, writer.Join())
			})
		}
	}
	for name, want := range map[string]string{
		"1": "\x02hi", "2 big": "\x00\x02hi", "2 little": "\x02\x00hi", "4 big": "\x00\x00\x00\x02hi",
		"4 little": "\x02\x00\x00\x00hi", "8 big": "\x00\x00\x00\x00\x00\x00\x00\x02hi",
		"8 little": "\x02\x00\x00\x00\x00\x00\x00\x00hi", "varint": "\x02hi", "newline": "hi\n", "delimiter": "hiaab",
	} {
		run(t, func() {
			var out bytes.Buffer
			s := io.NewStreamWriter(&out)
			must(t, s.WriteMessage(streamFramings[name], []byte("hi")))
			must(t, s.Flush())
			if out.String() != want {
				t.Errorf("%s: %q, want %q", name, out.String(), want)
			}
		})
	}
}

// Wherever a message is cut off, what there is comes with ErrUnexpectedEOF; the end
// between two messages is the end.
//
// holds: 81
func TestStreamMessageCutOff(t *testing.T) {
	for name, f := range streamFramings {
		run(t, func() {
			var out bytes.Buffer
			w := io.NewStreamWriter(&out)
			must(t, w.WriteMessage(f, []byte("hello")))
			must(t, w.Flush())
			for n := range out.Len() {
				s := io.NewStreamReader(iotest.OneByteReader(bytes.NewReader(out.Bytes()[:n])))
				m, err := s.ReadMessage(f)
				if n == 0 {
					if m != nil || err != io.EOF {
						t.Errorf("%s, nothing there: %q, %v", name, m, err)
					}
					continue
				}
				// Of a delimiter some may be there; it could be of the message.
				if err != io.ErrUnexpectedEOF || !strings.HasPrefix("helloaab", string(m)) {
					t.Errorf("%s, %d bytes: %q, %v", name, n, m, err)
				}
				if m, err := s.ReadMessage(f); m != nil || err != io.EOF {
					t.Errorf("%s, after the end: %q, %v", name, m, err)
				}
			}
		})
	}
}

// The length of a message that is too long is enough to refuse it, in both directions,
// and nothing is lost.
//
// holds: 82
func TestStreamMessageTooLong(t *testing.T) {
	for name, f := range streamFramings {
		run(t, func() {
			var out bytes.Buffer
			w := io.NewStreamWriter(&out)
			must(t, w.WriteMessage(f, make([]byte, 20)))
			must(t, w.Flush())
			wire := out.String()
			s := io.NewStreamReader(iotest.OneByteReader(strings.NewReader(wire)))
			for range 2 {
				if m, err := s.ReadMessage(f.Limit(19)); m != nil || !errors.Is(err, io.ErrTooLong) {
					t.Errorf("%s: %q, %v", name, m, err)
				}
			}
			if m, err := s.ReadMessage(f.Limit(20)); len(m) != 20 || err != nil {
				t.Errorf("%s with more allowed: %q, %v", name, m, err)
			}
			if err := w.WriteMessage(f.Limit(19), make([]byte, 20)); !errors.Is(err, io.ErrTooLong) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	run(t, func() {
		w := io.NewStreamWriter(io.Discard)
		for size, n := range map[int]int{1: 1 << 8, 2: 1 << 16} {
			f := io.LengthFraming(size, binary.BigEndian)
			if err := w.WriteMessage(f, make([]byte, n)); !errors.Is(err, io.ErrTooLong) {
				t.Errorf("%d bytes in a length of %d: %v", n, size, err)
			}
			must(t, w.WriteMessage(f, make([]byte, n-1)))
		}
		for _, wire := range []string{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"} {
			s := io.NewStreamReader(strings.NewReader(wire))
			if m, err := s.ReadMessage(io.VarintFraming()); m != nil || err == nil || err == io.ErrUnexpectedEOF {
				t.Errorf("a varint of more than 64 bits: %q, %v", m, err)
			}
		}
		s := io.NewStreamReader(strings.NewReader("\xff\xff\xff\xff\xff\xff\xff\xff"))
		if _, err := s.ReadMessage(io.LengthFraming(8, binary.BigEndian)); err != io.ErrTooLong {
			t.Errorf("a length of 64 bits: %v", err)
		}
	})
}

// A message that a reader would see end earlier is refused.
func TestStreamMessageWithItsDelimiter(t *testing.T) {
	run(t, func() {
		var out bytes.Buffer
		w := io.NewStreamWriter(&out)
		for message, delimiter := range map[string]string{"a\nb": "\n", "x\n": "\n", "xa": "aa", "ab": "aba", "xaab": "aabaa"} {
			f := io.DelimiterFraming([]byte(delimiter))
			err := w.WriteMessage(f, []byte(message))
			// The reader would stop too early exactly if the delimiter is found before its place.
			wire := message + delimiter
			if early := strings.Index(wire, delimiter) < len(message); early != (err != nil) {
				t.Errorf("%q with %q: %v", message, delimiter, err)
			}
		}
		must(t, w.Flush())
	})
}

// A message is accepted as a whole or not at all: who is killed, cancelled or timed out
// in WriteMessage leaves no half of one behind.
//
// holds: 46, 85
func TestStreamCancelledMessageIsWholeOrNothing(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		a, b := tasktest.Streams(3)
		stream := io.NewStream(a, io.WithWaterMarks(1, 4))
		f := io.LengthFraming(2, binary.BigEndian)
		accepted := 0
		var writers []*task.Task
		for _, letter := range []byte("abc") {
			writers = append(writers, s.Go(func() {
				if stream.WriteMessage(f, bytes.Repeat([]byte{letter}, 7)) == nil {
					accepted++
				}
			}))
		}
		got := 0
		reader := task.Go(func() {
			for m, err := range io.NewStreamReader(b).Messages(f) {
				must(t, err)
				if got++; len(m) != 7 || bytes.Count(m, m[:1]) != 7 {
					t.Errorf("a message came as %q", m)
				}
			}
		})
		for _, w := range writers {
			_ = w.Join()
		}
		must(t, stream.Close())
		must(t, reader.Join())
		s.After(func() {
			if got != accepted || !s.Cancelled() && got != 3 {
				t.Errorf("%d messages were accepted and %d came", accepted, got)
			}
		})
	})
}

// Any bytes, read as messages in any pieces, give what they give at once; and messages
// that are written are read.
//
// holds: 81, 82, 108
func FuzzStreamMessages(f *testing.F) {
	f.Add([]byte("\x05hello\x00\x02ab\x09cut"), uint64(1))
	f.Add([]byte("\x00\x00\x00\x03abc\xff\xff\xff\xff"), uint64(2))
	f.Add([]byte("aabxaaabyaa"), uint64(3))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), uint64(4))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		if len(data) > 500 {
			return
		}
		run(t, func() {
			for name, framing := range streamFramings {
				read := func(r io.Reader) string {
					var all strings.Builder
					s := io.NewStreamReader(r, io.WithReadLimit(100))
					for m, err := range s.Messages(framing) {
						fmt.Fprintf(&all, "%q %v;", m, err)
					}
					rest, err := io.ReadAll(s)
					fmt.Fprintf(&all, "%q %v", rest, err)
					return all.String()
				}
				if want, got := read(bytes.NewReader(data)), read(newStreamPieces(data, seed)); got != want {
					t.Fatalf("%s: %q gives %s in pieces, and %s at once", name, data, got, want)
				}
				streamRoundTrip(t, name, framing, data, seed)
			}
		})
	})
}

// streamRoundTrip writes data as messages of random lengths and reads them again.
func streamRoundTrip(t *testing.T, name string, f io.Framing, data []byte, seed uint64) {
	draw := rand.New(rand.NewPCG(seed, 9))
	var wire bytes.Buffer
	var want [][]byte
	w := io.NewStreamWriter(&wire)
	for len(data) > 0 {
		n := draw.IntN(min(len(data), 100) + 1)
		if w.WriteMessage(f, data[:n]) == nil { // else it contains its delimiter
			want = append(want, data[:n])
		}
		data = data[max(1, n):]
	}
	must(t, w.Flush())
	r := io.NewStreamReader(newStreamPieces(wire.Bytes(), seed))
	for i, m := range want {
		got, err := r.ReadMessage(f)
		if !bytes.Equal(got, m) || err != nil {
			t.Fatalf("%s: message %d is %q, %v; want %q", name, i, got, err, m)
		}
	}
	if m, err := r.ReadMessage(f); len(m) > 0 || err != io.EOF {
		t.Fatalf("%s: after the last message %q, %v", name, m, err)
	}
}
