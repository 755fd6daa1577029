package io_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// streamCalls are the calls of a stream that wait, with arguments that are refused and
// with some that are not.
var streamCalls = map[string]func(s *io.Stream){
	"Read":                 func(s *io.Stream) { _, _ = s.Read(make([]byte, 1)) },
	"Read nothing":         func(s *io.Stream) { _, _ = s.Read(nil) },
	"ReadByte":             func(s *io.Stream) { _, _ = s.ReadByte() },
	"ReadBytes":            func(s *io.Stream) { _, _ = s.ReadBytes(2) },
	"ReadBytes too many":   func(s *io.Stream) { _, _ = s.ReadBytes(math.MaxInt) },
	"ReadBytes negative":   func(s *io.Stream) { _, _ = s.ReadBytes(-1) },
	"Peek":                 func(s *io.Stream) { _, _ = s.Peek(2) },
	"Peek too many":        func(s *io.Stream) { _, _ = s.Peek(math.MaxInt) },
	"Discard":              func(s *io.Stream) { _, _ = s.Discard(1) },
	"Discard negative":     func(s *io.Stream) { _, _ = s.Discard(-1) },
	"ReadUntil":            func(s *io.Stream) { _, _ = s.ReadUntil([]byte("\n")) },
	"ReadLine":             func(s *io.Stream) { _, _ = s.ReadLine() },
	"ReadUntilRegexp":      func(s *io.Stream) { _, _ = s.ReadUntilRegexp(regexp.MustCompile("\n")) },
	"ReadMessage":          func(s *io.Stream) { _, _ = s.ReadMessage(io.VarintFraming()) },
	"WriteTo":              func(s *io.Stream) { _, _ = s.WriteTo(io.Discard) },
	"Write":                func(s *io.Stream) { _, _ = s.Write([]byte("x")) },
	"Write nothing":        func(s *io.Stream) { _, _ = s.Write(nil) },
	"WriteString":          func(s *io.Stream) { _, _ = s.WriteString("x") },
	"WriteByte":            func(s *io.Stream) { _ = s.WriteByte('x') },
	"WriteMessage":         func(s *io.Stream) { _ = s.WriteMessage(io.VarintFraming(), nil) },
	"WriteMessage refused": func(s *io.Stream) { _ = s.WriteMessage(io.VarintFraming().Limit(1), []byte("xx")) },
	"Flush":                func(s *io.Stream) { _ = s.Flush() },
	"ReadFrom":             func(s *io.Stream) { _, _ = s.ReadFrom(strings.NewReader("x")) },
	"CloseWrite":           func(s *io.Stream) { _ = s.CloseWrite() }, // which a buffer has not
	"Close":                func(s *io.Stream) { _ = s.Close() },
}

// A call that only sometimes gives way is a trap for who counts on it, and one that is
// refused most of all: it comes in loops.
func TestStreamRefusedCallsAreCheckpoints(t *testing.T) {
	for name, call := range streamCalls {
		t.Run(name, func(t *testing.T) {
			tasktest.Run(t, func() {
				s := io.NewStream(&bytes.Buffer{})
				tasktest.MustCheckpoint(t, func() { call(s) })
			})
		})
	}
}

// Whoever calls from elsewhere is told, and has touched nothing: the race detector looks
// on while the stream's own task is at work.
func TestStreamCallsFromElsewherePanic(t *testing.T) {
	for name, call := range streamCalls {
		run(t, func() {
			a, _ := tasktest.Streams(0)
			s := io.NewStream(a)
			over := make(chan string)
			go func() {
				defer func() {
					said, _ := recover().(string)
					over <- said
				}()
				call(s)
			}()
			reader := task.Go(func() { _, _ = s.ReadUntilRegexp(regexp.MustCompile("a")) })
			task.Yield()
			if said := <-over; !strings.HasPrefix(said, "evergreen: ") {
				t.Errorf("%s from a plain goroutine: %q", name, said)
			}
			must(t, s.Close())
			must(t, reader.Join())
		})
	}
}

// No limit is too high to be counted with.
func TestStreamHighestLimits(t *testing.T) {
	for name, framing := range map[string]io.Framing{
		"delimiter": io.DelimiterFraming([]byte("\r\n")),
		"length":    io.LengthFraming(8, binary.BigEndian),
		"varint":    io.VarintFraming(),
	} {
		for _, f := range []io.Framing{framing, framing.Limit(math.MaxInt)} {
			run(t, func() {
				var b bytes.Buffer
				s := io.NewStream(&b, io.WithReadLimit(math.MaxInt), io.WithWaterMarks(0, math.MaxInt))
				must(t, s.WriteMessage(f, []byte("hello")))
				must(t, s.Flush())
				if got, err := s.ReadMessage(f); string(got) != "hello" || err != nil {
					t.Errorf("%s: %q, %v", name, got, err)
				}
			})
		}
	}
}

// Who flushes is told of his own bytes, though the stream is closed before he is awake.
func TestStreamFlushBesideClose(t *testing.T) {
	tasktest.Explore(t, tasktest.Options{Orders: 300, Seeds: 50, PCT: 20}, func() {
		a, b := tasktest.Streams(0)
		s := io.NewStream(a)
		_, err := s.WriteString("hello")
		must(t, err)
		closer := task.Go(func() { must(t, s.Close()) })
		flusher := task.Go(func() {
			if s.Pending() == 0 {
				return // too late to be of interest
			}
			if err := s.Flush(); err != nil && s.Pending() == 0 {
				t.Errorf("the bytes are written, and Flush says %v", err)
			}
		})
		got, err := io.ReadAll(b)
		if string(got) != "hello" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		must(t, closer.Join())
		must(t, flusher.Join())
	})
}

// Lines are those of bufio.Scanner, the last one too, which may end before its \n.
func TestStreamLinesAreThoseOfScanner(t *testing.T) {
	run(t, func() {
		for _, text := range []string{"", "\n", "\r", "\r\n", "a", "a\r", "a\r\r", "a\nb", "a\r\nb\r", "a\n\r", "a\n\n"} {
			var got, want []string
			for line, err := range io.NewStreamReader(strings.NewReader(text)).Lines() {
				must(t, err)
				got = append(got, string(line))
			}
			for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
				want = append(want, s.Text())
			}
			if !slices.Equal(got, want) {
				t.Errorf("the lines of %q are %q, want %q", text, got, want)
			}
		}
	})
}
