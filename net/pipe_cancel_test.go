package net_test

import (
	"context"
	"errors"
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// later calls f some turns after the next. Who is woken in a turn runs in the one after.
func later(turns int, f func()) {
	task.Go(func() {
		for range turns {
			task.Yield()
		}
		f()
	})
}

// A deadline that passes and is taken back may end the one who has just been woken, and
// not the others. Then one of these has to be woken in its place.
//
// holds: 87
func TestPassedDeadlineLeavesNoReaderOfAPipeBehind(t *testing.T) {
	tasktest.Explore(t, tasktest.Options{}, func() {
		a, b := net.Pipe()
		left := 2
		for range left {
			task.Go(func() {
				_, _ = b.Read(make([]byte, 1))
				left--
			})
		}
		tasktest.WaitAllParked()
		given := false
		task.Go(func() {
			_, err := a.Write([]byte("x"))
			given = err == nil
		})
		later(1, func() { must(t, b.SetReadDeadline(longAgo)) })
		later(1, func() { must(t, b.SetReadDeadline(never)) })
		tasktest.WaitAllParked()
		if left > 0 && !given {
			t.Errorf("%d readers wait beside somebody who writes", left)
		}
		must(t, a.Close())
		must(t, b.Close())
	})
}

// holds: 87
func TestPassedDeadlineLeavesNoWriterToAPipeBehind(t *testing.T) {
	tasktest.Explore(t, tasktest.Options{}, func() {
		a, b := net.Pipe()
		left := 3
		for range left {
			task.Go(func() {
				_, _ = a.Write([]byte("x"))
				left--
			})
		}
		tasktest.WaitAllParked()
		received := 0
		task.Go(func() {
			for {
				n, err := b.Read(make([]byte, 1))
				if err != nil {
					return
				}
				received += n
			}
		})
		later(2, func() { must(t, a.SetWriteDeadline(longAgo)) })
		later(2, func() { must(t, a.SetWriteDeadline(never)) })
		tasktest.WaitAllParked()
		if left > 0 {
			t.Errorf("%d writers wait beside somebody who reads, who has %d bytes", left, received)
		}
		must(t, a.Close())
		must(t, b.Close())
	})
}

// What one reader leaves of a write is for the next.
func TestReadersOfAPipeShareAWrite(t *testing.T) {
	tasktest.Run(t, func() {
		a, b := net.Pipe()
		got := 0
		var readers []*task.Task
		for range 3 {
			readers = append(readers, task.Go(func() {
				n, err := b.Read(make([]byte, 1))
				must(t, err)
				got += n
			}))
		}
		tasktest.WaitAllParked()
		n, err := a.Write([]byte("abc"))
		for _, r := range readers {
			must(t, r.Join())
		}
		if n != 3 || err != nil || got != 3 {
			t.Errorf("Write returned %d, %v, and %d bytes were read", n, err, got)
		}
		must(t, a.Close())
		must(t, b.Close())
	})
}

// Two readers and a writer of a pipe, any of whom is killed, cancelled or timed out at
// any moment: the others end, and what the writer is told was read was read.
//
// holds: 46, 85
func TestCancelledPipeLosesNoByte(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		a, b := net.Pipe()
		told, received := -1, 0
		writer := s.Go(func() { told, _ = a.Write([]byte("abcdef")) })
		var readers []*task.Task
		for range 2 {
			readers = append(readers, s.Go(func() {
				for {
					n, err := b.Read(make([]byte, 2))
					received += n
					if err != nil {
						return
					}
				}
			}))
		}
		task.Go(func() { // otherwise the readers would wait for ever
			_ = writer.Join()
			must(t, a.Close())
		})
		task.Go(func() { // and so would the writer
			for _, r := range readers {
				_ = r.Join()
			}
			must(t, b.Close())
		})
		s.After(func() {
			if told >= 0 && told != received {
				t.Errorf("Write returned %d, and %d bytes were read", told, received)
			}
			if !s.Cancelled() && told != len("abcdef") {
				t.Errorf("Write returned %d, and nobody was cancelled", told)
			}
		})
	})
}

// A writer that is cancelled while another waits for its turn leaves it to him.
//
// holds: 46, 67, 85
func TestCancelledWriterHandsThePipeOn(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		a, b := net.Pipe()
		var writers []*task.Task
		sent := 0
		for range 3 {
			writers = append(writers, s.Go(func() {
				n, _ := a.Write([]byte("xy"))
				sent += n
			}))
		}
		received := 0
		task.Go(func() {
			for {
				n, err := b.Read(make([]byte, 1))
				received += n
				if err != nil {
					must(t, b.Close())
					return
				}
			}
		})
		task.Go(func() {
			for _, w := range writers {
				_ = w.Join()
			}
			must(t, a.Close())
		})
		s.After(func() {
			if received < sent || !s.Cancelled() && received != 6 {
				t.Errorf("%d bytes were written and %d read", sent, received)
			}
		})
	})
}

// holds: 46
func TestUnixConnKeepsTheContractOfTasks(t *testing.T) {
	tasktest.TestConn(t, func() (net.Conn, net.Conn, error) {
		a, b := unixPair(t, "unix")
		return a, b, nil
	})
}

// A task of another loop that is cancelled in a call learns of what has cancelled it, and
// a killed one does not come back from it.
//
// holds: 42, 46
func TestPipeOfAnotherLoopTellsWhyItsCallEnded(t *testing.T) {
	loop := start(t)
	var a, b net.Conn
	must(t, loop.Do(func() error {
		a, b = net.Pipe()
		return nil
	}))
	run(t, func() {
		for _, call := range []struct {
			op string
			f  func() (int, error)
		}{
			{"read", func() (int, error) { return a.Read(make([]byte, 1)) }},
			{"write", func() (int, error) { return a.Write(make([]byte, 1)) }},
		} {
			ctx, cancel := context.WithCancel(context.Background())
			canceled := task.Go(func() {
				err := timeout.WithContext(ctx, func() error {
					_, err := call.f()
					return err
				})
				var e *net.OpError
				if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Op != call.op {
					t.Errorf("%v, want an OpError of a %s that was cancelled", err, call.op)
				}
			})
			killed := task.Go(func() {
				_, err := call.f()
				t.Errorf("the killed task came back from its %s with %v", call.op, err)
			})
			settle()
			cancel()
			must(t, canceled.Join())
			killed.Kill()
			if err := killed.Join(); !errors.Is(err, task.ErrKilled) {
				t.Errorf("%v, want ErrKilled", err)
			}
		}
	})
	must(t, a.Close())
	must(t, b.Close())
}
