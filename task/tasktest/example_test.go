package tasktest_test

import (
	"fmt"
	"testing"

	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/task/tasktest"
)

// t stands for the *testing.T of a test.
var t = new(testing.T)

// Three tasks take three steps each, in every order in which a loop can run them.
func ExampleExplore() {
	runs, all := tasktest.Explore(t, tasktest.Options{}, func() {
		var mu sync.Mutex
		inside := 0
		var tasks []*task.Task
		for range 3 {
			tasks = append(tasks, task.Go(func() {
				for range 3 {
					mu.Lock()
					inside++
					task.Yield()
					if inside != 1 {
						t.Errorf("%d tasks hold the lock", inside)
					}
					inside--
					mu.Unlock()
				}
			}))
		}
		for _, task := range tasks {
			_ = task.Join()
		}
	})
	fmt.Println(runs > 1, all)
	// Output: true true
}

// Whoever is cancelled at whatever moment, the other one gets the lock.
func ExampleCancelEverywhere() {
	runs := 0
	tasktest.CancelEverywhere(t, func(s *tasktest.Scene) {
		runs++
		var mu sync.Mutex
		for range 2 {
			s.Go(func() {
				mu.Lock()
				defer mu.Unlock()
				task.Yield()
			})
		}
		s.After(func() {
			if !mu.TryLock() {
				t.Error("the lock was lost")
			}
		})
	})
	fmt.Println(runs > 10, t.Failed())
	// Output: true false
}

func ExampleSequence() {
	tasktest.Run(t, func() {
		s := tasktest.Sequence(3)
		other := task.Go(func() {
			s.Step(1, func() { fmt.Println("then the other") })
		})
		s.Step(0, func() { fmt.Println("first this one") })
		s.Step(2, func() { fmt.Println("and this one again") })
		_ = other.Join()
	})
	// Output:
	// first this one
	// then the other
	// and this one again
}
