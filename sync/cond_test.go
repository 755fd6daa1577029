package sync_test

import (
	"errors"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// holds: 19
func TestCondRestoresTheDepthOfAnRLock(t *testing.T) {
	tasktest.Run(t, func() {
		var l sync.RLock
		c := sync.NewCond(&l)
		waiter := task.Go(func() {
			l.Lock()
			l.Lock()
			c.Wait()
			l.Unlock()
			l.Unlock()
			if text := panicText(l.Unlock); text == "" {
				t.Error("a third Unlock was taken")
			}
		})
		tasktest.WaitAllParked()
		if !l.TryLock() {
			waiter.Kill()
			t.Fatal("the lock is held by one who waits")
		}
		c.Signal()
		tasktest.WaitAllParked() // it has to wait for the lock as well
		l.Unlock()
		_ = waiter.Join()
	})
}

// Between a look at the condition and the wait no other task runs, also if the slice
// is used up just then. So one who changes the condition between two checkpoints need
// not have the lock.
//
// holds: 4
func TestCondMissesNothingOnTheWayIntoWait(t *testing.T) {
	const slice = 128
	for used := range slice + 2 {
		tasktest.Run(t, func() {
			var l sync.Mutex
			var e sync.Event
			e.Set()
			c, ready := sync.NewCond(&l), false
			waiter := task.Go(func() {
				for range used {
					e.Wait() // takes one of the slice
				}
				l.Lock()
				defer l.Unlock()
				for !ready {
					c.Wait()
				}
			})
			task.Go(func() { ready = true; c.Signal() })
			_ = waiter.Join()
		})
	}
}

// One who was woken with all the others and is killed has nothing to pass on: those
// who came to wait afterwards sleep on.
//
// holds: 12
func TestBroadcastIsNotPassedOnToThoseWhoComeLater(t *testing.T) {
	explore(t, func() {
		for _, k := range []interface {
			sync.Locker
			Wait()
			all()
			one()
		}{condAll{cond{sync.NewCond(new(sync.Mutex))}}, conditionAll{condition{sync.NewCondition(new(sync.Mutex))}}} {
			woke := 0
			wait := func() { k.Lock(); defer k.Unlock(); k.Wait(); woke++ }
			first := task.Go(wait)
			tasktest.WaitAllParked()
			k.all()
			first.Kill()
			late := task.Go(wait) // in some schedules it comes before first has run
			tasktest.WaitAllParked()
			if woke != 0 {
				t.Errorf("%d woke of a broadcast that was before their time", woke)
			}
			k.one()
			_ = late.Join()
		}
	})
}

type condAll struct{ cond }

func (c condAll) Lock()   { c.L.Lock() }
func (c condAll) Unlock() { c.L.Unlock() }
func (c condAll) all()    { c.Broadcast() }

type conditionAll struct{ condition }

func (c conditionAll) all() { c.NotifyAll() }

// Also where Wait is left by a kill or a timeout the lock is held again, however
// often it was locked: the deferred calls of Unlock would panic.
//
// holds: 12, 16, 19
func TestCondUnderCancelEverywhere(t *testing.T) {
	for name, lock := range map[string]func() sync.Locker{
		"Mutex":   func() sync.Locker { return new(sync.Mutex) },
		"RLock":   func() sync.Locker { return new(sync.RLock) },
		"RWMutex": func() sync.Locker { return new(sync.RWMutex) },
	} {
		t.Run(name, func(t *testing.T) {
			tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
				l, items, closed := lock(), 0, false
				c := sync.NewCond(l)
				locked := 1
				if _, ok := l.(*sync.RLock); ok {
					locked = 2
				}
				for range 2 {
					s.Go(func() {
						for range locked {
							l.Lock()
							defer l.Unlock()
						}
						for items == 0 && !closed {
							c.Wait()
						}
						items--
						task.Yield()
					})
				}
				putter := s.Go(func() {
					for range 2 {
						l.Lock()
						items++
						c.Signal()
						l.Unlock()
					}
				})
				task.Go(func() {
					_ = putter.Join()
					l.Lock()
					defer l.Unlock()
					closed = true
					c.Broadcast()
				})
			})
		})
	}
}

func TestCondUnderManySeeds(t *testing.T) {
	explore(t, func() {
		var l sync.RLock
		c, turn := sync.NewCond(&l), 0
		player := func(me int) func() {
			return func() {
				for range 3 {
					l.Lock()
					l.Lock()
					for turn%3 != me {
						c.Wait()
					}
					turn++
					c.Broadcast()
					l.Unlock()
					l.Unlock()
				}
			}
		}
		joined(player(0), player(1), player(2))
		if turn != 9 {
			t.Errorf("%d turns, want 9", turn)
		}
	})
}

// A lock that cannot be had again because its owner has ended is not waited for.
//
// holds: 18
func TestWaitForALockThatBreaks(t *testing.T) {
	tasktest.Run(t, func() {
		var l sync.RLock
		c := sync.NewCond(&l)
		said := ""
		waiter := task.Go(func() { l.Lock(); said = panicText(c.Wait) })
		tasktest.WaitAllParked()
		joined(func() { l.Lock(); c.Signal() }) // and ends with it
		_ = waiter.Join()
		if said != sync.ErrBroken.Error() {
			t.Errorf("Wait said %q", said)
		}
		if err := l.LockTimeout(0); !errors.Is(err, sync.ErrBroken) {
			t.Errorf("the lock is not broken: %v", err)
		}
	})
}

// In a block that is over Wait does not even release the lock.
//
// holds: 16, 42
func TestWaitInACancelledBlockKeepsTheLock(t *testing.T) {
	tasktest.Run(t, func() {
		var l sync.Mutex
		c, k := sync.NewCond(&l), sync.NewCondition(&l)
		for name, wait := range map[string]func(){
			"Cond.Wait": c.Wait, "Condition.Wait": k.Wait,
			"Condition.WaitTimeout": func() { _ = k.WaitTimeout(long); task.Yield() },
		} {
			other := task.Go(func() { l.Lock(); t.Errorf("%s: the lock was released", name) })
			err := timeout.Run(time.Second, func() error {
				defer wait()
				l.Lock()
				tasktest.WaitAllParked()
				task.Sleep(long)
				return nil
			})
			if !isTimeout(err, time.Second) || l.TryLock() {
				t.Errorf("%s: the block returned %v, or the lock is free", name, err)
			}
			other.Kill()
			_ = other.Join()
			l.Unlock()
		}
	})
}
