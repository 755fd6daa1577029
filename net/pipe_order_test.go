package net_test

import (
	"testing"

	"github.com/evergreen-go/evergreen/net"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
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
