package future_test

import (
	"errors"
	"fmt"
	stdruntime "runtime"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/future"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// later makes futures that are done so many seconds from now, each with its number;
// one of them with an error.
func later(failing int, seconds ...int) []*future.Future[int] {
	var futures []*future.Future[int]
	for i, s := range seconds {
		f := future.New[int]()
		futures = append(futures, f)
		task.GoAfter(time.Duration(s)*time.Second, func() {
			if i == failing {
				f.SetError(errFailed)
			} else {
				f.SetResult(i)
			}
		})
	}
	return futures
}

func TestWait(t *testing.T) {
	for _, c := range []struct {
		mode          future.Mode
		failing       int
		limit         time.Duration
		took          time.Duration
		done, pending string
	}{
		{future.All, -1, 0, 3 * time.Second, "[0 1 2]", "[]"},
		{future.All, 2, 0, 3 * time.Second, "[0 1 2]", "[]"},
		{future.FirstCompleted, -1, 0, time.Second, "[2]", "[0 1]"},
		{future.FirstError, 0, 0, 2 * time.Second, "[0 2]", "[1]"},
		{future.FirstError, 2, 0, time.Second, "[2]", "[0 1]"},
		{future.FirstError, -1, 0, 3 * time.Second, "[0 1 2]", "[]"},
		{future.All, -1, 2500 * time.Millisecond, 2500 * time.Millisecond, "[0 2]", "[1]"},
		{future.All, -1, -1, 0, "[]", "[0 1 2]"},
		{future.FirstCompleted, -1, long, time.Second, "[2]", "[0 1]"},
	} {
		run(t, func() {
			futures := later(c.failing, 2, 3, 1)
			begin := now()
			var done, pending []*future.Future[int]
			if c.limit != 0 {
				done, pending = future.WaitTimeout(c.limit, c.mode, futures...)
			} else {
				done, pending = future.Wait(c.mode, futures...)
			}
			numbers := func(some []*future.Future[int]) string {
				n := []int{}
				for _, f := range some {
					for i := range futures {
						if f == futures[i] {
							n = append(n, i)
						}
					}
				}
				return fmt.Sprint(n)
			}
			if numbers(done) != c.done || numbers(pending) != c.pending || since(begin) != c.took {
				t.Errorf("%+v: %s and %s after %v", c, numbers(done), numbers(pending), since(begin))
			}
			task.Sleep(time.Minute)
			begin = now()
			if done, _ := future.Wait(c.mode, futures...); len(done) != 3 || since(begin) != 0 {
				t.Errorf("%+v: when all are done Wait took %v", c, since(begin))
			}
		})
	}
}

func TestWaitForNoneAndForSeveralTypes(t *testing.T) {
	run(t, func() {
		for _, mode := range []future.Mode{future.All, future.FirstCompleted, future.FirstError} {
			if done, pending := future.Wait[*future.Future[int]](mode); done != nil || pending != nil {
				t.Errorf("of no futures %v are done and %v are not", done, pending)
			}
		}
		n, s := future.New[int](), future.New[string]()
		task.GoAfter(time.Second, func() { s.SetResult("x") })
		done, pending := future.Wait[future.Any](future.FirstCompleted, n, s)
		if len(done) != 1 || done[0] != s || len(pending) != 1 || pending[0] != n {
			t.Errorf("%v are done and %v are not", done, pending)
		}
		failed := future.New[int]()
		failed.SetError(errFailed)
		if done, _ := future.Wait(future.FirstError, n, failed); len(done) != 1 || done[0] != failed {
			t.Errorf("%v are done where one has failed before", done)
		}
		// One future twice is two places.
		if done, _ := future.Wait(future.All, s, s); len(done) != 2 {
			t.Errorf("%d are done", len(done))
		}
		task.GoAfter(time.Second, func() { n.SetResult(1) })
		if done, _ := future.Wait(future.All, n, n); len(done) != 2 {
			t.Errorf("%d are done", len(done))
		}
	})
}

// holds: 42, 45
// Waits are checkpoints, whether they have to wait or not, and leave nothing behind
// in the futures when they are cancelled.
func TestWaitsAreCancelled(t *testing.T) {
	run(t, func() {
		ready, never := future.New[int](), future.New[int]()
		ready.SetResult(1)
		for name, wait := range map[string]func(){
			"Wait":                func() { future.Wait(future.All, never, ready) },
			"Wait, done":          func() { future.Wait(future.All, ready) },
			"WaitTimeout":         func() { future.WaitTimeout(long, future.All, never) },
			"AsCompleted":         func() { future.AsCompleted(never, never)(func(*future.Future[int]) bool { return true }) },
			"AsCompleted, done":   func() { future.AsCompleted(ready)(func(*future.Future[int]) bool { return true }) },
			"AsCompleted, killed": func() { future.AsCompleted(ready, never)(func(*future.Future[int]) bool { return true }) },
		} {
			for _, before := range []bool{true, false} {
				victim := task.Go(func() {
					if before {
						timeout.Shield(func() { task.Sleep(time.Second) })
					}
					wait()
					if before || name != "Wait, done" && name != "AsCompleted, done" {
						t.Errorf("%s returned in a killed task", name)
					}
				})
				task.Yield()
				victim.Kill()
				_ = victim.Join()
			}
		}
		never.SetResult(1) // nobody who has gone is told
	})
}

func TestAsCompleted(t *testing.T) {
	run(t, func() {
		begin := now()
		futures := later(1, 3, 1, 2, 0, 1)
		task.Sleep(0)
		var got []int
		var times []int
		for f := range future.AsCompleted(futures...) {
			n, err := f.Get()
			if err != nil {
				n = -1
			}
			got, times = append(got, n), append(times, int(since(begin)/time.Second))
			if len(got) == 2 {
				task.Sleep(2 * time.Second) // others come meanwhile, in their order
			}
		}
		if fmt.Sprint(got, times) != "[3 -1 4 2 0] [0 1 3 3 3]" {
			t.Errorf("they came as %v at %v", got, times)
		}
		got = nil
		for f := range future.AsCompleted(append(later(-1, 5, 1), futures[3])...) {
			n, _ := f.Get()
			if got = append(got, n); len(got) == 2 {
				break
			}
		}
		if fmt.Sprint(got) != "[3 1]" {
			t.Errorf("they came as %v", got)
		}
	})
}

func inUse() uint64 {
	stdruntime.GC()
	var m stdruntime.MemStats
	stdruntime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A thousand waits for some futures of which one is never done leave no trace in it,
// and cost no more each than the first.
func TestManyWaits(t *testing.T) {
	run(t, func() {
		never := future.New[int]()
		for range 1000 {
			f := later(-1, 0)[0]
			if done, _ := future.Wait(future.FirstCompleted, never, f); len(done) != 1 {
				t.Errorf("%d are done", len(done))
			}
			for range future.AsCompleted(f, never) {
				break
			}
		}
		// Each of these would leave some six kilobytes.
		ready := future.New[int]()
		ready.SetResult(1)
		many := []*future.Future[int]{ready}
		for range 100 {
			many = append(many, never)
		}
		before := inUse()
		for range 1000 {
			future.Wait(future.FirstCompleted, many...)
			for range future.AsCompleted(many...) {
				break
			}
		}
		if more := int64(inUse() - before); more > 2<<20 {
			t.Errorf("the waits have left %d bytes", more)
		}
		woken := 0
		task.Go(func() {
			if _, err := never.Get(); errors.Is(err, errFailed) {
				woken++
			}
		})
		task.Go(func() { future.Wait(future.All, never); woken++ })
		task.Go(func() { future.Wait(future.FirstError, never); woken++ })
		task.Yield()
		never.SetError(errFailed)
		task.Yield()
		if woken != 3 {
			t.Errorf("%d of 3 were woken", woken)
		}
	})
}
