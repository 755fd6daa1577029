package sync_test

import (
	"errors"
	stdruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

func TestOnceIsDoneOnce(t *testing.T) {
	explore(t, func() {
		var o sync.Once
		calls, ready := 0, false
		step := func() {
			for range 3 {
				o.Do(func() {
					calls++
					task.Yield()
					ready = true
				})
				if !ready {
					t.Error("Do returned before it was done")
				}
			}
		}
		joined(step, step, step)
		if calls != 1 {
			t.Errorf("it was done %d times", calls)
		}
	})
}

// However the first call ends, it is done, and nobody waits any longer.
func TestOnceIsDoneHoweverItEnds(t *testing.T) {
	for name, end := range map[string]func(){
		"panic":  func() { panic("in the function") },
		"Goexit": stdruntime.Goexit,
		"kill":   func() { task.Current().Kill() },
	} {
		tasktest.Run(t, func() {
			var o sync.Once
			var begun sync.Event
			first := task.Go(func() {
				defer func() { _ = recover() }()
				o.Do(func() { begun.Set(); task.Yield(); task.Yield(); end() })
			})
			begun.Wait()
			o.Do(func() { t.Errorf("%s: it was done twice", name) })
			_ = first.Join()
		})
	}
}

// holds: 2, 10
func TestOnceUnderCancelEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		var o sync.Once
		calls := 0
		for range 3 {
			s.Go(func() { o.Do(func() { calls++; task.Yield() }) })
		}
		s.After(func() {
			if o.Do(func() { calls++ }); calls != 1 {
				t.Errorf("it was done %d times", calls)
			}
		})
	})
}

func TestOnceValues(t *testing.T) {
	tasktest.Run(t, func() {
		calls := 0
		value := sync.OnceValue(func() int { calls++; task.Yield(); return 42 })
		two := sync.OnceValues(func() (int, error) { calls++; return 7, errors.ErrUnsupported })
		f := sync.OnceFunc(func() { calls++ })
		for range 3 {
			joined(func() {
				a := value()
				b, err := two()
				f()
				if a != 42 || b != 7 || err != errors.ErrUnsupported {
					t.Errorf("%d, %d, %v", a, b, err)
				}
			})
		}
		if calls != 3 {
			t.Errorf("three functions were called %d times", calls)
		}
		bad := sync.OnceFunc(func() { calls++; panic("in the function") })
		for range 3 {
			if text := panicText(bad); text != "in the function" || calls != 4 {
				t.Errorf("it panicked with %q after %d calls", text, calls)
			}
		}
	})
}

// A timeout in the function carries the first caller to the edge of its block, and
// nobody else: the others are told that there is no result.
//
// holds: 37
func TestOnceFuncInABlockThatEnds(t *testing.T) {
	tasktest.Run(t, func() {
		var begun sync.Event
		slow := sync.OnceFunc(func() { begun.Set(); task.Sleep(long) })
		other := task.Go(func() {
			begun.Wait()
			if text := panicText(slow); !strings.Contains(text, "was cancelled in it") {
				t.Errorf("who waited was told %q", text)
			}
		})
		if err := timeout.Run(time.Second, func() error { slow(); return nil }); !isTimeout(err, time.Second) {
			t.Errorf("the block returned %v", err)
		}
		_ = other.Join()
	})
}

func TestOnceMisuse(t *testing.T) {
	tasktest.Run(t, func() {
		var o sync.Once
		o.Do(func() {})
		tasktest.MustCheckpoint(t, func() { o.Do(nil) })
		foreign(t, map[string]func(){"Do": func() { o.Do(func() {}) }})
	})
	err := runtime.Run(func() {
		var o sync.Once
		o.Do(func() { o.Do(func() {}) })
	})
	if err == nil || !strings.Contains(err.Error(), "main waits for the function of a sync.Once, held by main") {
		t.Errorf("Run returned %v", err)
	}
}

// holds: 42
func TestOnceInACancelledBlock(t *testing.T) {
	tasktest.Run(t, func() {
		var o sync.Once
		err := timeout.Run(time.Second, func() error {
			defer o.Do(func() { t.Error("it was done in a block that is over") })
			task.Sleep(long)
			return nil
		})
		if !isTimeout(err, time.Second) {
			t.Errorf("the block returned %v", err)
		}
	})
}
