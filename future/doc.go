// Package future has results that are still to come, and pools that work them out.
//
//	pool := future.NewTaskPool(10)
//	f := future.Submit(pool, func() (int, error) { return fetch(url) })
//	... // do something else
//	n, err := f.Get()
//
// A [Future] is set once, by [Future.SetResult] or [Future.SetError] or by the pool
// that computes it, and read by any number of tasks.
//
// # Rules
//
//   - The first to set a future wins; the others are told that they came late.
//   - A pool runs so many functions at a time, in the order in which they were
//     submitted: a [TaskPool] as tasks, a [ThreadPool] on plain goroutines, for work
//     that blocks or computes. Its tasks are free: they are in no timeout of the task
//     that submitted them.
//   - A function that panics sets its future to the error *task.PanicError, with the
//     stack; one that is killed to task.ErrKilled. Nothing else of the loop ends.
//   - [Future.Cancel] takes the function out of the queue, or kills the task that
//     computes it. A function on a plain goroutine cannot be killed: it goes on, and
//     its place stays taken until it returns.
//   - A task that waits and is cancelled leaves the future as it is.
//
// # Several at a time
//
// [Wait] waits for the first or all of several futures, [AsCompleted] yields them as
// they come, and [Map] sends a sequence through a pool, in order:
//
//	for page, err := range future.Map(pool, slices.Values(urls), fetch) { ... }
//
// # Edges
//
// Futures and pools belong to the loop that uses them first. Goroutines outside it
// go there with Loop.Do, or with Loop.CallThreadsafe where there is nothing to wait
// for, such as setting a future. A function of a pool that waits for another one of
// the same pool can wait forever: all places may be taken by such functions.
package future
