package sync_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// isTimeout tells whether err is that of a wait of at most d.
func isTimeout(err error, d time.Duration) bool {
	var e *timeout.Error
	return errors.As(err, &e) && e.After == d
}

// holds: 11
func TestNotifyGoesToOneWhoStillWaits(t *testing.T) {
	tasktest.Run(t, func() {
		c, woke := sync.NewCondition(nil), ""
		waiter := func(name string, d time.Duration) *task.Task {
			return task.Go(func() {
				c.Lock()
				defer c.Unlock()
				if err := c.WaitTimeout(d); err == nil {
					woke += name
				} else if !isTimeout(err, d) {
					t.Errorf("WaitTimeout returned %v", err)
				}
			})
		}
		a := waiter("a", time.Second)
		_ = a.Join()
		b := waiter("b", long)
		tasktest.WaitAllParked()
		c.Notify(1)
		_ = b.Join()
		if woke != "b" {
			t.Errorf("%q woke, want b", woke)
		}
	})
}

// holds: 12
func TestNotifyOfOneWhoIsKilledGoesToAnother(t *testing.T) {
	tasktest.Run(t, func() {
		var l sync.Mutex
		for _, c := range []interface {
			Wait()
			wake
		}{condition{sync.NewCondition(&l)}, cond{sync.NewCond(&l)}} {
			woke := ""
			waiter := func(name string) *task.Task {
				defer tasktest.WaitAllParked()
				return task.Go(func() {
					l.Lock()
					defer l.Unlock()
					c.Wait()
					woke += name
				})
			}
			first, second := waiter("a"), waiter("b")
			c.one()
			first.Kill()
			_, _ = first.Join(), second.Join()
			if woke != "b" {
				t.Errorf("%q woke, want b", woke)
			}
		}
	})
}

type wake interface{ one() }

type condition struct{ *sync.Condition }

func (c condition) one() { c.Notify(1) }

type cond struct{ *sync.Cond }

func (c cond) one() { c.Signal() }

// Whoever is cancelled when: the lock is held on every way out of Wait, so that the
// deferred Unlock is right, and a notification is never lost.
//
// holds: 12, 16
func TestConditionUnderCancelEverywhere(t *testing.T) {
	for name, lock := range map[string]func() sync.Locker{
		"Mutex": func() sync.Locker { return new(sync.Mutex) },
		"RLock": func() sync.Locker { return new(sync.RLock) },
	} {
		t.Run(name, func(t *testing.T) {
			tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
				l, items, closed := lock(), 0, false
				c := sync.NewCondition(l)
				for range 2 {
					s.Go(func() {
						c.Lock()
						defer c.Unlock() // panics if Wait has left without the lock
						c.WaitFor(func() bool { return items > 0 || closed })
						items--
					})
				}
				putter := s.Go(func() {
					for range 2 {
						func() {
							c.Lock()
							defer c.Unlock()
							items++
							c.Notify(1)
							task.Yield()
						}()
					}
				})
				task.Go(func() {
					_ = putter.Join()
					c.Lock()
					defer c.Unlock()
					closed = true
					c.NotifyAll()
				})
			})
		})
	}
}

// holds: 16
func TestWaitHoldsTheLockAgainAfterATimeout(t *testing.T) {
	tasktest.Run(t, func() {
		var l sync.Mutex
		c := sync.NewCondition(&l)
		inside := false
		waiter := task.Go(func() {
			l.Lock()
			defer l.Unlock()
			if err := c.WaitTimeout(time.Second); !isTimeout(err, time.Second) {
				t.Errorf("WaitTimeout returned %v", err)
			}
			if inside {
				t.Error("two tasks hold the lock")
			}
		})
		tasktest.WaitAllParked()
		l.Lock()
		inside = true
		task.Sleep(time.Minute) // the timeout falls into this
		inside = false
		l.Unlock()
		_ = waiter.Join()
	})
}

// holds: 17
func TestWaitForLoopsUntilTheDeadline(t *testing.T) {
	tasktest.Run(t, func() {
		c, n := sync.NewCondition(nil), 0
		ticker := task.Go(func() {
			for range 10 {
				task.Sleep(time.Second)
				c.Lock()
				n++
				c.NotifyAll()
				c.Unlock()
			}
		})
		begin := runtime.Current().Now()
		c.Lock()
		err := c.WaitForTimeout(func() bool { return n >= 100 }, 3500*time.Millisecond)
		if took := runtime.Current().Now().Sub(begin); !isTimeout(err, 3500*time.Millisecond) || took != 3500*time.Millisecond {
			t.Errorf("WaitForTimeout returned %v after %v", err, took)
		}
		if err := c.WaitForTimeout(func() bool { return n >= 5 }, long); err != nil || n != 5 {
			t.Errorf("WaitForTimeout returned %v with %d", err, n)
		}
		c.WaitFor(func() bool { return n >= 8 })
		if n != 8 {
			t.Errorf("WaitFor returned with %d", n)
		}
		c.Unlock()
		_ = ticker.Join()
		c.Lock()
		if err := c.WaitForTimeout(func() bool { return n == 0 }, 0); !isTimeout(err, 0) {
			t.Errorf("WaitForTimeout of nothing returned %v", err)
		}
		calls := 0
		if err := c.WaitForTimeout(func() bool { calls++; return calls > 1 }, time.Second); err != nil {
			t.Errorf("a predicate that came true without a word was not looked at in the end: %v", err)
		}
		c.Unlock()
	})
}

// holds: 19
func TestConditionRestoresTheDepthOfAnRLock(t *testing.T) {
	tasktest.Run(t, func() {
		var l sync.RLock
		c := sync.NewCondition(&l)
		waiter := task.Go(func() {
			l.Lock()
			l.Lock()
			c.Lock()
			c.Wait()
			for range 3 {
				c.Unlock()
			}
			if text := panicText(c.Unlock); !strings.Contains(text, "needs a Lock before it") {
				t.Errorf("a fourth Unlock said %q", text)
			}
		})
		tasktest.WaitAllParked()
		if !l.TryLock() {
			t.Fatal("the lock is held by one who waits")
		}
		c.Notify(1)
		l.Unlock()
		_ = waiter.Join()
		if text := panicText(c.Wait); !strings.Contains(text, "not locked") {
			t.Errorf("Wait without the lock said %q", text)
		}
	})
}

func TestCondSignalsInOrder(t *testing.T) {
	tasktest.Run(t, func() {
		var l sync.Mutex
		c, got := sync.NewCond(&l), ""
		var tasks []*task.Task
		for _, name := range []string{"a", "b", "c", "d"} {
			tasks = append(tasks, task.Go(func() {
				l.Lock()
				defer l.Unlock()
				c.Wait()
				got += name
			}))
			tasktest.WaitAllParked()
		}
		c.Signal()
		tasktest.WaitAllParked()
		if got != "a" {
			t.Errorf("Signal woke %q", got)
		}
		c.Broadcast()
		for _, t := range tasks {
			_ = t.Join()
		}
		if len(got) != 4 {
			t.Errorf("after the Broadcast %q have woken", got)
		}
		foreign(t, map[string]func(){"Cond.Wait": c.Wait, "Cond.Signal": c.Signal, "Cond.Broadcast": c.Broadcast})
		k := sync.NewCondition(nil)
		foreign(t, map[string]func(){
			"Condition.Wait": k.Wait, "Condition.Notify": func() { k.Notify(1) }, "Condition.NotifyAll": k.NotifyAll,
			"Condition.WaitFor":        func() { k.WaitFor(nil) },
			"Condition.WaitTimeout":    func() { _ = k.WaitTimeout(0) },
			"Condition.WaitForTimeout": func() { _ = k.WaitForTimeout(nil, 0) },
		})
	})
}

// Three tasks pass a token around by a condition, in every order there is.
func TestConditionUnderManySeeds(t *testing.T) {
	explore(t, func() {
		c, turn := sync.NewCondition(nil), 0
		player := func(me int) func() {
			return func() {
				for range 3 {
					c.Lock()
					c.WaitFor(func() bool { return turn%3 == me })
					turn++
					c.NotifyAll()
					c.Unlock()
				}
			}
		}
		joined(player(0), player(1), player(2))
		if turn != 9 {
			t.Errorf("%d turns, want 9", turn)
		}
	})
}
