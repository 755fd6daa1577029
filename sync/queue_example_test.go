package sync_test

import (
	"fmt"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/sync"
	"github.com/evergreen-go/evergreen/task"
)

func ExampleQueue() {
	_ = runtime.Run(func() {
		jobs := sync.NewQueue[string](2) // at most two wait to be done
		for range 2 {
			task.Go(func() {
				for job := range jobs.All() {
					fmt.Println(job, "done")
					jobs.TaskDone()
				}
			})
		}
		for _, job := range []string{"wash", "dry", "fold"} {
			_ = jobs.Put(job)
		}
		_ = jobs.Join()
		fmt.Println("all done")
		jobs.Shutdown(false)
	})
	// Output:
	// wash done
	// dry done
	// fold done
	// all done
}

func ExampleLifoQueue() {
	_ = runtime.Run(func() {
		plates := sync.NewLifoQueue[string](0)
		_, _ = plates.Put("first"), plates.Put("last")
		plate, _ := plates.Get()
		fmt.Println(plate)
	})
	// Output: last
}

func ExamplePriorityQueue() {
	_ = runtime.Run(func() {
		patients := sync.NewPriorityQueue(0, func(a, b string) bool { return len(a) < len(b) })
		_, _, _ = patients.Put("a long story"), patients.Put("short"), patients.Put("brief")
		patients.Shutdown(false)
		for p := range patients.All() {
			fmt.Println(p)
		}
	})
	// Output:
	// short
	// brief
	// a long story
}

// A plain goroutine hands lines to a task.
func ExampleSharedQueue() {
	lines := sync.NewSharedQueue[string](10)
	go func() {
		defer lines.Shutdown(false)
		_ = lines.Put("from")
		_ = lines.Put("elsewhere")
	}()
	_ = runtime.Run(func() {
		for {
			line, err := lines.Get() // other tasks run while this one waits
			if err != nil {
				return
			}
			fmt.Println(line)
		}
	})
	// Output:
	// from
	// elsewhere
}
