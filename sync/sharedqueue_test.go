package sync_test

import (
	"errors"
	stdruntime "runtime"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
	"github.com/evergreen-go/evergreen/timeout"
)

// Tasks of three loops and three goroutines put and get as they like: each item
// comes out once.
func TestSharedQueueCrosses(t *testing.T) {
	for _, limit := range []int{0, 1, 7} {
		const sides, each = 3, 500
		q := sync.NewSharedQueue[int](limit)
		var mu stdsync.Mutex
		seen := make(map[int]int)
		put := func(mark int) {
			for i := range each {
				if err := q.Put(mark*each + i); err != nil {
					t.Errorf("Put returned %v", err)
				}
			}
		}
		get := func() {
			for {
				i, err := q.Get()
				if err != nil {
					return
				}
				mu.Lock()
				seen[i]++
				mu.Unlock()
			}
		}
		var putters, getters stdsync.WaitGroup
		for side := range sides {
			putters.Go(func() { put(2 * side) })
			getters.Go(get)
			putters.Go(func() { _ = runtime.Run(func() { put(2*side + 1) }) })
			getters.Go(func() { _ = runtime.Run(func() { joined(get, get) }) })
		}
		putters.Wait()
		q.Shutdown(false)
		getters.Wait()
		if len(seen) != 2*sides*each || q.Len() != 0 {
			t.Errorf("limit %d: %d of %d items came out", limit, len(seen), 2*sides*each)
		}
		for i, n := range seen {
			if n != 1 {
				t.Errorf("limit %d: item %d came out %d times", limit, i, n)
			}
		}
	}
}

// Whoever is cancelled while an item is on its way: it is not lost.
//
// holds: 24, 46
func TestSharedQueueLosesNothingToCancellation(t *testing.T) {
	q := sync.NewSharedQueue[int](0)
	const items = 300
	got := make(chan int, items)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := runtime.Run(func() {
			for open := true; open; {
				victim := task.Go(func() {
					_ = timeout.Run(20*time.Microsecond, func() error {
						for {
							i, err := q.Get()
							if errors.Is(err, sync.ErrShutdown) {
								open = false
							}
							if err != nil {
								return err
							}
							got <- i
						}
					})
				})
				task.Yield()
				victim.Kill()
				_ = victim.Join()
				open = open && len(got) < items
			}
		}); err != nil {
			t.Error(err)
		}
	}()
	for i := range items {
		if err := q.Put(i); err != nil {
			t.Error(err)
		}
	}
	<-done
	q.Shutdown(true)
	close(got)
	n := 0
	for i := range got {
		if i != n {
			t.Errorf("item %d came as number %d", i, n)
		}
		n++
	}
	if n != items {
		t.Errorf("%d of %d items came out", n, items)
	}
}

func TestSharedQueueLimits(t *testing.T) {
	q := sync.NewSharedQueue[int](1)
	check := func(where string) {
		if _, err := q.TryGet(); !errors.Is(err, sync.ErrEmpty) {
			t.Errorf("%s: TryGet returned %v", where, err)
		}
		if _, err := q.GetTimeout(time.Millisecond); !isTimeout(err, time.Millisecond) {
			t.Errorf("%s: GetTimeout returned %v", where, err)
		}
		if _, err := q.GetTimeout(-1); !isTimeout(err, 0) {
			t.Errorf("%s: GetTimeout(-1) returned %v", where, err)
		}
		if err := q.PutTimeout(1, time.Hour); err != nil {
			t.Errorf("%s: PutTimeout returned %v", where, err)
		}
		if err := q.PutTimeout(2, time.Millisecond); !isTimeout(err, time.Millisecond) {
			t.Errorf("%s: PutTimeout returned %v", where, err)
		}
		if err := q.TryPut(3); !errors.Is(err, sync.ErrFull) {
			t.Errorf("%s: TryPut returned %v", where, err)
		}
		if i, err := q.GetTimeout(time.Hour); i != 1 || err != nil || q.Len() != 0 {
			t.Errorf("%s: GetTimeout returned %d, %v", where, i, err)
		}
	}
	check("goroutine")
	if err := runtime.Run(func() { check("task") }); err != nil {
		t.Error(err)
	}
}

// Those who wait are served in order, tasks and goroutines alike, and a shutdown lets
// nobody wait.
//
// holds: 9, 27
func TestSharedQueueOrderAndShutdown(t *testing.T) {
	q := sync.NewSharedQueue[int](1)
	if err := runtime.Run(func() {
		_ = q.Put(0)
		var tasks []*task.Task
		for i := range 3 {
			tasks = append(tasks, task.Go(func() { _ = q.Put(i + 1) }))
			task.Yield()
		}
		killed := task.Go(func() { _ = q.Put(99) })
		task.Yield()
		killed.Kill()
		for want := range 4 {
			if i, err := q.Get(); i != want || err != nil {
				t.Errorf("item %d, %v came as number %d", i, err, want)
			}
		}
		for _, t := range append(tasks, killed) {
			_ = t.Join()
		}
		_ = q.Put(5)
		putter := task.Go(func() {
			if err := q.Put(6); !errors.Is(err, sync.ErrShutdown) {
				t.Errorf("Put under a shutdown returned %v", err)
			}
		})
		task.Yield()
		q.Shutdown(false)
		_ = putter.Join()
		if i, err := q.Get(); i != 5 || err != nil {
			t.Errorf("what was left came as %d, %v", i, err)
		}
		if _, err := q.Get(); !errors.Is(err, sync.ErrShutdown) {
			t.Errorf("Get returned %v", err)
		}
		if err := q.Put(7); !errors.Is(err, sync.ErrShutdown) {
			t.Errorf("Put returned %v", err)
		}
		if text := panicText(func() {
			done := false
			runtime.Current().CallSoon(func() { defer func() { done = true; panicked = recover() }(); _, _ = q.Get() })
			for !done {
				task.Yield()
			}
			panic(panicked)
		}); text == "" {
			t.Error("a callback may wait in a shared queue")
		}
		err := timeout.Run(0, func() error {
			task.Yield()
			return nil
		})
		if err == nil {
			t.Error("the block was not over")
		}
		_ = timeout.Run(0, func() error {
			defer func() {
				if err := q.Put(8); !isTimeout(err, 0) {
					t.Errorf("Put in a block that is over returned %v", err)
				}
			}()
			task.Sleep(long)
			return nil
		})
	}); err != nil {
		t.Error(err)
	}
	waiting := sync.NewSharedQueue[int](0)
	ended := make(chan error)
	go func() { _, err := waiting.Get(); ended <- err }()
	waiting.Shutdown(true)
	if err := <-ended; !errors.Is(err, sync.ErrShutdown) {
		t.Errorf("Get on a goroutine returned %v", err)
	}
}

var panicked any

func TestSharedQueueUnderManySeeds(t *testing.T) {
	explore(t, func() {
		q, sum := sync.NewSharedQueue[int](1), 0
		put := func() {
			for i := range 3 {
				_ = q.Put(i + 1)
			}
		}
		joined(put, put, func() {
			for range 6 {
				i, _ := q.Get()
				sum += i
			}
		})
		if sum != 12 || q.Len() != 0 {
			t.Errorf("the sum is %d, and %d items are left", sum, q.Len())
		}
	})
}

// A Put that did not return nil has left nothing in the queue, and one that did has.
//
// holds: 24, 46
func TestSharedQueuePutsUnderCancellation(t *testing.T) {
	const items = 600
	q := sync.NewSharedQueue[int](1)
	put, got, ended := 0, 0, make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if _, err := q.Get(); err != nil {
				return
			}
			got++
		}
	}()
	if err := runtime.Run(func() {
		for i := range items {
			victims := make([]*task.Task, 3)
			for v := range victims {
				victims[v] = task.Go(func() {
					for q.PutTimeout(i, 20*time.Microsecond) == nil {
						put++
					}
				})
			}
			task.Yield()
			for _, v := range victims {
				v.Kill()
				_ = v.Join()
			}
		}
	}); err != nil {
		t.Error(err)
	}
	q.Shutdown(false)
	<-ended
	if put != got {
		t.Errorf("%d items were put, and %d came out", put, got)
	}
}

// Whoever gives up is out of the queue when the call returns, though nobody comes by.
//
// holds: 10
func TestSharedQueueForgetsThoseWhoGaveUp(t *testing.T) {
	q, full := sync.NewSharedQueue[[4096]byte](0), sync.NewSharedQueue[[4096]byte](1)
	_ = full.TryPut([4096]byte{})
	check := func(where string) {
		var before, after stdruntime.MemStats
		stdruntime.GC()
		stdruntime.ReadMemStats(&before)
		for range 2000 {
			_, _ = q.GetTimeout(0)
			_ = full.PutTimeout([4096]byte{}, 0)
		}
		stdruntime.GC()
		stdruntime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
			t.Errorf("%s: 4,000 calls that gave up have left %d bytes", where, grown)
		}
	}
	check("goroutine")
	if err := runtime.Run(func() { check("task") }); err != nil {
		t.Error(err)
	}
	stdruntime.KeepAlive(q)
	stdruntime.KeepAlive(full)
}

func TestSharedQueuePutInACallback(t *testing.T) {
	q, text := sync.NewSharedQueue[int](0), ""
	tasktest.Run(t, func() {
		runtime.Current().CallSoon(func() { text = panicText(func() { _ = q.Put(1) }) })
		tasktest.WaitAllParked()
	})
	if !strings.Contains(text, "SharedQueue.Put") || q.Len() != 0 {
		t.Errorf("it said %q, and %d items are in the queue", text, q.Len())
	}
}
