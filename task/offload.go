package task

import "github.com/evergreen-go/evergreen/internal/kernel"

// Offload runs f on a plain goroutine while the calling task waits and the other
// tasks go on, and returns what f returns. At most so many functions run at a time
// as the loop was made for (runtime.WithOffloadLimit); further ones wait their
// turn. f must not call into the loop but by Loop.Do and Loop.CallThreadsafe.
//
// It is a checkpoint. When the task is cancelled meanwhile, Offload returns the
// error of the block that ended (or does not return, for a kill) and f is
// abandoned: it goes on, its result is dropped, and its place counts as taken
// until it returns. Under timeout.Shield the task waits for f instead. When the
// loop ends, abandoned functions get the loop's grace to return.
//
// If f panics, Offload panics with a [*PanicError] that has f's stack.
func Offload[T any](f func() (T, error)) (T, error) {
	t := kernel.MustTask("task.Offload")
	// f writes to memory of its own: once it is abandoned nobody reads it.
	result := new(struct {
		value T
		err   error
	})
	var none T
	o, err := t.Loop().Offloads().Offload(t, func() { result.value, result.err = f() })
	if o == kernel.Canceled {
		return none, t.Interrupted()
	}
	if p, ok := err.(*PanicError); ok {
		panic(p)
	}
	if err != nil {
		return none, err
	}
	return result.value, result.err
}
