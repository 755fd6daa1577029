package task

import "github.com/evergreen-go/evergreen/internal/kernel"

// Offload runs f on a plain goroutine while the calling task waits and the other
// tasks go on, and returns what f returns. At most so many functions run at a time
// as the loop was made for (runtime.WithOffloadLimit); further ones wait their
// turn. f must not call into the loop but by Loop.Do and Loop.CallThreadsafe. Its
// goroutine may run other functions afterwards: an f that changes its thread for good,
// and ends the goroutine with the thread locked, has to start a goroutine of its own.
//
// It is a checkpoint. When the task is cancelled meanwhile, Offload returns the
// error of the block that ended (or does not return, for a kill) and f is
// abandoned: it goes on, its result is dropped, and its place counts as taken
// until it returns. See [OffloadFinish] for an f that must not be abandoned. When the
// loop ends, abandoned functions get the loop's grace to return.
//
// If f panics, Offload panics with a [*PanicError] that has f's stack.
func Offload[T any](f func() (T, error)) (T, error) {
	return offload(kernel.MustTask("task.Offload"), nil, (*kernel.Pool).Offload, f)
}

// OffloadTo is [Offload] to goroutines of a purpose of their own; nil stands for those of
// Offload. It is a checkpoint.
func OffloadTo[T any](threads *Threads, f func() (T, error)) (T, error) {
	return offload(kernel.MustTask("task.OffloadTo"), threads.k(), (*kernel.Pool).Offload, f)
}

// OffloadFinish is [OffloadTo] for an f that must not be left alone, because somebody
// has to take what it returns or to wait for what it does. It is a checkpoint. A task
// that is cancelled while it waits for its turn leaves, and f does not run. Once f has
// begun the task waits for it and gets its result; the cancellation is seen at the next
// checkpoint. Only the end of the loop's grace abandons f.
func OffloadFinish[T any](threads *Threads, f func() (T, error)) (T, error) {
	return offload(kernel.MustTask("task.OffloadFinish"), threads.k(), finish, f)
}

func finish(pool *kernel.Pool, t *kernel.Task, f func()) (kernel.Outcome, error) {
	return pool.Finish(t, f, kernel.Patient{})
}

func offload[T any](t *kernel.Task, pool *kernel.Pool, how func(*kernel.Pool, *kernel.Task, func()) (kernel.Outcome, error), f func() (T, error)) (T, error) {
	if pool == nil {
		pool = t.Loop().Offloads()
	}
	// f writes to memory of its own: once it is abandoned nobody reads it.
	result := new(struct {
		value T
		err   error
	})
	var none T
	o, err := how(pool, t, func() { result.value, result.err = f() })
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
