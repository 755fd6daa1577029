package runtime_test

import (
	"errors"
	"io"
	"log"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// holds: 53
func TestCallbacksRunInTheNextTurn(t *testing.T) {
	run(t, func(l *runtime.Loop) {
		var order []string
		note := func(s string) func() { return func() { order = append(order, s) } }
		l.CallSoon(func() {
			note("first")()
			l.CallSoon(note("queued by first"))
		})
		task.Go(note("task"))
		l.CallSoon(note("second"))
		order = append(order, "caller")
		task.Yield()
		task.Yield()
		if want := []string{"caller", "first", "task", "second", "queued by first"}; !slices.Equal(order, want) {
			t.Errorf("the order is %q, want %q", order, want)
		}
	})
}

// holds: 54
func TestPanicOfACallbackIsReportedOnce(t *testing.T) {
	var reports []error
	later, before := 0, 0
	run(t, func(l *runtime.Loop) {
		l.CallSoon(func() { before++ })
		l.CallSoon(explode)
		l.CallSoon(func() { later++ })
		task.Yield()
		l.CallLater(time.Second, func() { later++ })
		task.Sleep(time.Minute)
	}, runtime.WithErrorHandler(func(err error) { reports = append(reports, err) }))
	if before != 1 || later != 2 {
		t.Errorf("%d callbacks before and %d after the panic ran, want 1 and 2", before, later)
	}
	if len(reports) != 1 || !errors.Is(reports[0], errBoom) || !strings.Contains(reports[0].Error(), "runtime_test.explode") {
		t.Errorf("the reports are %v", reports)
	}
}

// holds: 104
func TestErrorHandlerThatPanicsDoesNotEndTheLoop(t *testing.T) {
	defer log.SetOutput(log.Writer())
	log.SetOutput(io.Discard)
	calls := 0
	run(t, func(l *runtime.Loop) {
		l.CallSoon(explode)
		l.CallSoon(explode)
		task.Sleep(time.Second)
	}, runtime.WithErrorHandler(func(error) { calls++; panic("the handler, too") }))
	if calls != 2 {
		t.Errorf("the handler was called %d times, want 2", calls)
	}
}

// holds: 33
func TestTimersFireInOrder(t *testing.T) {
	run(t, func(l *runtime.Loop) {
		var got []int
		for i := range 20 {
			d := time.Duration(20-i) * time.Second
			l.CallLater(d, func() { got = append(got, 1000+20-i) })
			l.CallAt(l.Now().Add(time.Minute), func() { got = append(got, 2000+i) })
		}
		task.Sleep(long)
		if !slices.IsSorted(got) || len(got) != 40 {
			t.Errorf("the timers fired in the order %v", got)
		}
	})
}

// holds: 38
func TestOddTimesAreDefined(t *testing.T) {
	run(t, func(l *runtime.Loop) {
		fired := 0
		count := func() { fired++ }
		l.CallLater(0, count)
		l.CallLater(-long, count)
		l.CallLater(-1<<63, count)
		l.CallAt(time.Time{}, count)
		l.CallAt(l.Now().Add(-long), count)
		huge := l.CallLater(1<<63-1, count)
		far := l.CallAt(time.Unix(1<<40, 0), count)
		task.Sleep(time.Second)
		if fired != 5 {
			t.Errorf("%d of the 5 that are due fired", fired)
		}
		huge.Cancel()
		far.Cancel()
	})
}

func TestTimerIsNeverEarly(t *testing.T) {
	if err := runtime.Run(func() {
		l := runtime.Current()
		for _, d := range []time.Duration{1, time.Microsecond, 300 * time.Microsecond, 3 * time.Millisecond} {
			begin := time.Now()
			task.Sleep(d)
			if got := time.Since(begin); got < d {
				t.Errorf("a sleep of %v took %v", d, got)
			}
			at := l.Now().Add(d)
			l.CallAt(at, func() {
				if now := l.Now(); now.Before(at) {
					t.Errorf("a callback came %v early", at.Sub(now))
				}
			})
		}
		task.Sleep(10 * time.Millisecond)
	}); err != nil {
		t.Error(err)
	}
}

func TestCanceledCallbackDoesNotRun(t *testing.T) {
	run(t, func(l *runtime.Loop) {
		bad := func() { t.Error("a cancelled callback ran") }
		l.CallSoon(bad).Cancel()
		l.CallLater(time.Second, bad).Cancel()
		h := l.CallLater(time.Second, bad)
		h.Cancel()
		h.Cancel()
		soon := l.CallSoon(bad)
		l.CallLater(0, bad).Cancel()
		soon.Cancel() // it is in the queue already
		if n := l.Stats().Timers; n != 0 {
			t.Errorf("%d timers are left", n)
		}
		task.Sleep(long)
	})
}

func TestCancelFromAnotherGoroutine(t *testing.T) {
	run(t, func(l *runtime.Loop) {
		h := l.CallLater(time.Second, func() { t.Error("a cancelled callback ran") })
		elsewhere(l, h.Cancel)
		task.Yield()
		if n := l.Stats().Timers; n != 0 {
			t.Errorf("%d timers are left", n)
		}
		task.Sleep(long)
	})
}

// The handle outlives its loop's run and its loop.
func TestCancelAfterTheEnd(t *testing.T) {
	l := newLoop(t, runtime.WithVirtualClock())
	var timer, other *runtime.Handle
	if err := l.Run(func() {
		timer = l.CallLater(long, func() {})
		other = l.CallLater(long, func() {})
	}); err != nil {
		t.Error(err)
	}
	timer.Cancel()
	if n := l.Stats().Timers; n != 1 {
		t.Errorf("%d timers are left, want one", n)
	}
	other.Cancel()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	other.Cancel()
}

// Whoever holds a handle need not know whether the loop is being closed.
func TestCancelWhileTheLoopIsClosed(t *testing.T) {
	for range 100 {
		l, err := runtime.New()
		if err != nil {
			t.Fatal(err)
		}
		h := l.CallLater(long, func() {})
		canceled := make(chan struct{})
		go func() {
			h.Cancel()
			close(canceled)
		}()
		_ = l.Close() // names the timer or not, whichever came first
		<-canceled
	}
}

// Callbacks queued when the last task ends still run; those that they queue wait
// for the next run, so that a callback that goes on forever ends with the tasks.
func TestLastCallbacks(t *testing.T) {
	l := newLoop(t)
	first, second := 0, 0
	if err := l.Run(func() {
		l.CallSoon(func() {
			first++
			l.CallSoon(func() { second++ })
		})
	}); err != nil {
		t.Error(err)
	}
	if first != 1 || second != 0 {
		t.Errorf("%d callbacks and %d of theirs ran, want 1 and 0", first, second)
	}
	if err := l.Run(func() { task.Yield() }); err != nil || second != 1 {
		t.Errorf("the next run returned %v and ran %d of them", err, second)
	}
}

func TestCallbackMayStartTheLastTask(t *testing.T) {
	ran := false
	run(t, func(l *runtime.Loop) {
		l.CallSoon(func() {
			task.Go(func() {
				task.Sleep(time.Second)
				ran = true
			})
		})
	})
	if !ran {
		t.Error("Run returned before a task that was started by the last callback")
	}
}
