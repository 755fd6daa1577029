// Package runtime runs the event loop of Evergreen, a cooperative multitasking
// system for Go.
//
// A program is a set of tasks. A task is written like a goroutine, in blocking
// style, but of all the tasks of a loop exactly one runs at a time, and it keeps
// running until it comes to a call that may wait. Between two such calls nothing
// that it sees can change under its hands: there are no data races between tasks,
// and most programs need no locks.
//
//	func main() {
//		err := runtime.Run(func() {
//			task.Go(tick)
//			task.Sleep(time.Second)
//		})
//		if err != nil {
//			log.Fatal(err)
//		}
//	}
//
// [Run] is all that most programs use of this package. The rest is the event loop
// itself, open to those who want to hang something on it: callbacks and timers,
// descriptors, and the ways in from other goroutines.
//
// # Checkpoints
//
// A call that may wait is a checkpoint. Each call is one always or never, and its
// documentation says which. At a checkpoint
//
//   - a cancellation is noticed, always: the task was killed, or the timeout around
//     it has passed;
//   - the task gives way if it has to wait, or if it has passed 128 checkpoints
//     without having to.
//
// # Order
//
// Tasks that can run are served first come, first served, in turns. What becomes
// ready during a turn runs in a later one, after the loop has looked at timers,
// descriptors and calls from outside, which it does at least every 61 switches.
// Waking a task only queues it: the one who wakes goes on.
//
// # Outside
//
// A loop belongs to the goroutine that called Run, and to its tasks. Other
// goroutines reach it by [Loop.Do] and [Loop.CallThreadsafe], which may be called
// from anywhere. A call that belongs into a task and is made elsewhere panics with
// a sentence that says what to do instead.
//
// # The end
//
// Run returns when all tasks have ended. It returns an error if a task panicked
// (the others are killed then, and their deferred calls run), if all tasks wait
// and nothing can wake them ([*DeadlockError]), or if a task failed and nobody
// asked how it ended.
//
// The coroutine that iter.Pull makes is a goroutine of its own: what it calls is not
// called by the task. An iterator that waits cannot be pulled inside a task; range
// over it.
//
// A task must not wait while it is locked to its thread (runtime.LockOSThread of
// the standard library): tasks change places in a way that the Go runtime permits
// to unlocked goroutines only. Run what needs a thread by task.Offload.
package runtime
