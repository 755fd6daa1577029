package task_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

func ExampleGo() {
	err := runtime.Run(func() {
		worker := task.Go(func() {
			fmt.Println("the worker works")
		})
		fmt.Println("main goes on")
		if err := worker.Join(); err != nil {
			fmt.Println(err)
		}
		fmt.Println("the worker has ended")
	})
	fmt.Println(err)
	// Output:
	// main goes on
	// the worker works
	// the worker has ended
	// <nil>
}

func ExampleTask_Kill() {
	_ = runtime.Run(func() {
		clock := task.Go(func() {
			defer fmt.Println("deferred calls run")
			for {
				task.Sleep(time.Second)
				fmt.Println("tick")
			}
		})
		task.Sleep(2500 * time.Millisecond)
		clock.Kill()
		fmt.Println(errors.Is(clock.Join(), task.ErrKilled))
	}, runtime.WithVirtualClock())
	// Output:
	// tick
	// tick
	// deferred calls run
	// true
}

// Reading a file blocks the thread, and with it all tasks, unless it is offloaded.
func ExampleOffload() {
	dir, err := os.MkdirTemp("", "evergreen")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "file")
	if err := os.WriteFile(name, []byte("contents"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	_ = runtime.Run(func() {
		text, err := task.Offload(func() ([]byte, error) { return os.ReadFile(name) })
		fmt.Printf("%s %v\n", text, err)
	})
	// Output: contents <nil>
}

// The first error cancels the others; Wait returns when all have ended.
func ExampleGroup() {
	_ = runtime.Run(func() {
		g := task.NewGroup()
		g.Go(func() error {
			defer fmt.Println("the first one cleans up")
			task.Sleep(time.Hour)
			return nil
		})
		g.Go(func() error {
			task.Sleep(time.Second)
			return errors.New("no such page")
		})
		fmt.Println(g.Wait())
	}, runtime.WithVirtualClock())
	// Output:
	// the first one cleans up
	// evergreen: a task of the group failed: no such page
}

func ExampleGroupError() {
	_ = runtime.Run(func() {
		g := task.NewGroup()
		for range 2 {
			g.Go(func() error { return os.ErrNotExist })
		}
		err := g.Wait()
		fmt.Println(errors.Is(err, os.ErrNotExist))
		var e *task.GroupError
		if errors.As(err, &e) {
			fmt.Println(len(e.Errors))
		}
	})
	// Output:
	// true
	// 2
}

func ExampleLocal() {
	requests := task.NewLocal(func() int { return 0 })
	_ = runtime.Run(func() {
		requests.Set(5)
		_ = task.Go(func() { fmt.Println("another task:", requests.Get()) }).Join()
		fmt.Println("this one:", requests.Get())
	})
	// Output:
	// another task: 0
	// this one: 5
}

// A context for code that takes one, such as an http.Request: it ends with the
// block.
func ExampleContext() {
	_ = runtime.Run(func() {
		var ctx context.Context
		err := timeout.Run(time.Second, func() error {
			ctx = task.Context()
			task.Sleep(time.Hour)
			return nil
		})
		fmt.Println(err)
		fmt.Println(ctx.Err())
		fmt.Println(context.Cause(ctx))
	}, runtime.WithVirtualClock())
	// Output:
	// timed out after 1s
	// context deadline exceeded
	// timed out after 1s
}

func ExampleTree() {
	_ = runtime.Run(func() {
		task.Go(func() { task.Sleep(time.Second) }).SetName("sleeper")
		task.Yield()
		for line := range strings.Lines(task.Tree()) {
			what, _, _ := strings.Cut(line, "; spawned at ")
			fmt.Println(what)
		}
	}, runtime.WithVirtualClock())
	// Output:
	// main (task 1) is running
	//   sleeper (task 2) waits for a sleep
}

// What may be slow for long gets goroutines of its own: others do not wait behind it.
func ExampleNewThreads() {
	_ = runtime.Run(func() {
		pictures := task.NewThreads("pictures", 2)
		g := task.NewGroup()
		for i := range 4 {
			g.Go(func() error {
				_, err := task.OffloadTo(pictures, func() (int, error) { return i * i, nil })
				return err
			})
		}
		err := g.Wait()
		s := pictures.Stats()
		fmt.Println(err, s.Name, s.Total, "functions,", s.Waited, "waited for their turn")
	})
	// Output: <nil> pictures 4 functions, 2 waited for their turn
}

// A task that is cancelled waits for the function that it has begun, and gets its
// result.
func ExampleOffloadFinish() {
	_ = runtime.Run(func() {
		g := task.NewGroup()
		begun, release := make(chan bool), make(chan bool)
		g.Go(func() error {
			n, err := task.OffloadFinish(nil, func() (int, error) {
				close(begun)
				<-release
				return 42, nil
			})
			fmt.Println(n, err)
			return nil
		})
		_, _ = task.Offload(func() (bool, error) { return <-begun, nil })
		g.Cancel()
		close(release)
		_ = g.Wait()
	})
	// Output: 42 <nil>
}
