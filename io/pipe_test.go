//go:build unix

package io_test

import (
	"bytes"
	"errors"
	"fmt"
	stdio "io"
	"math/rand/v2"
	"strings"
	stdsync "sync"
	"testing"
	"testing/iotest"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/io"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// pipeReader and pipeWriter are the halves of either package's pipe.
type pipeReader interface {
	io.ReadCloser
	CloseWithError(error) error
}

type pipeWriter interface {
	io.WriteCloser
	CloseWithError(error) error
}

func pipeOurs() (pipeReader, pipeWriter)   { return io.Pipe() }
func pipeTheirs() (pipeReader, pipeWriter) { return stdio.Pipe() }

func pipeGoroutines(fs ...func()) {
	var all stdsync.WaitGroup
	for _, f := range fs {
		all.Go(f)
	}
	all.Wait()
}

// pipeScript is what one writer and one reader do in a trial: it draws sizes and ends
// from a seed, and returns what each has seen.
func pipeScript(seed uint64, r pipeReader, w pipeWriter, together func(...func())) string {
	var wrote, read strings.Builder
	together(func() {
		draw := rand.New(rand.NewPCG(seed, 1))
		next := byte('a')
		for range draw.IntN(8) {
			data := make([]byte, draw.IntN(6))
			for i := range data {
				data[i] = next
				next++
			}
			n, err := w.Write(data)
			fmt.Fprintf(&wrote, "%d %v;", n, err)
		}
		switch draw.IntN(3) {
		case 0:
			fmt.Fprint(&wrote, w.Close())
		case 1:
			fmt.Fprint(&wrote, w.CloseWithError(errors.New("the writer's")))
		default:
			fmt.Fprint(&wrote, w.CloseWithError(nil), w.CloseWithError(errors.New("late")))
		}
		n, err := w.Write([]byte("x"))
		fmt.Fprintf(&wrote, "%d %v;", n, err)
	}, func() {
		draw := rand.New(rand.NewPCG(seed, 2))
		for range draw.IntN(20) {
			buf := make([]byte, draw.IntN(7))
			n, err := r.Read(buf)
			fmt.Fprintf(&read, "%q %v;", buf[:n], err)
		}
		var mine error
		if draw.IntN(2) == 0 {
			mine = errors.New("the reader's")
		}
		fmt.Fprint(&read, r.CloseWithError(mine))
		n, err := r.Read(make([]byte, 3))
		fmt.Fprintf(&read, "%d %v;", n, err)
	})
	return wrote.String() + "\n" + read.String()
}

// Whatever is written, read and closed, the standard library's pipe does the same. What
// the writer learns last depends on who closes first, so a script is compared only where
// the standard pipe gives the same twice.
func TestPipeDoesWhatTheStandardOneDoes(t *testing.T) {
	loop := start(t)
	compared := 0
	for seed := range uint64(400) {
		r, w := pipeTheirs()
		want := pipeScript(seed, r, w, pipeGoroutines)
		stable := true
		for range 4 {
			r, w := pipeTheirs()
			stable = stable && pipeScript(seed, r, w, pipeGoroutines) == want
		}
		if !stable {
			continue
		}
		compared++
		places := map[string]func() string{
			"tasks": func() (got string) {
				run(t, func() { r, w := pipeOurs(); got = pipeScript(seed, r, w, tasks) })
				return got
			},
			"goroutines": func() string {
				var r pipeReader
				var w pipeWriter
				must(t, loop.Do(func() error { r, w = pipeOurs(); return nil }))
				return pipeScript(seed, r, w, pipeGoroutines)
			},
		}
		for name, place := range places {
			if got := place(); pipeLast(got) != pipeLast(want) {
				t.Fatalf("seed %d, %s:\nours   %q\ntheirs %q", seed, name, got, want)
			}
		}
	}
	if compared < 100 {
		t.Errorf("only %d scripts were compared", compared)
	}
}

// pipeLast leaves out the writer's last line, the only one in which a race shows that the
// standard library decides by the toss of a coin: whether the reader closed before.
func pipeLast(s string) string {
	wrote, read, _ := strings.Cut(s, "\n")
	return strings.TrimSuffix(wrote, ";")[:strings.LastIndex(strings.TrimSuffix(wrote, ";"), ";")+1] + "\n" + read
}

// Every order of closing, and every call after it.
func TestPipeFailsAsTheStandardOneDoes(t *testing.T) {
	mine, other := errors.New("mine"), errors.New("other")
	for name, prepare := range map[string]func(r pipeReader, w pipeWriter){
		"reader":          func(r pipeReader, _ pipeWriter) { _ = r.Close() },
		"writer":          func(_ pipeReader, w pipeWriter) { _ = w.Close() },
		"reader mine":     func(r pipeReader, _ pipeWriter) { _ = r.CloseWithError(mine) },
		"writer mine":     func(_ pipeReader, w pipeWriter) { _ = w.CloseWithError(mine) },
		"reader twice":    func(r pipeReader, _ pipeWriter) { _, _ = r.CloseWithError(mine), r.CloseWithError(other) },
		"writer twice":    func(_ pipeReader, w pipeWriter) { _, _ = w.CloseWithError(mine), w.Close() },
		"reader, writer":  func(r pipeReader, w pipeWriter) { _, _ = r.CloseWithError(mine), w.CloseWithError(other) },
		"writer, reader":  func(r pipeReader, w pipeWriter) { _, _ = w.CloseWithError(mine), r.CloseWithError(other) },
		"nil and nothing": func(r pipeReader, w pipeWriter) { _, _ = w.CloseWithError(nil), r.CloseWithError(nil) },
	} {
		calls := func(r pipeReader, w pipeWriter) string {
			prepare(r, w)
			var all []string
			for _, size := range []int{0, 1} {
				n, err := r.Read(make([]byte, size))
				all = append(all, fmt.Sprintf("read %d %v %t", n, err, err == io.EOF || err == io.ErrClosedPipe))
				n, err = w.Write(make([]byte, size))
				all = append(all, fmt.Sprintf("write %d %v %t", n, err, err == io.ErrClosedPipe))
			}
			return strings.Join(all, "\n")
		}
		want := calls(pipeTheirs())
		run(t, func() {
			if got := calls(pipeOurs()); got != want {
				t.Errorf("%s: ours:\n%s\ntheirs:\n%s", name, got, want)
			}
		})
	}
}

// A close wakes readers, the writer who writes, and those who wait for their turn.
//
// holds: 2, 64
func TestPipeCloseWakesAll(t *testing.T) {
	mine := errors.New("mine")
	tasktest.Explore(t, tasktest.Options{Seeds: 200, PCT: 50}, func() {
		r, w := io.Pipe()
		for range 2 {
			task.Go(func() {
				if n, err := w.Write([]byte("abc")); n != 0 || err != mine {
					t.Errorf("the writer got %d, %v", n, err)
				}
			})
		}
		task.Go(func() { must(t, r.CloseWithError(mine)) })
	})
	tasktest.Explore(t, tasktest.Options{Seeds: 200, PCT: 50}, func() {
		r, w := io.Pipe()
		for range 2 {
			task.Go(func() {
				if n, err := r.Read(make([]byte, 3)); n != 0 || err != mine {
					t.Errorf("the reader got %d, %v", n, err)
				}
			})
		}
		task.Go(func() { must(t, w.CloseWithError(mine)) })
	})
}

// Three writers, two readers: in every order no writes interleave and nothing is lost.
//
// holds: 2, 24, 85
func TestPipeWritesDoNotInterleave(t *testing.T) {
	tasktest.Explore(t, tasktest.Options{}, func() {
		r, w := io.Pipe()
		var writers []func()
		for _, letter := range "abc" {
			writers = append(writers, func() {
				if n, err := w.Write(bytes.Repeat([]byte{byte(letter)}, 3)); n != 3 || err != nil {
					t.Errorf("%d, %v", n, err)
				}
			})
		}
		var got []byte
		reader := func() {
			buf := make([]byte, 2)
			for {
				n, err := r.Read(buf)
				got = append(got, buf[:n]...)
				if err != nil {
					return
				}
			}
		}
		one, two := task.Go(reader), task.Go(reader)
		tasks(writers...)
		must(t, w.Close())
		must(t, one.Join())
		must(t, two.Join())
		// The two readers may note what they got in either order; of one letter there are
		// three, and no more than two readers can be at work on it.
		for _, letter := range "abc" {
			if bytes.Count(got, []byte{byte(letter)}) != 3 {
				t.Errorf("%q were read", got)
			}
		}
	})
	tasktest.Explore(t, tasktest.Options{}, func() {
		r, w := io.Pipe()
		for _, letter := range "abc" {
			task.Go(func() { _, _ = w.Write(bytes.Repeat([]byte{byte(letter)}, 3)) })
		}
		got := make([]byte, 9)
		for i := range got {
			if n, err := r.Read(got[i : i+1]); n != 1 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
		}
		for i := range 3 {
			if got[3*i] != got[3*i+1] || got[3*i] != got[3*i+2] {
				t.Errorf("the writes came as %q", got)
			}
		}
	})
}

// A writer and two readers, any of whom is killed, cancelled or timed out at any moment:
// the others end, and what the writer is told was read was read.
//
// holds: 24, 25, 26, 46, 85
func TestPipeCancelledLosesNoByte(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		r, w := io.Pipe()
		told, received := -1, 0
		writer := s.Go(func() { told, _ = w.Write([]byte("abcdef")) })
		var readers []*task.Task
		for range 2 {
			readers = append(readers, s.Go(func() {
				for {
					n, err := r.Read(make([]byte, 2))
					received += n
					if err != nil {
						return
					}
				}
			}))
		}
		task.Go(func() {
			_ = writer.Join()
			must(t, w.Close())
		})
		task.Go(func() {
			for _, one := range readers {
				_ = one.Join()
			}
			must(t, r.Close())
		})
		s.After(func() {
			if told >= 0 && told != received {
				t.Errorf("Write returned %d, and %d bytes were read", told, received)
			}
			if !s.Cancelled() && told != 6 {
				t.Errorf("Write returned %d, and nobody was cancelled", told)
			}
		})
	})
}

// A writer that is cancelled while others wait for their turn leaves it to them.
//
// holds: 12, 13, 46
func TestPipeCancelledWriterHandsOn(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		r, w := io.Pipe()
		var writers []*task.Task
		sent := 0
		for range 3 {
			writers = append(writers, s.Go(func() {
				n, _ := w.Write([]byte("xy"))
				sent += n
			}))
		}
		received := 0
		task.Go(func() {
			for {
				n, err := r.Read(make([]byte, 1))
				received += n
				if err != nil {
					return
				}
			}
		})
		task.Go(func() {
			for _, one := range writers {
				_ = one.Join()
			}
			must(t, w.Close())
		})
		s.After(func() {
			if received < sent || !s.Cancelled() && received != 6 {
				t.Errorf("%d bytes were written and %d read", sent, received)
			}
		})
	})
}

// A reader that was given bytes at the moment at which it is cancelled returns them.
//
// holds: 46
func TestPipeCompletedReadOutlivesItsCancel(t *testing.T) {
	run(t, func() {
		r, w := io.Pipe()
		group := task.NewGroup()
		buf := make([]byte, 4)
		var n int
		var failed error
		group.Go(func() error {
			n, failed = r.Read(buf)
			return nil
		})
		settle()
		if m, err := w.Write([]byte("ab")); m != 2 || err != nil {
			t.Errorf("%d, %v", m, err)
		}
		group.Cancel()
		_ = group.Wait()
		if string(buf[:n]) != "ab" || failed != nil {
			t.Errorf("the reader got %q, %v", buf[:n], failed)
		}
	})
}

// What a timeout leaves of a write is told, and the next writer begins with his own.
//
// holds: 85
func TestPipeTimedOutWriteTellsHowMuch(t *testing.T) {
	run(t, func() {
		r, w := io.Pipe()
		buf := make([]byte, 2)
		reader := task.Go(func() { _, _ = r.Read(buf) })
		var n int
		err := timeout.Run(1, func() (err error) { n, err = w.Write([]byte("abcde")); return err })
		var e *timeout.Error
		if n != 2 || !errors.As(err, &e) {
			t.Errorf("%d, %v; want 2 and a timeout", n, err)
		}
		must(t, reader.Join())
	}, runtime.WithVirtualClock())
}

// holds: 108
func TestPipeIsAReader(t *testing.T) {
	content := bytes.Repeat([]byte("evergreen "), 300)
	run(t, func() {
		r, w := io.Pipe()
		writer := task.Go(func() {
			for rest := content; len(rest) > 0; {
				n, _ := w.Write(rest[:min(7, len(rest))])
				rest = rest[n:]
			}
			must(t, w.Close())
		})
		must(t, iotest.TestReader(r, content))
		must(t, writer.Join())
	})
}

// A deadlock names the pipe; a half that nobody holds is no leak.
//
// holds: 100
func TestPipeDeadlockNamesIt(t *testing.T) {
	err := runtime.Run(func() {
		r, _ := io.Pipe()
		_, _ = r.Read(make([]byte, 1))
	})
	var dead *runtime.DeadlockError
	if !errors.As(err, &dead) || !strings.Contains(err.Error(), "reading an io.Pipe") {
		t.Errorf("%v", err)
	}
}

func TestPipeOutlivesItsLoop(t *testing.T) {
	var r *io.PipeReader
	var w *io.PipeWriter
	run(t, func() { r, w = io.Pipe() })
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.ErrClosedPipe {
		t.Errorf("%d, %v; want ErrClosedPipe", n, err)
	}
	if n, err := w.Write([]byte("x")); n != 0 || err != io.ErrClosedPipe {
		t.Errorf("%d, %v; want ErrClosedPipe", n, err)
	}
	must(t, r.Close())
	must(t, w.Close())
}

func TestPipeDoesNotAllocate(t *testing.T) {
	if goroutine.Portable || testing.CoverMode() != "" {
		t.Skip("skipped: coverage, and the portable way to tell goroutines apart, allocate")
	}
	run(t, func() {
		r, w := io.Pipe()
		reader := task.Go(func() {
			buf := make([]byte, 64)
			for {
				if _, err := r.Read(buf); err != nil {
					return
				}
			}
		})
		data := make([]byte, 64)
		_, _ = w.Write(data)
		if n := testing.AllocsPerRun(1000, func() { _, _ = w.Write(data) }); n != 0 {
			t.Errorf("a write and a read allocate %v times", n)
		}
		must(t, w.Close())
		must(t, reader.Join())
	})
}
