package runtime_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// holds: 105
func TestVirtualClockJumpsOnlyWhenNothingRuns(t *testing.T) {
	run(t, func(l *runtime.Loop) {
		begin := l.Now()
		sleeper := task.Go(func() { task.Sleep(long) })
		for range 1000 {
			task.Yield()
		}
		if !l.Now().Equal(begin) {
			t.Error("the clock moved while a task could run")
		}
		if err := sleeper.Join(); err != nil || l.Now().Sub(begin) != long {
			t.Errorf("after an hour's sleep the clock has moved by %v", l.Now().Sub(begin))
		}
	})
}

// holds: 105
func TestVirtualClockWaitsForWhatIsOutside(t *testing.T) {
	other := newLoop(t)
	over := make(chan error)
	go func() { over <- other.RunForever() }()
	for name, outside := range map[string]func(l *runtime.Loop){
		"offload": func(*runtime.Loop) { wait(busy(100)) },
		"hold":    func(l *runtime.Loop) { elsewhere(l, func() { <-busy(100) }) },
		"do":      func(*runtime.Loop) { _ = other.Do(func() error { <-busy(100); return nil }) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(l *runtime.Loop) {
				begin := l.Now()
				task.Go(func() { task.Sleep(time.Second) })
				outside(l)
				if !l.Now().Equal(begin) {
					t.Error("the clock jumped meanwhile")
				}
			})
		})
	}
	other.Stop()
	if err := <-over; err != nil {
		t.Error(err)
	}
}

// Without a virtual clock to jump the end of a run could wait forever for what is
// outside: the grace is real time then.
func TestEndOnTheVirtualClockIsBounded(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	reached := false
	err := runtime.Run(func() {
		runtime.Current().Hold() // nobody releases it
		task.Go(func() {
			defer func() { reached = true }()
			timeout.Shield(func() { task.Sleep(long) })
		})
		task.Go(func() {
			timeout.Shield(func() {
				_, _ = task.Offload(func() (int, error) { <-never; return 0, nil })
			})
		})
		task.Yield()
		runtime.Current().Stop()
	}, runtime.WithVirtualClock(), runtime.WithGrace(time.Millisecond))
	if err == nil || !reached {
		t.Errorf("Run returned %v, want the function that was given up; the shielded task ended: %v", err, reached)
	}
}

// holds: 107
// The bubble's own clock would jump, too, if a timer of the loop waited on it.
func TestVirtualClockInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := time.Now()
		run(t, func(l *runtime.Loop) {
			begin := l.Now()
			for range 10 {
				task.Go(func() { task.Sleep(long) })
			}
			if err := timeout.Run(time.Minute, func() error { task.Sleep(long); return nil }); err == nil {
				t.Error("the timeout did not come")
			}
			wait(busy(10))
			task.Sleep(long)
			if d := l.Now().Sub(begin); d != long+time.Minute {
				t.Errorf("the clock moved by %v", d)
			}
		})
		if d := time.Since(before); d != 0 {
			t.Errorf("the bubble's clock moved by %v", d)
		}
	})
}

// holds: 39, 107
// In a bubble the real clock is the bubble's: a loop without a virtual clock of
// its own runs on it.
func TestRealClockInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := time.Now()
		if err := runtime.Run(func() {
			task.Go(func() { task.Sleep(long) })
		}); err != nil {
			t.Error(err)
		}
		if d := time.Since(before); d != long {
			t.Errorf("the run took %v", d)
		}
	})
}

// holds: 39
// Times of the loop have a monotonic reading, which a step of the wall clock does
// not change, and CallAt goes by it.
func TestTimesGoByTheMonotonicClock(t *testing.T) {
	run(t, func(l *runtime.Loop) {
		at := l.Now().Add(time.Minute)
		if s := at.String(); !strings.Contains(s, " m=") {
			t.Errorf("the loop's time %s has no monotonic reading", s)
		}
		var fired time.Time
		l.CallAt(at, func() { fired = l.Now() })
		task.Sleep(long)
		if !fired.Equal(at) {
			t.Errorf("fired at %v, want %v", fired, at)
		}
	})
}
