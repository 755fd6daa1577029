package sync_test

import (
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
)

// A deadlock's report says what each task waits for, and who has it.
//
// holds: 100
func TestDeadlockNamesWhatIsWaitedFor(t *testing.T) {
	for says, wait := range map[string]func(){
		"waits for a sync.Mutex, held by owner": func() {
			var m sync.Mutex
			_ = task.Go(func() { task.Current().SetName("owner"); m.Lock(); new(sync.Event).Wait() })
			task.Yield()
			m.Lock()
		},
		"waits for a sync.RLock, held by owner": func() {
			var l sync.RLock
			_ = task.Go(func() { task.Current().SetName("owner"); l.Lock(); new(sync.Event).Wait() })
			task.Yield()
			l.Lock()
		},
		"waits for a sync.Event to be set":                                func() { new(sync.Event).Wait() },
		"waits for permits of a sync.Semaphore (1 of 2 are free)":         func() { s := sync.NewSemaphore(2); _, _ = s.Acquire(1), s.Acquire(2) },
		"waits for a sync.Barrier, to which 1 of 2 have come":             func() { _, _ = sync.NewBarrier(2, nil).Wait() },
		"waits for a condition to be notified":                            func() { c := sync.NewCondition(nil); c.Lock(); c.Wait() },
		"waits for a sync.WaitGroup with 1 things to be done":             func() { var g sync.WaitGroup; g.Add(1); g.Wait() },
		"waits for a sync.Mutex, held by main (spawned at":                func() { var m sync.Mutex; m.Lock(); m.Lock() },
		"waits for the function of a sync.Once, held by main (spawned at": func() { var o sync.Once; o.Do(func() { o.Do(nil) }) },
	} {
		err := runtime.Run(wait)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("Run returned %v, want %q", err, says)
		}
	}
}

// Somebody else's turn at a shared queue is never a deadlock.
func TestSharedQueueIsNoDeadlock(t *testing.T) {
	q := sync.NewSharedQueue[int](0)
	waiting := make(chan struct{})
	go func() {
		<-waiting
		_ = q.Put(1)
	}()
	if err := runtime.Run(func() {
		runtime.Current().CallLater(time.Millisecond, func() { close(waiting) })
		if i, err := q.Get(); i != 1 || err != nil {
			t.Errorf("Get returned %d, %v", i, err)
		}
	}); err != nil {
		t.Error(err)
	}
}
