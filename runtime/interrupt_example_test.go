//go:build unix

package runtime_test

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/evergreen-go/evergreen/runtime"
	"github.com/evergreen-go/evergreen/task"
	"github.com/evergreen-go/evergreen/timeout"
)

// The first Ctrl-C (here a signal that the program sends itself) cancels main, which
// ends in good order.
func ExampleWithInterrupt() {
	err := runtime.Run(func() {
		defer timeout.ShieldFor(time.Second, func() {
			fmt.Println("saying good-bye")
			task.Yield()
		})
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGUSR2)
		task.Sleep(time.Hour)
	}, runtime.WithInterrupt(syscall.SIGUSR2))
	fmt.Println(errors.Is(err, runtime.ErrInterrupted))
	// Output:
	// saying good-bye
	// true
}
