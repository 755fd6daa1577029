package task_test

import (
	"strings"
	"testing"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
)

// holds: 94
// Every call that needs a task says so elsewhere, by name, and what to do.
func TestCallsOutsideATask(t *testing.T) {
	var other *task.Task
	run(t, func() { other = task.Go(func() {}) })
	nothing := func() {}
	const begin = "start the program's first task with runtime.Run"
	for name, c := range map[string]struct {
		call   func()
		advice string
	}{
		"task.Go":          {func() { task.Go(nothing) }, begin},
		"task.GoAfter":     {func() { task.GoAfter(1, nothing) }, begin},
		"task.Sleep":       {func() { task.Sleep(1) }, begin},
		"task.Yield":       {task.Yield, begin},
		"task.Offload":     {func() { _, _ = task.Offload(func() (int, error) { return 0, nil }) }, begin},
		"Task.Join":        {func() { _ = other.Join() }, begin},
		"Task.JoinTimeout": {func() { _ = other.JoinTimeout(1) }, begin},
		"Task.Kill":        {other.Kill, "use Loop.CallThreadsafe or Loop.Do of that loop"},
		"Task.SetName":     {func() { other.SetName("x") }, "use Loop.CallThreadsafe or Loop.Do of that loop"},
	} {
		s, _ := panicOf(c.call).(string)
		if !strings.HasPrefix(s, "evergreen: "+name+" was called outside") || !strings.Contains(s, c.advice) {
			t.Errorf("%s on a plain goroutine panics with %q", name, s)
		}
	}
	if task.Current() != nil {
		t.Error("a plain goroutine has a current task")
	}
	if other.Alive() || other.ID() != 2 || other.Name() != "task 2" {
		t.Error("a task that has ended cannot be asked for its number")
	}
}

// holds: 94
func TestKillFromAForeignGoroutineIsRefused(t *testing.T) {
	run(t, func() {
		victim := task.Go(func() { task.Sleep(long) })
		s, _ := task.Offload(func() (string, error) {
			s, _ := panicOf(victim.Kill).(string)
			return s, nil
		})
		if !strings.Contains(s, "Task.Kill was called outside the loop that the task belongs to") || !victim.Alive() {
			t.Errorf("Kill on a plain goroutine panics with %q", s)
		}
		if _, err := task.Offload(func() (int, error) {
			return 0, nil
		}); err != nil {
			t.Error(err)
		}
		victim.Kill()
	})
	// In a callback there is no task, but the baton: that is enough for a kill.
	run(t, func() {
		victim := task.Go(func() { task.Sleep(long) })
		runtime.Current().CallSoon(victim.Kill)
		_ = victim.Join()
	})
}

// What a task is now is read in its loop, or when the run is over.
func TestTaskIsReadInItsLoop(t *testing.T) {
	var ended *task.Task
	run(t, func() {
		ended = task.Current()
		for name, read := range map[string]func(){
			"Task.Alive": func() { ended.Alive() },
			"Task.Name":  func() { ended.Name() },
		} {
			s, _ := task.Offload(func() (string, error) {
				s, _ := panicOf(read).(string)
				return s, nil
			})
			if !strings.Contains(s, name+" was called from a goroutine outside the loop") {
				t.Errorf("%s on a plain goroutine panics with %q", name, s)
			}
		}
	})
	if ended.Alive() || ended.Name() != "main" {
		t.Errorf("after the run the task is alive: %v, and its name %q", ended.Alive(), ended.Name())
	}
}
