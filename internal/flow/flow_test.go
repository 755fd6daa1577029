//go:build unix

package flow_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/internal/flow"
	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// The pipes of net and io are tested in their packages, against the standard library's
// and under all schedules. Here is what neither shows.

func newFlow() *flow.Flow {
	return flow.New("the test", kernel.Plain("reading the test's flow"), kernel.Plain("writing the test's flow"))
}

// A writer who finds readers waiting serves them and goes on, in the order of their
// coming, without giving the baton away.
//
// holds: 3
func TestWriterServesWhoeverWaits(t *testing.T) {
	tasktest.Run(t, func() {
		f := newFlow()
		got := make([]string, 3)
		var readers []*task.Task
		for i := range got {
			readers = append(readers, task.Go(func() {
				buf := make([]byte, 2)
				n, err := f.Read(buf)
				got[i] = string(buf[:n])
				if err != nil {
					t.Error(err)
				}
			}))
			tasktest.WaitAllParked()
		}
		// In this kit every checkpoint gives way, so it is the readers who tell: none of
		// them has run when the write is over, or the write had to wait for them.
		before := kernel.Running().Ticket()
		if n, err := f.Write([]byte("abcde")); n != 5 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if kernel.Running().Ticket() != before {
			t.Error("the write has parked")
		}
		for _, r := range readers {
			if err := r.Join(); err != nil {
				t.Error(err)
			}
		}
		if strings.Join(got, ",") != "ab,cd,e" {
			t.Errorf("the readers got %q", got)
		}
	})
}

// A deadline that is passed by the time the reader runs again does not take from him what
// he was given.
//
// holds: 2, 36
func TestServedReaderHasNoDeadline(t *testing.T) {
	tasktest.Explore(t, tasktest.Options{Seeds: 100, PCT: 50}, func() {
		f := newFlow()
		l := f.Loop()
		reader := task.Go(func() {
			buf := make([]byte, 2)
			if n, err := f.Read(buf); string(buf[:n]) != "ab" || err != nil {
				t.Errorf("%q, %v", buf[:n], err)
			}
		})
		tasktest.WaitAllParked()
		if n, err := f.Write([]byte("ab")); n != 2 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		f.SetReadDeadline(l.Now())
		_ = reader.Join()
		if n, err := f.Read(make([]byte, 2)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%d, %v; want the deadline", n, err)
		}
		f.SetReadDeadline(f.At(time.Time{}))
		f.CloseWrite(io.EOF)
		f.CloseWrite(io.ErrNoProgress)
		if _, err := f.Read(nil); err != io.EOF || !f.Closed() {
			t.Errorf("%v, want the first error", err)
		}
	})
}

// A visit from anywhere happens in the loop, and where there is none any more at once.
//
// holds: 94
func TestVisit(t *testing.T) {
	var f *flow.Flow
	err := runtime.Run(func() {
		f = newFlow()
		l := f.Loop()
		visited := func() {
			err := flow.Visit(l, func() error {
				if kernel.CurrentLoop() != l {
					t.Error("the visit is not in the loop")
				}
				return io.ErrShortBuffer
			})
			if err != io.ErrShortBuffer {
				t.Error(err)
			}
		}
		visited()
		_, _ = task.Offload(func() (none struct{}, err error) { visited(); return })
		_, _ = task.Offload(func() (none struct{}, err error) { return none, runtime.Run(visited) })
	})
	if err != nil {
		t.Error(err)
	}
	ran := false
	if err := flow.Visit(f.Loop(), func() error { ran = true; return nil }); err != nil || !ran {
		t.Errorf("%v, and it ran: %t", err, ran)
	}
}
