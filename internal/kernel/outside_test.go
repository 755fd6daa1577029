package kernel

import (
	"errors"
	"testing"
	"time"
)

// A second Run is refused, and the run under way does not notice.
func TestRefusedRunDisturbsNothing(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		o := me.Outside(Plain("the other goroutine"), func(done func()) {
			go func() {
				if err := l.Run(func() {}, false, 0); err != ErrRunning {
					t.Errorf("the second Run returned %v", err)
				}
				done()
			}()
		})
		if o != Woken {
			t.Errorf("the wait ended with %v", o)
		}
	})
}

// holds: 55
// A function that the run gave up is still under way when calls come in: they run,
// and the run returns after them.
func TestCallsDuringTheGraceAreDone(t *testing.T) {
	l := New(Config{Offloads: 1, Grace: 10 * time.Second})
	var called, done bool
	answers := make(chan error, 1)
	err := start(t, l, func(me *Task) {
		scope := me.Enter(0, nil)
		scope.Cancel(ErrClosed)
		scope.Leave()
		s := spawn(l, nil, func(me *Task) {
			_, _ = l.Offloads().Offload(me, func() {
				for l.inbox.asleep.Load() == false { // the run waits for nothing but us
				}
				if _, err := l.CallThreadsafe(func() { called = true }); err != nil {
					t.Error(err)
				}
				go func() { answers <- l.Do(func() error { done = true; return nil }) }()
				<-answers
			})
		})
		me.Yield()
		s.Kill()
	})
	if err != nil || !called || !done {
		t.Errorf("Run returned %v; the callback ran: %v; the task ran: %v", err, called, done)
	}
}

// holds: 91
// The function does not return: the run ends all the same, says so, and takes no
// notice of the function's late return in the next run.
func TestGraceEndsAndTheFunctionIsForgotten(t *testing.T) {
	l := New(Config{Offloads: 1})
	release, gone := make(chan struct{}), make(chan struct{})
	err := l.Run(func() {
		s := spawn(l, nil, func(me *Task) {
			_, _ = l.Offloads().Offload(me, func() {
				<-release
				close(gone)
			})
		})
		Running().Yield()
		s.Kill()
	}, false, 0)
	if err == nil {
		t.Error("Run did not say that a function was given up")
	}
	err = start(t, l, func(me *Task) {
		if n := l.Offloads().running; n != 0 && l.Offloads().era == l.era {
			t.Errorf("%d places of the pool are taken in the new run", n)
		}
		o, err := l.Offloads().Offload(me, func() {
			close(release)
			<-gone
		})
		if o != Woken || err != nil {
			t.Errorf("the offload ended with %v, %v", o, err)
		}
		if l.outside != 0 || l.offloading != 0 || l.Offloads().running != 0 {
			t.Errorf("outside %d, offloading %d, running %d; want nothing", l.outside, l.offloading, l.Offloads().running)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// A hold taken before the run counts in the run.
func TestHoldBeforeTheRun(t *testing.T) {
	l := virtual()
	release := l.Hold()
	err := start(t, l, func(me *Task) {
		if l.outside != 1 {
			t.Errorf("%d things are outside, want the hold", l.outside)
		}
		me.Outside(Plain("the release"), func(done func()) {
			go func() {
				release()
				release()
				done()
			}()
		})
		if l.outside != 0 {
			t.Errorf("%d things are outside after the release", l.outside)
		}
		me.Sleep(time.Hour)
	})
	if err != nil {
		t.Error(err)
	}
}

// A hold that is released after the run it was taken in means nothing to the next.
func TestHoldOfAnEarlierRun(t *testing.T) {
	l := virtual()
	var release func()
	if err := l.Run(func() { release = l.Hold() }, false, 0); err != nil {
		t.Error(err)
	}
	err := start(t, l, func(me *Task) {
		other := l.Hold()
		me.Outside(Plain("the release"), func(done func()) {
			go func() {
				release()
				done()
			}()
		})
		if l.outside != 1 {
			t.Errorf("%d things are outside, want the hold of this run", l.outside)
		}
		other()
	})
	if err != nil {
		t.Error(err)
	}
}

// holds: 56
func TestManySendersWakeOnce(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		woken := l.stats.Wakeups
		me.Outside(Plain("the senders"), func(done func()) {
			for range 100_000 { // while the loop is awake nobody is woken
				_ = l.post(call{f: func() {}})
			}
			done()
		})
		if n := l.stats.Wakeups - woken; n > 1 {
			t.Errorf("100,000 calls woke the loop %d times", n)
		}
		if cap(l.inbox.spare) > 1<<12 || cap(l.inbox.calls) > 1<<12 {
			t.Error("the memory of the peak is kept")
		}
	})
}

func TestPoolServesInOrder(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		pool := &Pool{name: "test", limit: 1}
		gate := make(chan struct{})
		var got []int
		for i := range 4 {
			spawn(l, nil, func(me *Task) {
				if o, err := pool.Offload(me, func() { <-gate }); o == Woken && err == nil {
					got = append(got, i)
				}
			})
		}
		me.Yield()
		if pool.running != 1 || pool.waiters.Len() != 3 {
			t.Errorf("%d run and %d wait, want 1 and 3", pool.running, pool.waiters.Len())
		}
		pool.waiters.First().Kill()
		close(gate)
		me.Sleep(time.Second)
		if len(got) != 3 || got[0] != 0 || got[1] != 2 || got[2] != 3 || pool.running != 0 {
			t.Errorf("served %v, want 0, 2, 3; %d still run", got, pool.running)
		}
	})
}

// A slot that is given to a task which is killed before it runs goes to the next.
func TestSlotGivenToAKilledTaskIsPassedOn(t *testing.T) {
	run(t, func(l *Loop, me *Task) {
		pool := &Pool{name: "test", limit: 1}
		if pool.acquire(me) != Woken {
			t.Error("an empty pool has no slot")
		}
		var got [2]Outcome
		var tasks []*Task
		for i := range got {
			tasks = append(tasks, spawn(l, nil, func(me *Task) {
				if got[i] = pool.acquire(me); got[i] == Woken {
					pool.free()
				}
			}))
		}
		me.Yield()
		pool.free()
		tasks[0].Kill()
		me.Yield() // the first passes it on
		me.Yield() // and the second runs
		if got != [2]Outcome{Canceled, Woken} || pool.running != 0 {
			t.Errorf("the outcomes are %v, and %d slots are taken", got, pool.running)
		}
	})
}

func TestClosedLoopTakesNothing(t *testing.T) {
	l := virtual()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Run(func() {}, false, 0); err != ErrClosed {
		t.Errorf("Run returned %v", err)
	}
	if err := l.post(call{}); err != ErrClosed {
		t.Errorf("a message got %v", err)
	}
	r, w := pipe(t)
	defer closeAll(r, w)
	if _, err := l.Watch(r, Read, func() {}); !errors.Is(err, ErrClosed) || l.poller != nil {
		t.Errorf("Watch returned %v, poller %v", err, l.poller)
	}
	if err := l.Close(); err != nil {
		t.Errorf("the second Close returned %v", err)
	}
}
