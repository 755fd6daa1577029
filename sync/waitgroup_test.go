package sync_test

import (
	"strings"
	"testing"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

func TestWaitGroupWaitsForAll(t *testing.T) {
	explore(t, func() {
		var g sync.WaitGroup
		done := 0
		for range 3 {
			g.Go(func() {
				for range 3 {
					task.Yield()
				}
				done++
			})
		}
		g.Wait()
		if done != 3 {
			t.Errorf("%d of 3 were done", done)
		}
	})
}

// A task that never ran, since it was killed before, is done as well.
//
// holds: 40
func TestWaitGroupCountsTasksThatNeverRan(t *testing.T) {
	tasktest.Run(t, func() {
		var g sync.WaitGroup
		for range 2 {
			g.Go(func() { t.Error("a task that was killed before its start ran") })
		}
		for other := range task.All() {
			if other != task.Current() {
				other.Kill()
			}
		}
		g.Wait()
		g.Wait() // at once
		tasktest.MustCheckpoint(t, g.Wait)
	})
}

// holds: 2, 10
func TestWaitGroupUnderCancelEverywhere(t *testing.T) {
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		var g sync.WaitGroup
		for range 2 {
			g.Add(1)
			worker := s.Go(task.Yield)
			task.Go(func() { _ = worker.Join(); g.Done() })
		}
		s.Go(g.Wait)
		s.Go(g.Wait)
		s.After(g.Wait)
	})
}

func TestWaitGroupMisuse(t *testing.T) {
	tasktest.Run(t, func() {
		var g sync.WaitGroup
		if text := panicText(g.Done); !strings.Contains(text, "became negative") {
			t.Errorf("Done said %q", text)
		}
		if text := panicText(func() { g.Go(nil) }); !strings.Contains(text, "called with nil") {
			t.Errorf("Go(nil) said %q", text)
		}
		foreign(t, map[string]func(){
			"Add": func() { g.Add(1) }, "Done": g.Done, "Wait": g.Wait, "Go": func() { g.Go(func() {}) },
		})
		g.Add(2)
		runtime.Current().CallSoon(func() { g.Add(-1); g.Done() }) // a callback may
		g.Wait()
	})
	err := runtime.Run(func() {
		var g sync.WaitGroup
		g.Add(3)
		g.Wait()
	})
	if err == nil || !strings.Contains(err.Error(), "a sync.WaitGroup with 3 things to be done") {
		t.Errorf("Run returned %v", err)
	}
}
