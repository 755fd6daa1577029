package future_test

import (
	"context"
	"errors"
	stdruntime "runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/future"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

var errFailed = errors.New("it failed")

func TestFirstToSetWins(t *testing.T) {
	type number = future.Future[int]
	set := map[string]func(f *number) bool{
		"SetResult": func(f *number) bool { return f.SetResult(7) },
		"SetError":  func(f *number) bool { return f.SetError(errFailed) },
		"Cancel":    (*number).Cancel,
	}
	for first, want := range map[string]error{"SetResult": nil, "SetError": errFailed, "Cancel": task.ErrCanceled} {
		run(t, func() {
			var f number // the zero value is ready
			if _, err := f.TryGet(); err == nil || f.Done() {
				t.Errorf("a new future has a result: %v", err)
			}
			if !set[first](&f) || !f.Done() {
				t.Errorf("%s did not set the future", first)
			}
			for name, again := range set {
				if again(&f) {
					t.Errorf("%s set the future after %s", name, first)
				}
			}
			for name, get := range map[string]func() (int, error){
				"Get": f.Get, "TryGet": f.TryGet, "GetTimeout": func() (int, error) { return f.GetTimeout(0) },
			} {
				if n, err := get(); err != want || n != 0 && want != nil || n != 7 && want == nil {
					t.Errorf("%s after %s returned %d, %v", name, first, n, err)
				}
			}
		})
	}
}

// holds: 5
// All who wait get the result, in order; a time limit is kept to the nanosecond and
// leaves the future as it is.
func TestGetWaits(t *testing.T) {
	run(t, func() {
		begin := now()
		f := future.New[string]()
		got := ""
		for _, name := range []string{"a", "b", "c"} {
			task.Go(func() {
				if s, err := f.Get(); s != "x" || err != nil {
					t.Errorf("Get returned %q, %v", s, err)
				}
				got += name
			})
		}
		for _, d := range []time.Duration{time.Minute, 0, -long} {
			var e *timeout.Error
			if _, err := f.GetTimeout(d); !errors.As(err, &e) || e.After != d || since(begin) != time.Minute {
				t.Errorf("GetTimeout(%v) returned %v after %v", d, err, since(begin))
			}
		}
		task.Go(func() { task.Sleep(time.Minute); f.SetResult("x") })
		if s, err := f.GetTimeout(long); s != "x" || err != nil || since(begin) != 2*time.Minute {
			t.Errorf("GetTimeout returned %q, %v after %v", s, err, since(begin))
		}
		if got != "abc" {
			t.Errorf("those who waited came as %s", got)
		}
	})
}

// holds: 42, 46
// A task that is cancelled stops waiting; one that has been given the result gets
// it, and is cancelled at its next checkpoint.
func TestGetIsCancelled(t *testing.T) {
	run(t, func() {
		f := future.New[int]()
		victim := task.Go(func() { _, _ = f.Get(); t.Error("Get returned in a killed task") })
		var err error
		expired := task.Go(func() {
			_ = timeout.Run(time.Second, func() error { _, err = f.Get(); return nil })
		})
		task.Yield()
		victim.Kill()
		if err := victim.Join(); !errors.Is(err, task.ErrKilled) {
			t.Errorf("the task ended with %v", err)
		}
		_ = expired.Join()
		if !errors.Is(err, context.DeadlineExceeded) || f.Done() {
			t.Errorf("Get returned %v; the future is done: %v", err, f.Done())
		}
		var late *task.Task
		got := 0
		late = task.Go(func() {
			got, _ = f.Get()
			task.Yield()
			t.Error("the kill was not felt")
		})
		task.Yield()
		f.SetResult(7)
		late.Kill()
		_ = late.Join()
		if got != 7 {
			t.Errorf("the task was given the result, then killed, and got %d", got)
		}
		// Also where there is nothing to wait for, Get is a checkpoint.
		checked := task.Go(func() {
			timeout.Shield(func() { task.Sleep(time.Second) })
			_, _ = f.Get()
			t.Error("Get of a future that is done is no checkpoint")
		})
		task.Yield()
		checked.Kill()
		_ = checked.Join()
	})
}

func TestOnDone(t *testing.T) {
	run(t, func() {
		f := future.New[int]()
		var got []int
		note := func(n int) func(*future.Future[int]) {
			return func(f *future.Future[int]) {
				v, err := f.TryGet()
				if v != 7 || err != nil || task.Current() != nil {
					t.Errorf("the callback sees %d, %v in task %v", v, err, task.Current())
				}
				got = append(got, n)
			}
		}
		f.OnDone(note(1))
		f.OnDone(note(2))
		task.Yield()
		f.SetResult(7)
		f.OnDone(note(3))
		if got != nil {
			t.Error("a callback ran at once")
		}
		task.Yield()
		if !slices.Equal(got, []int{1, 2, 3}) {
			t.Errorf("the callbacks ran as %v", got)
		}
	})
}

// A future may be set by a callback, and so from outside by CallThreadsafe.
func TestSetFromOutside(t *testing.T) {
	run(t, func() {
		f := future.New[int]()
		l := runtime.Current()
		release := l.Hold()
		go func() {
			defer release()
			_, _ = l.CallThreadsafe(func() { f.SetResult(7) })
		}()
		if n, err := f.Get(); n != 7 || err != nil {
			t.Errorf("Get returned %d, %v", n, err)
		}
	})
}

// holds: 94
func TestFuturesElsewhere(t *testing.T) {
	var f *future.Future[int]
	tasks, threads := future.NewTaskPool(1), future.NewThreadPool(1)
	compute := func() (int, error) { return 0, nil }
	calls := map[string]func(){
		"Future.Get":          func() { _, _ = f.Get() },
		"Future.GetTimeout":   func() { _, _ = f.GetTimeout(1) },
		"Future.TryGet":       func() { _, _ = f.TryGet() },
		"Future.Done":         func() { f.Done() },
		"Future.SetResult":    func() { f.SetResult(1) },
		"Future.SetError":     func() { f.SetError(errFailed) },
		"Future.Cancel":       func() { f.Cancel() },
		"Future.OnDone":       func() { f.OnDone(func(*future.Future[int]) {}) },
		"future.Submit":       func() { future.Submit(tasks, compute) },
		"TaskPool.Close":      func() { _ = tasks.Close() },
		"TaskPool.Shutdown":   func() { _ = tasks.Shutdown() },
		"ThreadPool.Close":    func() { _ = threads.Close() },
		"ThreadPool.Shutdown": func() { _ = threads.Shutdown() },
		"future.Wait":         func() { future.Wait(future.All, f) },
		"future.WaitTimeout":  func() { future.WaitTimeout(1, future.All, f) },
		"future.AsCompleted":  func() { future.AsCompleted(f)(nil) },
		"future.Map": func() {
			future.Map(tasks, slices.Values([]int{1}), func(int) (int, error) { return 0, nil })(nil)
		},
	}
	run(t, func() {
		f = future.New[int]()
		future.Submit(tasks, compute)
		future.Submit(threads, compute)
		for name, call := range calls {
			s, _ := task.Offload(func() (string, error) {
				s, _ := panicOf(call).(string)
				return s, nil
			})
			if !strings.HasPrefix(s, "evergreen: "+name+" was called ") || !strings.Contains(s, "Loop.Do") {
				t.Errorf("%s on a plain goroutine panics with %q", name, s)
			}
			_, _ = task.Offload(func() (int, error) {
				return 0, runtime.Run(func() {
					s, _ := panicOf(call).(string)
					if !strings.HasPrefix(s, "evergreen: "+name+" was called ") || !strings.Contains(s, "Loop.Do") || !strings.Contains(s, "Loop.CallThreadsafe") {
						t.Errorf("%s in another loop panics with %q", name, s)
					}
				})
			})
		}
		f.SetResult(7)
	})
	// When the run is over anybody may read.
	if n, err := f.TryGet(); n != 7 || err != nil || !f.Done() {
		t.Errorf("after the run the future has %d, %v", n, err)
	}
	var zero future.Future[int]
	if zero.Done() {
		t.Error("the zero future is done")
	}
}

func TestMisuse(t *testing.T) {
	run(t, func() {
		f, pool := future.New[int](), future.NewTaskPool(1)
		for want, call := range map[string]func(){
			"Future.SetError was called with nil":        func() { f.SetError(nil) },
			"Future.OnDone was called with nil":          func() { f.OnDone(nil) },
			"future.Submit was called with nil":          func() { future.Submit[int](pool, nil) },
			"future.NewTaskPool was called with 0":       func() { future.NewTaskPool(0) },
			"future.NewThreadPool was called with -1":    func() { future.NewThreadPool(-1) },
			"future.Wait was called with a mode":         func() { future.Wait(9, f) },
			"future.WaitTimeout was called with a mode ": func() { future.WaitTimeout(1, 9, f) },
		} {
			if s, _ := panicOf(call).(string); !strings.HasPrefix(s, "evergreen: "+want) {
				t.Errorf("%q, want %q", s, want)
			}
		}
	})
}

// holds: 100
// What a report says of those who wait for futures.
func TestWaitingForFutures(t *testing.T) {
	err := runtime.Run(func() {
		pool := future.NewTaskPool(1)
		stuck := func() (int, error) { return future.New[int]().Get() }
		first, second := future.Submit(pool, stuck), future.Submit(pool, stuck)
		for _, wait := range []func(){
			func() { _, _ = first.Get() },
			func() { _, _ = second.Get() },
			func() { future.Wait(future.All, first, second) },
			func() { _ = pool.Close() },
		} {
			task.Go(wait)
		}
	}, runtime.WithVirtualClock())
	var d *runtime.DeadlockError
	if !errors.As(err, &d) {
		t.Fatalf("Run returned %v", err)
	}
	want := []string{
		"a future/", "a future/task 2", "a future in the queue of a pool/task 2", "2 of 2 futures/", "the 2 functions of a pool/task 2",
	}
	var got []string
	for _, b := range d.Tasks {
		got = append(got, b.On+"/"+b.Holder)
		if !strings.Contains(b.Spawned, "future_test.go:") {
			t.Errorf("spawned at %s", b.Spawned)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the tasks wait for %q", got)
	}
	stdruntime.KeepAlive(d)
}
