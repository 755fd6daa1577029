package runtime_test

import (
	"errors"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// holds: 58
func TestStopFromAnywhere(t *testing.T) {
	for name, stop := range map[string]func(l *runtime.Loop){
		"task":      func(l *runtime.Loop) { l.Stop() },
		"twice":     func(l *runtime.Loop) { l.Stop(); l.Stop() },
		"callback":  func(l *runtime.Loop) { l.CallSoon(l.Stop) },
		"timer":     func(l *runtime.Loop) { l.CallLater(time.Minute, l.Stop) },
		"goroutine": func(l *runtime.Loop) { l.Hold(); go l.Stop() },
		"both":      func(l *runtime.Loop) { go l.Stop(); l.Stop() },
		"foreign": func(l *runtime.Loop) {
			l.Hold()
			go func() { _, _ = l.CallThreadsafe(l.Stop) }()
		},
	} {
		t.Run(name, func(t *testing.T) {
			cleaned := 0
			run(t, func(l *runtime.Loop) {
				for range 3 {
					task.Go(func() {
						defer func() { cleaned++ }()
						defer timeout.Shield(task.Yield)
						task.Sleep(long)
						t.Error("a task went on")
					})
				}
				task.Yield()
				stop(l)
				task.Sleep(long)
				t.Error("main went on")
			})
			if cleaned != 3 {
				t.Errorf("%d of 3 tasks ran their deferred calls", cleaned)
			}
		})
	}
}

// holds: 58
func TestStopBeforeRunEndsTheNextRun(t *testing.T) {
	l := newLoop(t)
	l.Stop()
	l.Stop()
	if err := l.Run(func() { t.Error("main ran") }); err != nil {
		t.Error(err)
	}
	ran := false
	if err := l.Run(func() { task.Yield(); ran = true }); err != nil || !ran {
		t.Errorf("the run after it returned %v, and main ran: %v", err, ran)
	}
	l.Stop()
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
}

func TestRunForeverGoesOnWithoutTasks(t *testing.T) {
	l := newLoop(t)
	over := make(chan error)
	go func() { over <- l.RunForever() }()
	for i := range 3 {
		// Nothing keeps the loop alive between these but RunForever.
		if err := l.Do(func() error { task.Yield(); return errNumber(i) }); err != errNumber(i) {
			t.Errorf("Do returned %v", err)
		}
	}
	l.Stop()
	if err := <-over; err != nil {
		t.Error(err)
	}
	if err := l.Do(func() error { return nil }); !errors.Is(err, runtime.ErrClosed) {
		t.Errorf("Do after the end returned %v", err)
	}
}

type errNumber int

func (errNumber) Error() string { return "a number" }

func TestPanicEndsRunForever(t *testing.T) {
	l := newLoop(t)
	if _, err := l.CallThreadsafe(func() { task.Go(explode) }); err != nil {
		t.Error(err)
	}
	if err := l.RunForever(); !errors.Is(err, errBoom) {
		t.Errorf("RunForever returned %v", err)
	}
}

// A task that is stopped may clean up under a shield, for the grace and no longer.
func TestStopWaitsForShieldsUntilTheGraceEnds(t *testing.T) {
	for sleep, whole := range map[time.Duration]bool{59 * time.Second: true, 61 * time.Second: false} {
		finished, deferred := false, false
		var begin, end time.Time
		run(t, func(l *runtime.Loop) {
			task.Go(func() {
				defer func() { deferred, end = true, l.Now() }()
				timeout.Shield(func() {
					task.Sleep(sleep)
					finished = true
				})
			})
			task.Yield()
			begin = l.Now()
			l.Stop()
		}, runtime.WithGrace(time.Minute))
		if finished != whole || !deferred || end.Sub(begin) != min(sleep, time.Minute) {
			t.Errorf("a shielded sleep of %v: finished %v, deferred %v, after %v", sleep, finished, deferred, end.Sub(begin))
		}
	}
}
