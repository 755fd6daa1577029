package io_test

import (
	"bytes"
	"errors"
	"fmt"
	stdruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// streamSink notes each write, and waits for open before it does if it has one.
type streamSink struct {
	writes []string
	// err is what writes fail with.
	err    error
	closed int
	// blocked writes wait; the end of a task ends them.
	blocked bool
	wake    []*io.PipeWriter
}

func (s *streamSink) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	for s.blocked {
		r, w := io.Pipe()
		s.wake = append(s.wake, w)
		if _, err := r.Read(make([]byte, 1)); err != io.EOF {
			return 0, err
		}
		if s.closed > 0 {
			return 0, errors.New("closed meanwhile")
		}
	}
	s.writes = append(s.writes, string(p))
	return len(p), nil
}

func (s *streamSink) Close() error {
	s.closed++
	s.open()
	return nil
}

// open lets writes that wait go on.
func (s *streamSink) open() {
	s.blocked = false
	for _, w := range s.wake {
		_ = w.Close()
	}
	s.wake = nil
}

// What is written between two waits goes with one call.
func TestStreamGathersSmallWrites(t *testing.T) {
	tasktest.Run(t, func() {
		var sink streamSink
		s := io.NewStreamWriter(&sink)
		for i := range 50 {
			switch i % 3 {
			case 0:
				_, err := s.Write([]byte("a"))
				must(t, err)
			case 1:
				_, err := s.WriteString("b")
				must(t, err)
			case 2:
				must(t, s.WriteByte('c'))
			}
		}
		must(t, s.Flush())
		if got := strings.Join(sink.writes, ""); len(got) != 50 || !strings.HasPrefix(got, "abcabc") {
			t.Errorf("%q was written", got)
		}
	})
	run(t, func() { // and with the usual slices
		var sink streamSink
		s := io.NewStreamWriter(&sink)
		for range 50 {
			must(t, s.WriteByte('x'))
		}
		must(t, s.Flush())
		if len(sink.writes) != 1 {
			t.Errorf("50 small writes took %d calls", len(sink.writes))
		}
	})
}

// Below the high water mark a write returns at once; above it, when no more is left than
// the low one says.
//
// holds: 86
func TestStreamWaterMarks(t *testing.T) {
	tasktest.Run(t, func() {
		sink := streamSink{blocked: true}
		s := io.NewStreamWriter(&sink, io.WithWaterMarks(4, 10))
		n, err := s.Write(make([]byte, 10))
		if n != 10 || err != nil || s.Pending() != 10 {
			t.Errorf("%d, %v, %d are pending; want it to return at once", n, err, s.Pending())
		}
		over := false
		writer := task.Go(func() {
			n, err := s.Write(make([]byte, 25))
			if over = true; n != 25 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
		})
		tasktest.WaitAllParked()
		if over || s.Pending() > 10 {
			t.Errorf("the write is over: %t, %d are pending", over, s.Pending())
		}
		sink.open()
		must(t, writer.Join())
		must(t, s.Close())
		total := 0
		for _, w := range sink.writes {
			if total += len(w); len(w) > 10 {
				t.Errorf("%d bytes were written at once", len(w))
			}
		}
		if total != 35 || sink.closed != 1 {
			t.Errorf("%d bytes arrived, and it was closed %d times", total, sink.closed)
		}
	})
}

// A writer who had to wait is not woken for every byte that there is room for, but when
// the low water mark is reached.
func TestStreamLowWater(t *testing.T) {
	tasktest.Run(t, func() {
		r, w := io.Pipe()
		s := io.NewStreamWriter(w, io.WithWaterMarks(4, 10))
		_, err := s.Write(make([]byte, 3))
		must(t, err)
		tasktest.WaitAllParked() // these 3 are on their way
		_, err = s.Write(make([]byte, 7))
		must(t, err)
		accepted := false
		writer := task.Go(func() {
			must(t, s.WriteByte('x'))
			accepted = true
		})
		buf := make([]byte, 10)
		for _, step := range []struct {
			read     int
			accepted bool
		}{{3, false}, {7, true}} {
			tasktest.WaitAllParked()
			_, err := io.ReadFull(r, buf[:step.read])
			must(t, err)
			tasktest.WaitAllParked()
			if accepted != step.accepted {
				t.Errorf("with %d bytes left the writer has gone on: %t", s.Pending(), accepted)
			}
		}
		_, err = io.ReadFull(r, buf[:1])
		must(t, err)
		must(t, writer.Join())
		must(t, s.Close())
	})
}

// A stream that has nothing to write keeps little memory.
func TestStreamGivesMemoryBack(t *testing.T) {
	run(t, func() {
		s := io.NewStreamWriter(io.Discard, io.WithWaterMarks(0, 1<<20))
		_, err := s.Write(make([]byte, 1<<20))
		must(t, err)
		must(t, s.Flush())
		settle()
		if n := s.Kept(); n > 16<<10 {
			t.Errorf("%d bytes are kept", n)
		}
	})
}

// A destination that ends the task that writes is a failed write for those who wait.
//
// holds: 51
func TestStreamGoexitOfTheDestination(t *testing.T) {
	var flushed error
	err := runtime.Run(func() {
		s := io.NewStreamWriter(streamFunc(func([]byte) (int, error) { stdruntime.Goexit(); return 0, nil }))
		_, _ = s.WriteString("x")
		flushed = s.Flush()
	})
	if !errors.Is(err, task.ErrGoexit) || flushed != io.ErrClosedPipe {
		t.Errorf("the run ended with %v, the flush with %v; want ErrGoexit and ErrClosedPipe", err, flushed)
	}
}

// However much is written to a peer that never reads, we keep no more than the high water
// mark says.
//
// holds: 86
func TestStreamKeepsLittleForAPeerThatNeverReads(t *testing.T) {
	tasktest.Run(t, func() {
		a, _ := tasktest.Streams(0)
		s := io.NewStream(a, io.WithWaterMarks(1<<10, 8<<10))
		var writers []*task.Task
		for i := range 20 {
			write := func() error { _, err := s.Write(make([]byte, 3000)); return err }
			if i%2 == 0 { // a message is accepted as a whole, when little else is left
				write = func() error { return s.WriteMessage(io.VarintFraming(), make([]byte, 3000)) }
			}
			writers = append(writers, task.Go(func() {
				for write() == nil {
				}
			}))
		}
		for range 10 {
			tasktest.WaitAllParked()
			if n := s.Pending(); n > 8<<10 {
				t.Errorf("%d bytes are pending", n)
			}
			if n := s.Kept(); n > 32<<10 {
				t.Errorf("%d bytes of memory are kept", n)
			}
		}
		err := timeout.Run(time.Second, s.Close)
		var e *timeout.Error
		if !errors.As(err, &e) {
			t.Errorf("%v, want the timeout", err)
		}
		for _, w := range writers {
			must(t, w.Join())
		}
	})
}

// An error of a write in the background comes out of the next call, whatever that is, and
// of all that follow.
//
// holds: 83
func TestStreamFailedWriteSurfaces(t *testing.T) {
	mine := errors.New("mine")
	for name, call := range map[string]func(s *io.StreamWriter) error{
		"Write":        func(s *io.StreamWriter) error { _, err := s.Write([]byte("x")); return err },
		"empty Write":  func(s *io.StreamWriter) error { _, err := s.Write(nil); return err },
		"WriteString":  func(s *io.StreamWriter) error { _, err := s.WriteString("x"); return err },
		"WriteByte":    func(s *io.StreamWriter) error { return s.WriteByte('x') },
		"WriteMessage": func(s *io.StreamWriter) error { return s.WriteMessage(io.VarintFraming(), nil) },
		"Flush":        (*io.StreamWriter).Flush,
		"Close":        (*io.StreamWriter).Close,
		"ReadFrom":     func(s *io.StreamWriter) error { _, err := s.ReadFrom(strings.NewReader("x")); return err },
	} {
		tasktest.Run(t, func() {
			sink := streamSink{err: mine}
			s := io.NewStreamWriter(&sink)
			n, err := s.Write([]byte("abc"))
			if n != 3 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
			tasktest.WaitAllParked()
			if err := call(s); err != mine {
				t.Errorf("%s: %v", name, err)
			}
			if err := s.Flush(); err != mine {
				t.Errorf("Flush after %s: %v", name, err)
			}
			_ = s.Close()
			if sink.closed != 1 {
				t.Errorf("%s: it was closed %d times", name, sink.closed)
			}
		})
	}
	tasktest.Run(t, func() { // one who waits for room is told, with what was accepted
		sink := streamSink{blocked: true}
		s := io.NewStreamWriter(&sink, io.WithWaterMarks(0, 4))
		writer := task.Go(func() {
			if n, err := s.Write([]byte("abcdefgh")); n != 4 || err != mine {
				t.Errorf("%d, %v", n, err)
			}
		})
		flusher := task.Go(func() {
			task.Yield()
			if err := s.Flush(); err != mine {
				t.Error(err)
			}
		})
		tasktest.WaitAllParked()
		for _, w := range sink.wake {
			_ = w.CloseWithError(mine)
		}
		must(t, writer.Join())
		must(t, flusher.Join())
	})
	tasktest.Run(t, func() {
		s := io.NewStreamWriter(streamFunc(func(p []byte) (int, error) { return len(p) - 1, nil }))
		_, _ = s.Write([]byte("abc"))
		if err := s.Flush(); err != io.ErrShortWrite {
			t.Errorf("%v, want ErrShortWrite", err)
		}
	})
}

// holds: 84
func TestStreamConcurrentFlushesBothReturn(t *testing.T) {
	tasktest.Explore(t, tasktest.Options{Orders: 500, Seeds: 200, PCT: 50}, func() {
		a, b := tasktest.Streams(3)
		s := io.NewStream(a)
		_, err := s.Write(make([]byte, 10))
		must(t, err)
		var all []*task.Task
		for range 3 {
			all = append(all, task.Go(func() {
				must(t, s.Flush())
				_, err := s.Write(make([]byte, 5))
				must(t, err)
				must(t, s.Flush())
			}))
		}
		got, err := io.NewStreamReader(b).ReadBytes(25)
		if len(got) != 25 || err != nil {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		for _, one := range all {
			must(t, one.Join())
		}
		if s.Pending() != 0 {
			t.Errorf("%d bytes are pending after the flushes", s.Pending())
		}
	})
}

// A flush waits for what was accepted before it, and for nothing that comes later.
func TestStreamFlushEndsThoughOthersWriteOn(t *testing.T) {
	run(t, func() {
		s := io.NewStreamWriter(streamFunc(func(p []byte) (int, error) { task.Yield(); return len(p), nil }))
		stop := false
		writer := task.Go(func() {
			for !stop {
				_, _ = s.Write(make([]byte, 100))
				task.Yield()
			}
		})
		settle()
		must(t, s.Flush())
		stop = true
		must(t, writer.Join())
		must(t, s.Close())
	})
}

// Whatever the order, writes that are longer than the water marks come out whole.
//
// holds: 85
func TestStreamWritesDoNotInterleave(t *testing.T) {
	tasktest.Explore(t, tasktest.Options{Orders: 500, Seeds: 200, PCT: 50}, func() {
		a, b := tasktest.Streams(0)
		s := io.NewStream(a, io.WithWaterMarks(1, 3))
		for _, letter := range "abc" {
			task.Go(func() {
				n, err := s.Write(bytes.Repeat([]byte{byte(letter)}, 10))
				if n != 10 || err != nil {
					t.Errorf("%d, %v", n, err)
				}
			})
		}
		got, err := io.NewStreamReader(b).ReadBytes(30)
		must(t, err)
		for i := range got {
			if got[i] != got[i-i%10] {
				t.Errorf("the writes came as %q", got)
				return
			}
		}
	})
}

// Writers of whom any is killed, cancelled or timed out at any moment: the others go on,
// and what a write says was accepted arrives, in one piece and in order.
//
// holds: 13, 46, 85
func TestStreamCancelledWriteTellsHowMuch(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		a, b := tasktest.Streams(2)
		stream := io.NewStream(a, io.WithWaterMarks(1, 4))
		told := map[byte]int{}
		var writers []*task.Task
		for _, letter := range []byte("abc") {
			writers = append(writers, s.Go(func() {
				n, _ := stream.Write(bytes.Repeat([]byte{letter}, 9))
				told[letter] = n
			}))
		}
		got := ""
		reader := task.Go(func() {
			data, err := io.ReadAll(b)
			must(t, err)
			got = string(data)
		})
		for _, w := range writers {
			_ = w.Join()
		}
		must(t, stream.Close())
		must(t, reader.Join())
		s.After(func() {
			changes := 0
			for i := range got {
				if i == 0 || got[i] != got[i-1] {
					changes++
				}
			}
			if changes > 3 {
				t.Errorf("the writes came as %q", got)
			}
			for letter, n := range told {
				if arrived := strings.Count(got, string(letter)); arrived != n || !s.Cancelled() && n != 9 {
					t.Errorf("Write returned %d, and %d bytes arrived", n, arrived)
				}
			}
		})
	})
}

// Two who talk over streams, any of whom is killed, cancelled or timed out at any moment;
// each closes its stream by a deferred call. Nothing is left behind.
//
// holds: 42, 45, 46
func TestStreamCancelledLeavesNothing(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		a, b := tasktest.Streams(1)
		one := s.Go(func() {
			stream := io.NewStream(a, io.WithWaterMarks(0, 2))
			defer stream.Close()
			_, _ = stream.WriteString("hello\n")
			_ = stream.Flush()
			_ = stream.CloseWrite()
			_, _ = stream.ReadLine()
		})
		two := s.Go(func() {
			stream := io.NewStream(b, io.WithWaterMarks(0, 2))
			defer stream.Close()
			line, err := stream.ReadLine()
			if err == nil {
				if string(line) != "hello" {
					t.Errorf("%q", line)
				}
				_, _ = stream.WriteString("hello yourself\n")
			}
		})
		// One that was killed before it began closes nothing. Where it did begin, all is
		// closed by now.
		task.Go(func() { _, _ = one.Join(), a.Close() })
		task.Go(func() { _, _ = two.Join(), b.Close() })
		s.After(tasktest.WaitAllParked)
	})
}

// After the peer's end, writes still work; CloseWrite is behind all that was written.
//
// holds: 80
func TestStreamHalfClose(t *testing.T) {
	tasktest.Explore(t, tasktest.Options{Orders: 300, Seeds: 100, PCT: 50}, func() {
		a, b := tasktest.Streams(4)
		one, two := io.NewStream(a, io.WithWaterMarks(2, 5)), io.NewStream(b, io.WithWaterMarks(2, 5))
		client := task.Go(func() {
			_, err := one.WriteString("what is the answer?")
			must(t, err)
			must(t, one.CloseWrite())
			if _, err := one.Write([]byte("x")); err != io.ErrClosedPipe {
				t.Errorf("a write after CloseWrite: %v", err)
			}
			if got, err := io.ReadAll(one); string(got) != "it is forty-two" || err != nil {
				t.Errorf("the answer is %q, %v", got, err)
			}
			must(t, one.Close())
		})
		got, err := io.ReadAll(two)
		if string(got) != "what is the answer?" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		_, err = two.WriteString("it is forty-two")
		must(t, err)
		must(t, two.Close())
		must(t, client.Join())
	})
	run(t, func() {
		if err := io.NewStream(&bytes.Buffer{}).CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%v, want ErrUnsupported", err)
		}
	})
}

// Close flushes first, wakes who waits, and does nothing the second time.
//
// holds: 64
func TestStreamClose(t *testing.T) {
	tasktest.Explore(t, tasktest.Options{Orders: 200, Seeds: 50, PCT: 20}, func() {
		a, b := tasktest.Streams(0)
		s := io.NewStream(a, io.WithWaterMarks(500, 2000))
		reader := task.Go(func() {
			if _, err := s.ReadLine(); err == nil {
				t.Error("a line came from nowhere")
			}
		})
		accepted := 0
		var writers []*task.Task
		for range 2 {
			writers = append(writers, task.Go(func() {
				n, err := s.Write(make([]byte, 10000)) // more than is under way and may wait
				if accepted += n; err != io.ErrClosedPipe {
					t.Errorf("%d, %v; want ErrClosedPipe", n, err)
				}
			}))
		}
		tasktest.WaitAllParked()
		closers := []*task.Task{}
		for range 2 {
			closers = append(closers, task.Go(func() { must(t, s.Close()) }))
		}
		got, err := io.ReadAll(b)
		must(t, err)
		for _, one := range append(append(writers, closers...), reader) {
			must(t, one.Join())
		}
		if len(got) != accepted {
			t.Errorf("%d bytes were accepted, and %d arrived", accepted, len(got))
		}
		must(t, s.Close())
	})
}

// A killed task's deferred Close closes at once, without what could not be written.
//
// holds: 45
func TestStreamKilledTaskClosesAtOnce(t *testing.T) {
	tasktest.Run(t, func() {
		a, b := tasktest.Streams(0)
		victim := task.Go(func() {
			s := io.NewStream(a)
			defer s.Close()
			_, _ = s.Write(make([]byte, 10000))
			task.Sleep(time.Hour)
		})
		tasktest.WaitAllParked()
		victim.Kill()
		_ = victim.Join()
		got, err := io.ReadAll(b)
		if err != nil || len(got) > 4096 {
			t.Errorf("%d bytes, %v: want no more than were under way", len(got), err)
		}
	})
}

// A stream that is forgotten, or whose task is killed, has what it accepted written, and
// its task ends.
func TestStreamForgottenIsWritten(t *testing.T) {
	tasktest.Run(t, func() {
		a, b := tasktest.Streams(0)
		victim := task.Go(func() {
			_, _ = io.NewStream(a).WriteString("last words")
			task.Current().Kill()
		})
		_ = victim.Join()
		got, err := io.NewStreamReader(b).ReadBytes(10)
		if string(got) != "last words" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		tasktest.WaitAllParked()
	})
}

// holds: 100
func TestStreamDeadlockNamesTheWriter(t *testing.T) {
	err := runtime.Run(func() {
		_, w := io.Pipe()
		s := io.NewStreamWriter(w)
		_, _ = s.WriteString("nobody reads this")
		_ = s.Flush()
	})
	var dead *runtime.DeadlockError
	if !errors.As(err, &dead) {
		t.Fatal(err)
	}
	for _, want := range []string{"the writer of a stream", "writing an io.Pipe", "the flush of a stream"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

// A panic in the destination ends the run as any task's does, and who waits is told.
//
// holds: 50
func TestStreamPanicOfTheDestination(t *testing.T) {
	err := runtime.Run(func() {
		s := io.NewStreamWriter(streamFunc(func([]byte) (int, error) { panic("out of paper") }))
		_, _ = s.WriteString("x")
		_ = s.Flush()
	})
	if err == nil || !strings.Contains(err.Error(), "out of paper") {
		t.Errorf("%v", err)
	}
}

// A copy into and out of streams.
func TestStreamCopies(t *testing.T) {
	content := strings.Repeat("evergreen", 5000)
	for _, chunk := range []int{1, 0} {
		tasktest.Run(t, func() {
			a, b := tasktest.Streams(chunk)
			sender := task.Go(func() {
				s := io.NewStream(a)
				_, err := s.WriteString("and ")
				must(t, err)
				n, err := io.Copy(s, strings.NewReader(content))
				if n != int64(len(content)) || err != nil {
					t.Errorf("%d, %v", n, err)
				}
				must(t, s.Close())
			})
			var got bytes.Buffer
			s := io.NewStream(b)
			_, err := s.Peek(2)
			must(t, err)
			n, err := io.Copy(&got, s)
			if n != int64(len(content)+4) || err != nil || got.String() != "and "+content {
				t.Errorf("%d, %v", n, err)
			}
			must(t, sender.Join())
			must(t, b.Close())
		})
	}
	run(t, func() { // what the destination does not take stays
		mine := errors.New("mine")
		s := io.NewStreamReader(strings.NewReader("abcdef"))
		n, err := io.Copy(streamFunc(func(p []byte) (int, error) { return 2, mine }), s)
		if n != 2 || err != mine {
			t.Errorf("%d, %v", n, err)
		}
		if rest, err := io.ReadAll(s); string(rest) != "cdef" && string(rest) != "" || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
	})
}

// Options that make no sense panic with a sentence.
func TestStreamOptionsThatMakeNoSense(t *testing.T) {
	for name, option := range map[string]func(){
		"limit": func() { io.WithReadLimit(0) },
		"low":   func() { io.WithWaterMarks(-1, 3) },
		"high":  func() { io.WithWaterMarks(0, 0) },
		"order": func() { io.WithWaterMarks(4, 3) },
		"size":  func() { io.LengthFraming(3, nil) },
		"bytes": func() { io.LengthFraming(4, nil) },
		"delim": func() { io.DelimiterFraming(nil) },
		"frame": func() { io.VarintFraming().Limit(0) },
	} {
		func() {
			defer func() {
				if r := recover(); !strings.HasPrefix(fmt.Sprint(r), "evergreen: ") {
					t.Errorf("%s: %v", name, r)
				}
			}()
			option()
		}()
	}
}
