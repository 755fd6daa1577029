package main

import (
	"io"

	"github.com/evergreen-go/evergreen/task"
)

// input reads on a plain goroutine while the tasks go on. Only a task that asks for a
// line reads, so nothing is left waiting when the shell ends.
type input struct{ from io.Reader }

func (i input) Read(p []byte) (int, error) {
	return task.Offload(func() (int, error) { return i.from.Read(p) })
}
