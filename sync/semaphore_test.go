package sync_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// asker starts a task that wants n permits and writes its name down when it has them.
func asker(s *sync.Semaphore, n int64, name string, got *string) *task.Task {
	t := task.Go(func() {
		if s.Acquire(n) == nil {
			*got += name
		}
	})
	tasktest.WaitAllParked()
	return t
}

// holds: 9, 10, 14
func TestSemaphoreServesInOrder(t *testing.T) {
	tasktest.Run(t, func() {
		s, got := sync.NewSemaphore(3), ""
		_ = s.Acquire(2)
		big := asker(s, 3, "B", &got)
		small := asker(s, 1, "s", &got)
		if got != "" || s.Available() != 1 {
			t.Errorf("%q overtook one who wants more, %d permits are free", got, s.Available())
		}
		if s.TryAcquire(1) {
			t.Error("TryAcquire overtook one who waits")
		}
		s.Release(2)
		_ = big.Join()
		if got != "B" {
			t.Errorf("%q have permits, want B", got)
		}
		s.Release(3)
		_ = small.Join()
		tooBig := asker(s, 4, "T", &got) // more than there are
		behind := asker(s, 1, "b", &got)
		tooBig.Kill()
		_ = behind.Join()
		if got != "Bsb" || s.Available() != 1 {
			t.Errorf("%q had permits, %d are free", got, s.Available())
		}
		if err := s.AcquireTimeout(2, time.Second); !isTimeout(err, time.Second) {
			t.Errorf("AcquireTimeout returned %v", err)
		}
		if err := s.AcquireTimeout(1, 0); err != nil || s.Available() != 0 {
			t.Errorf("AcquireTimeout of what is free returned %v", err)
		}
	})
}

// holds: 20
func TestSemaphoreLimitGoesUpAndDown(t *testing.T) {
	tasktest.Run(t, func() {
		s, got := sync.NewSemaphore(1), ""
		_ = s.Acquire(1)
		var tasks []*task.Task
		for _, name := range []string{"a", "b", "c", "d"} {
			tasks = append(tasks, asker(s, 1, name, &got))
		}
		s.SetLimit(3)
		tasktest.WaitAllParked()
		if len(got) != 2 || strings.ContainsAny(got, "cd") || s.Limit() != 3 {
			t.Errorf("a limit raised by two let in %q", got)
		}
		s.SetLimit(1)
		if s.Available() != -2 {
			t.Errorf("%d are free after the limit was lowered", s.Available())
		}
		s.Release(2)
		tasktest.WaitAllParked()
		if len(got) != 2 {
			t.Errorf("%q have permits though the limit is used up", got)
		}
		s.Release(1)
		s.SetLimit(2)
		for _, t := range tasks {
			_ = t.Join()
		}
		if len(got) != 4 {
			t.Errorf("%q had permits", got)
		}
	})
}

// Tokens out never exceed the total, whoever is cancelled when, and all come back.
//
// holds: 10, 13, 14, 15
func TestSemaphoreUnderCancelEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(sc *tasktest.Scene) {
		s, out := sync.NewSemaphore(2), int64(0)
		for _, n := range []int64{1, 2, 1} {
			sc.Go(func() {
				for range 2 {
					if s.Acquire(n) != nil {
						return
					}
					func() {
						defer s.Release(n)
						defer func() { out -= n }()
						if out += n; out > 2 {
							t.Errorf("%d permits of 2 are out", out)
						}
						task.Yield()
					}()
				}
			})
		}
		sc.After(func() {
			if s.Available() != 2 || !s.TryAcquire(2) {
				t.Errorf("%d of 2 permits came back", s.Available())
			}
		})
	})
}

func TestSemaphoreUnderManySeeds(t *testing.T) {
	explore(t, func() {
		s, out, done := sync.NewSemaphore(2), int64(0), 0
		user := func(n int64) func() {
			return func() {
				for range 3 {
					_ = s.Acquire(n)
					if out += n; out > 2 {
						t.Errorf("%d permits of 2 are out", out)
					}
					task.Yield()
					out -= n
					s.Release(n)
					done++
				}
			}
		}
		joined(user(1), user(2), user(1))
		if done != 9 || s.Available() != 2 {
			t.Errorf("%d of 9 steps, %d permits are free", done, s.Available())
		}
	})
}

func TestSemaphoreMisuse(t *testing.T) {
	tasktest.Run(t, func() {
		s, b := sync.NewSemaphore(1), sync.NewBoundedSemaphore(2)
		for name, f := range map[string]func(){
			"NewSemaphore":        func() { sync.NewSemaphore(-1) },
			"NewBoundedSemaphore": func() { sync.NewBoundedSemaphore(-1) },
			"Semaphore.Acquire":   func() { _ = s.Acquire(-1) },
			"TryAcquire":          func() { s.TryAcquire(-1) },
			"Release":             func() { s.Release(-1) },
			"SetLimit":            func() { s.SetLimit(-1) },
		} {
			if text := panicText(f); !strings.Contains(text, name+"(-1)") {
				t.Errorf("%s: it said %q", name, text)
			}
		}
		s.Release(2) // a plain one grows
		if !s.TryAcquire(3) {
			t.Error("permits that were added cannot be acquired")
		}
		_ = b.Acquire(1)
		if text := panicText(func() { b.Release(2) }); !strings.Contains(text, "of which 1 are acquired") {
			t.Errorf("a Release too many said %q", text)
		}
		b.Release(1)
		foreign(t, map[string]func(){
			"Acquire": func() { _ = s.Acquire(1) }, "AcquireTimeout": func() { _ = s.AcquireTimeout(1, 0) },
			"TryAcquire": func() { s.TryAcquire(1) }, "Release": func() { s.Release(1) }, "SetLimit": func() { s.SetLimit(1) },
		})
		waits := task.Go(func() { _ = s.Acquire(1) })
		tasktest.WaitAllParked()
		runtime.Current().CallSoon(func() { s.Release(1) }) // a callback may
		_ = waits.Join()
	})
}

// A number of permits that no limit reaches is waited for, also where a sum with it
// would overflow; and permits beyond what can be counted cannot be made.
//
// holds: 15
func TestSemaphoreDoesNotOverflow(t *testing.T) {
	tasktest.Run(t, func() {
		s := sync.NewSemaphore(2)
		_ = s.Acquire(1)
		if s.TryAcquire(math.MaxInt64) {
			t.Errorf("all the permits there can be were taken from two; %d are left", s.Available())
		}
		if err := s.AcquireTimeout(math.MaxInt64, time.Second); !isTimeout(err, time.Second) {
			t.Errorf("AcquireTimeout returned %v", err)
		}
		waiter := task.Go(func() { _ = s.Acquire(math.MaxInt64) })
		tasktest.WaitAllParked()
		s.SetLimit(2)
		s.Release(1)
		tasktest.WaitAllParked()
		if !waiter.Alive() {
			t.Error("a waiter was given what there is not")
		}
		waiter.Kill()
		_ = waiter.Join()
		if text := panicText(func() { s.Release(math.MaxInt64) }); !strings.Contains(text, "can be counted") || s.Available() != 2 {
			t.Errorf("Release of all there can be said %q, %d are free", text, s.Available())
		}
		s.Release(math.MaxInt64 - 2)
		if text := panicText(func() { s.SetLimit(3) }); !strings.Contains(text, "can be counted") || s.Limit() != 2 {
			t.Errorf("SetLimit said %q, the limit is %d", text, s.Limit())
		}
		if !s.TryAcquire(math.MaxInt64) || s.Available() != 0 {
			t.Errorf("%d are free", s.Available())
		}
		b := sync.NewBoundedSemaphore(1)
		_ = b.Acquire(1)
		foreign(t, map[string]func(){"BoundedSemaphore.Release": func() { b.Release(2) }})
		foreignReads(t, map[string]func(){"Limit": func() { s.Limit() }, "Available": func() { s.Available() }})
	})
}

// What can be had at once is a checkpoint all the same, and heeds a block that is over.
//
// holds: 42
func TestSemaphoreIsACheckpoint(t *testing.T) {
	tasktest.Run(t, func() {
		s := sync.NewSemaphore(10)
		tasktest.MustCheckpoint(t, func() { _ = s.Acquire(1) })
		tasktest.MustCheckpoint(t, func() { _ = s.AcquireTimeout(1, long) })
		tasktest.MustNotCheckpoint(t, func() { s.TryAcquire(1) })
		tasktest.MustNotCheckpoint(t, func() { s.Release(3) })
		var first, second error
		err := timeout.Run(time.Second, func() error {
			task.Go(func() {})
			defer func() { first, second = s.Acquire(1), s.AcquireTimeout(1, long) }()
			task.Sleep(long)
			return nil
		})
		for _, e := range []error{err, first, second} {
			if !isTimeout(e, time.Second) {
				t.Errorf("in a block that is over: %v", e)
			}
		}
		if s.Available() != 10 {
			t.Errorf("%d of 10 are free", s.Available())
		}
	})
}
