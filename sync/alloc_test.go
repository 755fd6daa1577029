package sync_test

import (
	"testing"

	"github.com/evergreen-go/evergreen/internal/goroutine"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// Where there is nothing to wait for nothing is allocated.
func TestNoAllocationsWithoutAWait(t *testing.T) {
	if goroutine.Race || goroutine.Portable {
		t.Skip("skipped: the race detector, and the portable way to tell goroutines apart, allocate")
	}
	tasktest.Run(t, func() {
		var (
			m    sync.Mutex
			rw   sync.RWMutex
			l    sync.RLock
			g    sync.WaitGroup
			once sync.Once
			e    sync.Event
			s    = sync.NewSemaphore(3)
			b    = sync.NewBoundedSemaphore(3)
			c    = sync.NewCondition(nil)
			k    = sync.NewCond(&m)
			f    = func() {}
			n    int
		)
		e.Set()
		for name, use := range map[string]func(){
			"Mutex": func() {
				m.Lock()
				n++
				m.Unlock()
				m.TryLock()
				n++
				m.Unlock()
			},
			"RWMutex": func() {
				rw.Lock()
				n++
				rw.Unlock()
				rw.RLock()
				n++
				rw.RUnlock()
			},
			"RLock":            func() { l.Lock(); _ = l.LockTimeout(long); l.Unlock(); l.Unlock() },
			"WaitGroup":        func() { g.Add(1); g.Done(); g.Wait() },
			"Once":             func() { once.Do(f) },
			"Event":            func() { e.Wait(); _ = e.WaitTimeout(long); e.Set() },
			"Semaphore":        func() { _, _ = s.Acquire(1), s.AcquireTimeout(2, long); s.TryAcquire(1); s.Release(3) },
			"BoundedSemaphore": func() { _ = b.Acquire(1); b.Release(1) },
			"Condition":        func() { c.Lock(); c.WaitFor(func() bool { return true }); c.Notify(1); c.NotifyAll(); c.Unlock() },
			"Cond":             func() { k.Signal(); k.Broadcast() },
		} {
			if n := testing.AllocsPerRun(100, use); n != 0 {
				t.Errorf("%s: %v allocations", name, n)
			}
		}
	})
}
