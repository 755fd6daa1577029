package sync_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

const long = time.Hour

// explore runs a scenario under all orders there are, or under 2,000 of them and
// 10,000 seeds; under the race detector, which keeps memory for every goroutine there
// ever was, under fewer.
func explore(t *testing.T, scenario func()) {
	t.Helper()
	o := tasktest.Options{Seeds: 10_000}
	if testing.Short() || goroutine.Race {
		o = tasktest.Options{Orders: 300, Seeds: 300}
	}
	runs, all := tasktest.Explore(t, o, scenario)
	t.Logf("%d schedules; all there are: %v", runs, all)
}

// panicText runs f and returns the text of what it panics with, "" for nothing.
func panicText(f func()) (text string) {
	defer func() {
		switch r := recover().(type) {
		case string:
			text = r
		case error:
			text = r.Error()
		}
	}()
	f()
	return ""
}

// foreign calls each of the functions, which were used in this loop before, on a
// plain goroutine and in another loop, and checks that each says what to do.
func foreign(t *testing.T, calls map[string]func()) {
	t.Helper()
	said := make(chan map[string]string)
	go func() {
		texts := make(map[string]string)
		for name, f := range calls {
			texts[name+" on a goroutine"] = panicText(f)
		}
		_ = runtime.Run(func() {
			for name, f := range calls {
				texts[name+" in another loop"] = panicText(f)
			}
		})
		said <- texts
	}()
	texts := <-said
	for name := range calls {
		for _, where := range []string{" on a goroutine", " in another loop"} {
			if text := texts[name+where]; !strings.Contains(text, "Loop.Do") { // also if the call never came back
				t.Errorf("%s: it said %q, want a sentence with the way out", name+where, text)
			}
		}
	}
}

// joined starts the functions as tasks and waits for their ends.
func joined(fs ...func()) {
	var tasks []*task.Task
	for _, f := range fs {
		tasks = append(tasks, task.Go(f))
	}
	for _, t := range tasks {
		_ = t.Join()
	}
}

// holds: 7, 8, 9, 10, 12, 13, 14, 15
func TestMutexKeepsTheContract(t *testing.T) {
	tasktest.TestMutex(t, func() tasktest.Mutex { return new(sync.Mutex) })
}

// holds: 7, 8, 9, 10, 12, 13, 14, 15
func TestRLockKeepsTheContract(t *testing.T) {
	// TryLock of one's own RLock succeeds, so it is wrapped into one that does not.
	tasktest.TestMutex(t, func() tasktest.Mutex { return &once{} })
}

// once is an RLock whose owner cannot take it twice by TryLock.
type once struct {
	sync.RLock
	owner *task.Task
}

func (l *once) Lock() {
	l.RLock.Lock()
	l.owner = task.Current()
}

func (l *once) TryLock() bool {
	if l.owner == task.Current() || !l.RLock.TryLock() {
		return false
	}
	l.owner = task.Current()
	return true
}

func (l *once) Unlock() {
	l.owner = nil
	l.RLock.Unlock()
}

// holds: 7, 8, 9, 10, 12, 13, 14, 15
func TestSemaphoreOfOneKeepsTheContract(t *testing.T) {
	tasktest.TestMutex(t, func() tasktest.Mutex { return permit{sync.NewBoundedSemaphore(1)} })
}

// permit is a semaphore as a lock.
type permit struct{ s *sync.BoundedSemaphore }

func (p permit) Lock() {
	if p.s.Acquire(1) != nil {
		task.Yield() // which unwinds
	}
}
func (p permit) TryLock() bool { return p.s.TryAcquire(1) }
func (p permit) Unlock()       { p.s.Release(1) }

// Ten thousand orders of three tasks with three steps each.
func TestMutexUnderManySeeds(t *testing.T) {
	explore(t, func() {
		var m sync.Mutex
		inside, total := 0, 0
		step := func() {
			for range 3 {
				m.Lock()
				if inside++; inside != 1 {
					t.Errorf("%d tasks hold the lock", inside)
				}
				task.Yield()
				total++
				inside--
				m.Unlock()
			}
		}
		joined(step, step, step)
		if total != 9 {
			t.Errorf("%d steps, want 9", total)
		}
	})
}

// holds: 18
func TestUnlockOfWhatIsNotLocked(t *testing.T) {
	tasktest.Run(t, func() {
		var m sync.Mutex
		var l sync.RLock
		for name, unlock := range map[string]func(){"Mutex": m.Unlock, "RLock": l.Unlock} {
			if text := panicText(unlock); !strings.Contains(text, "needs a Lock before it") {
				t.Errorf("%s: it said %q", name, text)
			}
		}
		m.Lock()
		joined(m.Unlock) // any task may unlock a Mutex
		if !m.TryLock() {
			t.Error("the mutex was not unlocked")
		}
		l.Lock()
		joined(func() {
			if text := panicText(l.Unlock); !strings.Contains(text, "main does") {
				t.Errorf("Unlock by another task said %q", text)
			}
		})
		l.Unlock()
	})
}

func TestRLockIsReentrant(t *testing.T) {
	tasktest.Run(t, func() {
		var l sync.RLock
		l.Lock()
		l.Lock()
		if !l.TryLock() {
			t.Error("TryLock of one's own lock failed")
		}
		entered := false
		other := task.Go(func() {
			if l.TryLock() {
				t.Error("TryLock took a lock that another task has")
			}
			var e *timeout.Error
			if err := l.LockTimeout(time.Second); !errors.As(err, &e) || e.After != time.Second {
				t.Errorf("LockTimeout returned %v", err)
			}
			if err := l.LockTimeout(long); err != nil {
				t.Errorf("LockTimeout returned %v", err)
			}
			entered = true
			l.Unlock()
		})
		task.Sleep(time.Minute)
		for range 3 {
			if entered {
				t.Error("the lock was given away before the last Unlock")
			}
			l.Unlock()
			tasktest.WaitAllParked()
		}
		_ = other.Join()
		if !entered {
			t.Error("the lock was not handed over")
		}
	})
}

// holds: 18
func TestRLockOfAnOwnerThatEndedIsBroken(t *testing.T) {
	tasktest.Run(t, func() {
		var l sync.RLock
		owner := task.Go(func() { l.Lock(); task.Sleep(long) })
		tasktest.WaitAllParked()
		failed := 0
		waits := func() {
			if err := l.LockTimeout(10 * long); errors.Is(err, sync.ErrBroken) {
				failed++
			}
		}
		first, second, gone := task.Go(waits), task.Go(waits), task.Go(waits)
		third := task.Go(func() {
			if text := panicText(l.Lock); text == sync.ErrBroken.Error() {
				failed++
			}
		})
		tasktest.WaitAllParked()
		gone.Kill()
		owner.Kill()
		_, _, _, _ = first.Join(), second.Join(), third.Join(), gone.Join()
		if failed != 3 {
			t.Errorf("%d of 3 who waited were told", failed)
		}
		if err := l.LockTimeout(0); !errors.Is(err, sync.ErrBroken) {
			t.Errorf("a broken lock was given: %v", err)
		}
	})
	tasktest.Run(t, func() { // nobody waited when it ended
		var l sync.RLock
		joined(l.Lock)
		if text := panicText(l.Lock); text != sync.ErrBroken.Error() {
			t.Errorf("it said %q", text)
		}
	})
}

// An owner that ends after it has handed the lock on breaks nothing.
func TestRLockOutlivesItsFormerOwners(t *testing.T) {
	explore(t, func() {
		var l sync.RLock
		got := 0
		step := func() {
			for range 3 {
				l.Lock()
				l.Lock()
				task.Yield()
				l.Unlock()
				got++
				l.Unlock()
			}
		}
		joined(step, step, step)
		if got != 9 {
			t.Errorf("%d steps, want 9", got)
		}
	})
}

func TestLocksElsewhere(t *testing.T) {
	tasktest.Run(t, func() {
		var m sync.Mutex
		var l sync.RLock
		m.Lock()
		l.Lock()
		foreign(t, map[string]func(){
			"Mutex.Lock": m.Lock, "Mutex.TryLock": func() { m.TryLock() }, "Mutex.Unlock": m.Unlock,
			"RLock.Lock": l.Lock, "RLock.TryLock": func() { l.TryLock() }, "RLock.Unlock": l.Unlock,
			"RLock.LockTimeout": func() { _ = l.LockTimeout(0) },
		})
		runtime.Current().CallSoon(m.Unlock) // a callback may
		m.Lock()
	})
}

// holds: 42
func TestLocksInACancelledBlock(t *testing.T) {
	tasktest.Run(t, func() {
		var m sync.Mutex
		var l sync.RLock
		for name, f := range map[string]func(){"Mutex": m.Lock, "RLock": l.Lock} {
			err := timeout.Run(0, func() error {
				_ = timeout.Run(long, func() error { task.Sleep(0); return nil })
				f()
				t.Errorf("%s: the lock was taken in a block that is over", name)
				return nil
			})
			if err == nil {
				t.Errorf("%s: the block returned nothing", name)
			}
		}
		if !m.TryLock() || !l.TryLock() {
			t.Error("a lock is held by nobody")
		}
	})
}

// The watch over the owner goes on to the next one.
//
// holds: 18
func TestRLockBrokenByItsSecondOwner(t *testing.T) {
	tasktest.Run(t, func() {
		var l sync.RLock
		l.Lock()
		second := task.Go(l.Lock) // and ends with it
		tasktest.WaitAllParked()
		told := false
		third := task.Go(func() { told = errors.Is(l.LockTimeout(long), sync.ErrBroken) })
		tasktest.WaitAllParked()
		l.Unlock()
		_, _ = second.Join(), third.Join()
		if !told {
			t.Error("nobody told the one who waited")
		}
	})
}
