package task_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
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
