package task_test

import (
	"slices"
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// holds: 5, 38
func TestSleepTakesItsTime(t *testing.T) {
	run(t, func() {
		for d, want := range map[time.Duration]time.Duration{
			0: 0, -1: 0, -1 << 63: 0, 1: 1, time.Second: time.Second, 100 * 365 * 24 * time.Hour: 100 * 365 * 24 * time.Hour,
		} {
			begin := now()
			task.Sleep(d)
			if got := since(begin); got != want {
				t.Errorf("Sleep(%v) took %v", d, got)
			}
		}
		forever := task.Go(func() { task.Sleep(1<<63 - 1) })
		task.Sleep(100 * long)
		if !forever.Alive() {
			t.Error("the longest sleep has ended")
		}
		forever.Kill()
	})
}

// holds: 33
func TestSleepersWakeInOrder(t *testing.T) {
	run(t, func() {
		var got []int
		for i := range 100 {
			task.Go(func() {
				task.Sleep(time.Duration(i%10) * time.Second)
				got = append(got, i%10*1000+i)
			})
		}
		task.Sleep(time.Minute)
		if len(got) != 100 || !slices.IsSorted(got) {
			t.Errorf("the sleepers woke as %v", got)
		}
	})
}

// holds: 35, 61
// A loop of Sleep(0) or Yield lets timers, callbacks, foreign calls and other tasks
// get on.
func TestYieldingForeverStarvesNobody(t *testing.T) {
	for name, wait := range map[string]func(){"Yield": task.Yield, "Sleep(0)": func() { task.Sleep(0) }} {
		if err := runtime.Run(func() {
			l := runtime.Current()
			timer, callback, foreign, other := false, false, false, false
			l.CallLater(time.Millisecond, func() { timer = true })
			l.CallSoon(func() { callback = true })
			release := l.Hold()
			go func() {
				_, _ = l.CallThreadsafe(func() { foreign = true })
				release()
			}()
			task.Go(func() {
				task.Sleep(time.Millisecond)
				other = true
			})
			for !timer || !callback || !foreign || !other {
				wait()
			}
		}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// holds: 53
func TestYieldLetsEverybodyRunOnce(t *testing.T) {
	run(t, func() {
		var got []int
		for i := range 200 {
			task.Go(func() {
				for range 3 {
					got = append(got, i)
					task.Yield()
				}
			})
		}
		for round := range 3 {
			task.Yield()
			if len(got) != 200*(round+1) || !slices.IsSorted(got[200*round:]) {
				t.Errorf("after %d yields the tasks had run as %v", round+1, got)
			}
		}
	})
}

// holds: 3
func TestGoOnlyQueues(t *testing.T) {
	run(t, func() {
		ran := 0
		for range 1000 {
			task.Go(func() { ran++ })
		}
		if ran != 0 {
			t.Error("a task ran before the one that spawned it came to a checkpoint")
		}
		task.Yield()
		if ran != 1000 {
			t.Errorf("%d of 1000 tasks ran", ran)
		}
	})
}

func TestGoAfterStartsInTime(t *testing.T) {
	run(t, func() {
		begin := now()
		var took []time.Duration
		for _, d := range []time.Duration{time.Minute, 0, -long, time.Second} {
			task.GoAfter(d, func() { took = append(took, since(begin)) })
		}
		task.Sleep(long)
		want := []time.Duration{0, 0, time.Second, time.Minute}
		if !slices.Equal(took, want) {
			t.Errorf("the tasks started after %v, want %v", took, want)
		}
	})
}
