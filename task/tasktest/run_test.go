package tasktest_test

import (
	"testing"
	"time"

	"github.com/evergreen-go/evergreen/internal/kernel"
	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

const long = time.Hour

// stuck parks the task for ever.
func stuck() {
	me := kernel.Running()
	me.Park(kernel.Plain("what never comes"), 0)
	me.Unwind()
}

func TestRunIsOnTheVirtualClock(t *testing.T) {
	ran := false
	tasktest.Run(t, func() {
		begin := runtime.Current().Now()
		task.Sleep(long)
		if d := runtime.Current().Now().Sub(begin); d != long {
			t.Errorf("%v have passed, want %v", d, long)
		}
		ran = true
	})
	if !ran {
		t.Error("the function did not run to its end")
	}
}

func TestRunFailsOnADeadlock(t *testing.T) {
	mustFail(t, func(t testing.TB) { tasktest.Run(t, stuck) },
		"deadlock", "main waits for what never comes", "EVERGREEN_SCHEDULE=seed:", "go test -run '^TestRunFailsOnADeadlock$' github.com/evergreen-go/evergreen/task/tasktest")
}

func TestRunFailsOnAPanic(t *testing.T) {
	mustFail(t, func(t testing.TB) {
		tasktest.Run(t, func() { _ = task.Go(func() { panic("oh no") }).Join() })
	}, "oh no", "TestRunFailsOnAPanic")
}

func TestRunFailsOnWhatIsLeftBehind(t *testing.T) {
	for name, c := range map[string]struct {
		leave func()
		says  string
	}{
		"a parked task":   {func() { task.Go(stuck).SetName("forgotten") }, "forgotten was left behind when the test's function returned, waiting for what never comes (spawned at "},
		"a sleeping task": {func() { task.Go(func() { task.Sleep(long) }) }, "waiting for a sleep"},
		"a task to come":  {func() { task.GoAfter(long, func() {}) }, "left behind"},
		"a timer":         {func() { runtime.Current().CallLater(long, func() {}) }, "1 timers"},
		"a place in a queue": {func() {
			t := kernel.Running()
			new(kernel.WaitList).Add(new(kernel.Waiter), t)
		}, "1 places in queues"},
		"a hold": {func() { runtime.Current().CallSoon(func() { panic("in a callback") }) }, "in a callback"},
	} {
		t.Run(name, func(t *testing.T) {
			mustFail(t, func(t testing.TB) { tasktest.Run(t, c.leave) }, c.says)
		})
	}
}

// A task that is about to end when main returns is not left behind.
func TestRunWaitsForTasksThatEnd(t *testing.T) {
	ended := false
	tasktest.Run(t, func() {
		task.Go(func() {
			for range 10 {
				task.Yield()
			}
			ended = true
		})
	})
	if !ended {
		t.Error("the task was not run to its end")
	}
}

// FailNow in a task says what was wrong; nothing has to be added but the command.
func TestRunWithFailNow(t *testing.T) {
	d := mustFail(t, func(t testing.TB) {
		tasktest.Run(t, func() { t.Fatal("enough") })
	}, "enough", "EVERGREEN_SCHEDULE=seed:")
	if len(d.said) != 2 {
		t.Errorf("it says more than needed:\n%s", d.text())
	}
}

// Skip in a task skips the test.
func TestRunWithSkip(t *testing.T) {
	var skipped *testing.T
	t.Run("skips", func(t *testing.T) {
		skipped = t
		tasktest.Run(t, func() { t.Skip("as it should") })
	})
	if !skipped.Skipped() || skipped.Failed() {
		t.Errorf("it is skipped: %v, it has failed: %v", skipped.Skipped(), skipped.Failed())
	}
}

// order returns the order in which three tasks took three steps each.
func order(steps *string) func() {
	return func() {
		*steps = ""
		var tasks []*task.Task
		for i := range 3 {
			tasks = append(tasks, task.Go(func() {
				for range 3 {
					*steps += string(rune('a' + i))
					task.Yield()
				}
			}))
		}
		for _, t := range tasks {
			_ = t.Join()
		}
	}
}

// holds: 106
func TestRunRepeatsWhatTheEnvironmentSays(t *testing.T) {
	var first, again string
	for _, schedule := range []string{"fifo", "seed:7", "pct:7", "trace:1.0.1", "trace:", "trace:9.9.9.9.9"} {
		t.Setenv("EVERGREEN_SCHEDULE", schedule)
		tasktest.Run(t, order(&first))
		tasktest.Run(t, order(&again))
		if first != again || len(first) != 9 {
			t.Errorf("%s gives %s and then %s", schedule, first, again)
		}
		switch schedule {
		case "fifo", "trace:":
			if first != "abcabcabc" {
				t.Errorf("first come first served gives %s", first)
			}
		case "trace:1.0.1":
			if first == "abcabcabc" {
				t.Errorf("the choices make no difference")
			}
		}
	}
	for _, schedule := range []string{"seed:x", "pct:", "trace:1.x", "lifo"} {
		t.Setenv("EVERGREEN_SCHEDULE", schedule)
		for _, f := range []func(testing.TB){
			func(t testing.TB) { tasktest.Run(t, func() {}) },
			func(t testing.TB) { tasktest.Explore(t, tasktest.Options{}, func() {}) },
			func(t testing.TB) { tasktest.CancelEverywhere(t, func(*tasktest.Scene) {}) },
		} {
			mustFail(t, f, schedule, "give fifo, seed:N")
		}
	}
}
