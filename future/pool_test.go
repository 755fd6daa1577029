package future_test

import (
	"context"
	"errors"
	"fmt"
	stdruntime "runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/future"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// pools are one of each kind.
func pools(n int) map[string]future.Pool {
	return map[string]future.Pool{"tasks": future.NewTaskPool(n), "threads": future.NewThreadPool(n)}
}

func TestSubmit(t *testing.T) {
	for name, pool := range pools(2) { // each in two loops
		for range 2 {
			run(t, func() {
				var futures []*future.Future[int]
				for i := range 10 {
					futures = append(futures, future.Submit(pool, func() (int, error) {
						if i == 5 {
							return i, errFailed
						}
						return i, nil
					}))
				}
				for i, f := range futures {
					if n, err := f.Get(); n != i || (err != nil) != (i == 5) {
						t.Errorf("%s: future %d is %d, %v", name, i, n, err)
					}
				}
			})
		}
	}
}

func TestTaskPoolLimit(t *testing.T) {
	run(t, func() {
		begin := now()
		pool := future.NewTaskPool(3)
		inside, most := 0, 0
		var order []int
		for i := range 9 {
			future.Submit(pool, func() (int, error) {
				order = append(order, i)
				inside++
				most = max(most, inside)
				task.Sleep(time.Second)
				inside--
				return 0, nil
			})
		}
		if err := pool.Close(); err != nil || most != 3 || since(begin) != 3*time.Second || !slices.IsSorted(order) {
			t.Errorf("Close returned %v after %v; %d were under way at a time, in the order %v", err, since(begin), most, order)
		}
	})
}

func TestThreadPoolLimit(t *testing.T) {
	run(t, func() {
		pool := future.NewThreadPool(3)
		var inside, most atomic.Int32
		gate := make(chan struct{})
		for range 9 {
			future.Submit(pool, func() (int, error) {
				for n := inside.Add(1); ; {
					if m := most.Load(); n <= m || most.CompareAndSwap(m, n) {
						break
					}
				}
				gate <- struct{}{}
				inside.Add(-1)
				return 0, nil
			})
		}
		task.Go(func() {
			_, _ = task.Offload(func() (int, error) {
				for range 9 {
					<-gate
				}
				return 0, nil
			})
		})
		if err := pool.Close(); err != nil || most.Load() > 3 || most.Load() < 1 {
			t.Errorf("Close returned %v; %d were under way at a time", err, most.Load())
		}
	})
}

// holds: 50
// A function that panics, or goes away, ends its future and nothing else.
func TestFunctionsThatDoNotReturn(t *testing.T) {
	for name, pool := range pools(1) {
		run(t, func() {
			boom := future.Submit(pool, func() (int, error) { panic("boom") })
			gone := future.Submit(pool, func() (int, error) { stdruntime.Goexit(); return 0, nil })
			fine := future.Submit(pool, func() (int, error) { return 7, nil })
			var p *task.PanicError
			if _, err := boom.Get(); !errors.As(err, &p) || p.Value != "boom" || !strings.Contains(string(p.Stack), "TestFunctionsThatDoNotReturn") {
				t.Errorf("%s: a panic became %v", name, err)
			}
			if _, err := gone.Get(); err == nil || !strings.Contains(err.Error(), "called runtime.Goexit") {
				t.Errorf("%s: a Goexit became %v", name, err)
			}
			if n, err := fine.Get(); n != 7 || err != nil {
				t.Errorf("%s: the next is %d, %v", name, n, err)
			}
		})
	}
}

// holds: 52
// A panic that nobody hears of is reported by Run, and only then.
func TestPanicThatNobodyGets(t *testing.T) {
	for name := range pools(1) {
		err := runtime.Run(func() {
			pool := pools(1)[name]
			future.Submit(pool, func() (int, error) { panic("unheard") })
			heard := future.Submit(pool, func() (int, error) { panic("heard") })
			future.Submit(pool, func() (int, error) { return 0, errFailed })
			_ = pool.Close()
			if _, err := heard.TryGet(); err == nil {
				t.Error("a panic is no error")
			}
		}, runtime.WithVirtualClock())
		s := fmt.Sprint(err)
		if !strings.Contains(s, "panicked: unheard") || strings.Contains(s, "panicked: heard") || strings.Contains(s, errFailed.Error()) {
			t.Errorf("%s: Run returned %v", name, err)
		}
	}
}

// A panic in the cleanup after a Cancel has no future to go to.
func TestPanicAfterCancel(t *testing.T) {
	err := runtime.Run(func() {
		pool := future.NewTaskPool(1)
		f := future.Submit(pool, func() (int, error) {
			defer panic("in the cleanup")
			task.Sleep(long)
			return 0, nil
		})
		task.Yield()
		f.Cancel()
		if _, err := f.Get(); err != task.ErrCanceled {
			t.Errorf("Get returned %v", err)
		}
	}, runtime.WithVirtualClock())
	if !strings.Contains(fmt.Sprint(err), "panicked: in the cleanup") {
		t.Errorf("Run returned %v", err)
	}
}

// holds: 40, 92
// Cancel kills the task of a function that has begun, and takes one that has not out
// of the queue; the places are free again.
func TestCancelInAPool(t *testing.T) {
	run(t, func() {
		begin := now()
		pool := future.NewTaskPool(1)
		cleaned := false
		first := future.Submit(pool, func() (int, error) {
			defer func() { cleaned = true }()
			defer timeout.Shield(func() { task.Sleep(time.Second) })
			task.Sleep(long)
			return 0, nil
		})
		second := future.Submit(pool, func() (int, error) { t.Error("a cancelled function ran"); return 0, nil })
		third := future.Submit(pool, func() (time.Duration, error) { return since(begin), nil })
		task.Yield()
		if !second.Cancel() || !first.Cancel() || first.Cancel() {
			t.Error("Cancel does not say whether it cancelled")
		}
		if _, err := first.Get(); err != task.ErrCanceled || cleaned {
			t.Errorf("Get returned %v; cleaned up: %v", err, cleaned)
		}
		// The place is taken until the cleanup has ended.
		if at, err := third.Get(); at != time.Second || err != nil || !cleaned {
			t.Errorf("the next began after %v, %v", at, err)
		}
		unstarted := future.Submit(pool, func() (int, error) { t.Error("a cancelled function ran"); return 0, nil })
		unstarted.Cancel()
		last := future.Submit(pool, func() (int, error) { return 7, nil })
		if n, err := last.Get(); n != 7 || err != nil {
			t.Errorf("the last is %d, %v", n, err)
		}
		// Nothing is left but what is cancelled: who waits for the end hears of it.
		pool = future.NewTaskPool(1)
		blocker := future.Submit(pool, func() (int, error) { task.Sleep(time.Second); return 0, nil })
		queued := future.Submit(pool, func() (int, error) { return 0, nil })
		task.Go(func() { task.Sleep(time.Second / 2); queued.Cancel() })
		if err := pool.Close(); err != nil || !blocker.Done() {
			t.Error(err)
		}
	})
}

// holds: 92
// A cancelled function on a plain goroutine goes on, and has its place meanwhile.
func TestCancelOnAThread(t *testing.T) {
	run(t, func() {
		pool := future.NewThreadPool(1)
		begun, gate := make(chan struct{}), make(chan struct{})
		ended := false
		first := future.Submit(pool, func() (int, error) {
			close(begun)
			<-gate
			ended = true
			return 1, nil
		})
		second := future.Submit(pool, func() (bool, error) { return ended, nil })
		_, _ = task.Offload(func() (int, error) { <-begun; return 0, nil })
		first.Cancel()
		if _, err := first.Get(); err != task.ErrCanceled {
			t.Errorf("Get returned %v", err)
		}
		task.Yield()
		if second.Done() {
			t.Error("the second began while the first had the only place")
		}
		close(gate)
		if after, err := second.Get(); !after || err != nil {
			t.Errorf("the second began after the end of the first: %v, %v", after, err)
		}
	})
}

func TestCloseAndShutdown(t *testing.T) {
	for name, pool := range pools(2) {
		run(t, func() {
			if err := pool.Close(); err != nil {
				t.Errorf("%s: Close of a new pool returned %v", name, err)
			}
			for range 2 {
				if _, err := future.Submit(pool, func() (int, error) { return 0, nil }).Get(); err != future.ErrClosed {
					t.Errorf("%s: Submit to a closed pool gives %v", name, err)
				}
				_ = pool.Shutdown()
			}
			for _, err := range future.Map(pool, slices.Values([]int{1}), func(int) (int, error) { return 0, nil }) {
				if err != future.ErrClosed {
					t.Errorf("%s: Map in a closed pool gives %v", name, err)
				}
			}
		})
	}
	run(t, func() {
		begin := now()
		pool := future.NewTaskPool(2)
		cleaned := 0
		var futures []*future.Future[int]
		for range 5 {
			futures = append(futures, future.Submit(pool, func() (int, error) {
				defer func() { cleaned++ }()
				defer timeout.Shield(func() { task.Sleep(time.Second) })
				task.Sleep(long)
				return 0, nil
			}))
		}
		futures[0].SetResult(1) // somebody meddles
		futures[4].SetResult(1)
		task.Yield()
		if err := pool.Shutdown(); err != nil || cleaned != 2 || since(begin) != time.Second {
			t.Errorf("Shutdown returned %v after %v, %d had begun", err, since(begin), cleaned)
		}
		for i, f := range futures {
			if _, err := f.TryGet(); (err == task.ErrCanceled) != (i%4 != 0) {
				t.Errorf("future %d ended with %v", i, err)
			}
		}
	})
}

// holds: 42
func TestCloseIsCancelled(t *testing.T) {
	run(t, func() {
		pool := future.NewTaskPool(1)
		f := future.Submit(pool, func() (int, error) { task.Sleep(time.Minute); return 7, nil })
		for range 2 {
			err := timeout.Run(time.Second, func() error {
				_ = pool.Close()
				return pool.Close()
			})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Close returned %v", err)
			}
		}
		if n, err := f.Get(); n != 7 || err != nil {
			t.Errorf("the future is %d, %v", n, err)
		}
		victim := task.Go(func() {
			timeout.Shield(func() { task.Sleep(time.Second) })
			_ = pool.Close()
			t.Error("Close of an idle pool is no checkpoint")
		})
		task.Yield()
		victim.Kill()
		_ = victim.Join()
	})
}

// holds: 91
// A function that never returns has its place in the loop that gave it up, and none
// in the next loop that uses the pool.
func TestPoolOnTheNextLoop(t *testing.T) {
	pool := future.NewThreadPool(1)
	gate, begun, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	err := runtime.Run(func() {
		f := future.Submit(pool, func() (int, error) {
			close(begun)
			<-gate
			close(ended)
			return 0, nil
		})
		_, _ = task.Offload(func() (int, error) { <-begun; return 0, nil })
		f.Cancel()
	}, runtime.WithGrace(time.Millisecond))
	if err == nil || !strings.Contains(err.Error(), "did not return within the grace") {
		t.Errorf("Run returned %v", err)
	}
	if err := runtime.Run(func() {
		f := future.Submit(pool, func() (int, error) { return 7, nil })
		if n, err := f.GetTimeout(10 * time.Second); n != 7 || err != nil {
			t.Errorf("in the next loop the pool gives %d, %v", n, err)
		}
	}); err != nil {
		t.Error(err)
	}
	close(gate)
	<-ended
}

// The end of the loop leaves nobody waiting, and nothing in the queue.
func TestPoolEndsWithTheLoop(t *testing.T) {
	pool := future.NewTaskPool(1)
	var futures []*future.Future[int]
	run(t, func() {
		for range 3 {
			futures = append(futures, future.Submit(pool, func() (int, error) { task.Sleep(long); return 0, nil }))
		}
		task.Yield()
		runtime.Current().Stop()
		task.Sleep(long)
	})
	for i, f := range futures {
		if _, err := f.TryGet(); !errors.Is(err, task.ErrKilled) {
			t.Errorf("future %d ended with %v", i, err)
		}
	}
	run(t, func() {
		if n, err := future.Submit(pool, func() (int, error) { return 7, nil }).Get(); n != 7 || err != nil {
			t.Errorf("in another loop the pool gives %d, %v", n, err)
		}
	})
}

// The tasks of a pool are in no block of the task that submits.
func TestPoolTasksAreFree(t *testing.T) {
	run(t, func() {
		pool := future.NewTaskPool(1)
		var f *future.Future[int]
		_ = timeout.Run(time.Second, func() error {
			f = future.Submit(pool, func() (int, error) { task.Sleep(time.Minute); return 7, nil })
			_, err := f.Get()
			return err
		})
		if n, err := f.Get(); n != 7 || err != nil {
			t.Errorf("the future is %d, %v", n, err)
		}
	})
}

// A pool of goroutines tells what they do.
func TestThreadPoolStats(t *testing.T) {
	run(t, func() {
		p := future.NewThreadPool(2)
		release := make(chan struct{})
		var all []*future.Future[int]
		for i := range 5 {
			all = append(all, future.Submit(p, func() (int, error) { <-release; return i, nil }))
		}
		task.Yield()
		if s := p.Stats(); s.Name != "thread" || s.Limit != 2 || s.Running != 2 || s.Queued != 0 || s.Total != 2 {
			t.Errorf("the pool says %+v", s)
		}
		close(release)
		for i, f := range all {
			if n, err := f.Get(); n != i || err != nil {
				t.Errorf("future %d got %d, %v", i, n, err)
			}
		}
		if s := p.Stats(); s.Running != 0 || s.Total != 5 {
			t.Errorf("the pool says %+v", s)
		}
		_ = p.Close()
	})
}
