package tasktest_test

import (
	"strings"
	"testing"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// holds: 105
func TestWaitAllParkedComesBeforeTheClock(t *testing.T) {
	tasktest.Run(t, func() {
		begin, steps := runtime.Current().Now(), 0
		sleeper := task.Go(func() { task.Sleep(long); steps += 100 })
		busy := task.Go(func() {
			for range 200 {
				steps++
				task.Yield()
			}
		})
		tasktest.WaitAllParked()
		if steps != 200 || runtime.Current().Now() != begin {
			t.Errorf("%d steps, the clock has moved by %v", steps, runtime.Current().Now().Sub(begin))
		}
		_, _ = busy.Join(), sleeper.Join()
	})
}

func TestWaitAllParkedHeedsAKill(t *testing.T) {
	tasktest.Run(t, func() {
		waits := task.Go(func() {
			tasktest.WaitAllParked()
			t.Error("it returned in a killed task")
		})
		waits.Kill()
		_ = waits.Join()
		waits = task.Go(func() {
			task.Current().Kill()
		})
		_ = waits.Join()
	})
}

func TestSequence(t *testing.T) {
	got := ""
	tasktest.Explore(t, tasktest.Options{Orders: 300, Seeds: 100, PCT: 50}, func() {
		got = ""
		s := tasktest.Sequence(6)
		step := func(i int) { s.Step(i, func() { task.Yield(); got += string(rune('0' + i)) }) }
		a := task.Go(func() { step(0); step(3); step(5) })
		b := task.Go(func() { step(1); step(2); step(4) })
		_, _ = a.Join(), b.Join()
		if got != "012345" || !s.Done() {
			t.Errorf("the steps were taken in the order %s", got)
		}
	})
	tasktest.Run(t, func() {
		s := tasktest.Sequence(2)
		s.Step(0, func() {})
		for _, i := range []int{0, 2, -1} {
			func() {
				defer func() {
					if r, _ := recover().(string); !strings.Contains(r, "each step is done once") {
						t.Errorf("step %d: it said %q", i, r)
					}
				}()
				s.Step(i, func() {})
			}()
		}
		if s.Done() {
			t.Error("a step is left")
		}
	})
}

// A step that is killed is over; one that waits for its turn goes without it.
func TestSequenceWithKills(t *testing.T) {
	tasktest.Run(t, func() {
		s := tasktest.Sequence(2)
		first := task.Go(func() { s.Step(0, func() { task.Sleep(long) }) })
		tasktest.WaitAllParked()
		second := task.Go(func() { s.Step(1, func() {}) })
		tasktest.WaitAllParked()
		first.Kill()
		_ = second.Join()
		if !s.Done() {
			t.Error("the second step was not taken")
		}
		s = tasktest.Sequence(2)
		second = task.Go(func() { s.Step(1, func() { t.Error("taken in a killed task") }) })
		tasktest.WaitAllParked()
		second.Kill()
		_ = second.Join()
		doomed := task.Go(func() {
			defer func() {
				s.Step(0, func() { t.Error("taken in a killed task") })
			}()
			task.Sleep(long)
		})
		tasktest.WaitAllParked()
		doomed.Kill()
		_ = doomed.Join()
	})
}

func TestMustCheckpoint(t *testing.T) {
	tasktest.Run(t, func() {
		other := task.Go(func() {})
		tasktest.MustCheckpoint(t, task.Yield)
		tasktest.MustCheckpoint(t, func() { _ = other.Join() })
		tasktest.MustCheckpoint(t, func() { _ = other.Join() }) // also when there is nothing to wait for
		tasktest.MustNotCheckpoint(t, func() { other.Kill() })
		tasktest.MustNotCheckpoint(t, func() { _ = task.Go(func() {}) })
	})
	mustFail(t, func(t testing.TB) {
		tasktest.Run(t, func() { tasktest.MustCheckpoint(t, func() {}) })
	}, "came to no checkpoint")
	mustFail(t, func(t testing.TB) {
		tasktest.Run(t, func() { tasktest.MustNotCheckpoint(t, task.Yield) })
	}, "another task may have run")
}
