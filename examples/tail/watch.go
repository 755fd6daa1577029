package main

import (
	"time"

	"github.com/evergreen-go/evergreen/task"
)

// watch tells when files change.
type watch interface {
	// changes returns a function that waits until the file of that name may have changed
	// since its last call.
	changes(name string) func() error
	close()
}

// newWatch looks at the files at an interval, or for 0 has the system tell where it can.
func newWatch(interval time.Duration) (watch, error) {
	if interval > 0 {
		return ticks(interval), nil
	}
	return systemWatch()
}

// ticks looks again and again.
type ticks time.Duration

func (d ticks) changes(string) func() error {
	return func() error {
		task.Sleep(time.Duration(d))
		return nil
	}
}

func (ticks) close() {}
