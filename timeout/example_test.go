package timeout_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

func ExampleRun() {
	_ = runtime.Run(func() {
		err := timeout.Run(2*time.Second, func() error {
			defer fmt.Println("deferred calls run")
			task.Sleep(time.Hour) // or any other call that waits
			return nil
		})
		fmt.Println(err, errors.Is(err, context.DeadlineExceeded))
	}, runtime.WithVirtualClock())
	// Output:
	// deferred calls run
	// timed out after 2s true
}

func ExampleStart() {
	greet := func(after time.Duration) (greeting string, late bool) {
		t := timeout.Start(time.Minute)
		defer func() { late = t.Expired() }()
		defer t.Cancel()
		task.Sleep(after)
		return "hello", false
	}
	_ = runtime.Run(func() {
		fmt.Println(greet(time.Second))
		fmt.Println(greet(time.Hour))
	}, runtime.WithVirtualClock())
	// Output:
	// hello false
	//  true
}

func ExampleShield() {
	_ = runtime.Run(func() {
		err := timeout.Run(time.Second, func() error {
			defer timeout.Shield(func() {
				task.Sleep(time.Second) // a cleanup that has to wait
				fmt.Println("cleaned up")
			})
			task.Sleep(time.Hour)
			return nil
		})
		fmt.Println(err)
	}, runtime.WithVirtualClock())
	// Output:
	// cleaned up
	// timed out after 1s
}
