package runtime_test

import "github.com/evergreen-go/evergreen/task"

// wait lets the other tasks run until the channel is closed by a plain goroutine.
func wait(done <-chan struct{}) {
	_, _ = task.Offload(func() (struct{}, error) {
		<-done
		return struct{}{}, nil
	})
}
