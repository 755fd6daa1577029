package tasktest_test

import (
	"slices"
	"testing"

	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// A task is struck before its first step and at each of its checkpoints, and no run is
// spent on what comes before it or after it.
func TestTasksAreStruckWhileTheyLive(t *testing.T) {
	const checkpoints, ways = 3, 3
	idle := func() {
		for range 100 {
			task.Yield()
		}
	}
	runs := 0
	var got []int // how many checkpoints each victim has passed
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		runs++
		idle()
		passed := 0
		victim := s.Go(func() {
			for range checkpoints {
				task.Yield()
				passed++
			}
		})
		_ = victim.Join()
		idle()
		s.After(func() { got = append(got, passed) })
	})
	// Two moments more than checkpoints: before the first step, and when it is all over.
	if most := 1 + ways*(checkpoints+2); runs > most {
		t.Errorf("it took %d runs, want at most %d", runs, most)
	}
	for passed := range checkpoints + 1 {
		if !slices.Contains(got, passed) {
			t.Errorf("no run ended the task after %d checkpoints: %v", passed, got)
		}
	}
}
