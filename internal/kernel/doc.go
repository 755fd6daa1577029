// Package kernel is the scheduler: one loop, its tasks, and the one way in which
// a task waits. Everything that users see (runtime, task, timeout, sync, net, io)
// is built on the few operations below and on nothing else.
//
//	t := kernel.Running()                 // the task that calls, or nil
//	switch t.Park(reason, deadline) {     // give the baton away until woken
//	case kernel.Woken:                    // somebody called Wake for this very park
//	case kernel.TimedOut:                 // the deadline passed
//	case kernel.Canceled:                 // a kill, a timeout's end, a cancelled group
//	}
//
// It is internal because Go has no word for "the packages of this module may park
// tasks and the users of this module may not". The public packages define their
// types over the ones here (type Loop kernel.Loop), which costs nothing and keeps
// the operations of this package out of the public method sets.
//
// # Reading order
//
//	loop.go      the loop's state, each field explained
//	turn.go      who runs next: turns, timers, polling, idling
//	run.go       what the goroutine inside Run does; the end of a run
//	task.go      a task from its spawn to its end; worker.go, the goroutine under it
//	park.go      Park, Wake, Checkpoint, Yield: the one way to wait
//	scope.go     what can interrupt a wait: timeouts, cancelled groups, kills, shields
//	context.go   scopes that end with a context
//	waitlist.go  tasks that wait for one thing, first come first served
//	handle.go    callbacks; outside.go, calls from other goroutines
//	desc.go      descriptors and their readiness; signal.go, signals
//	offload.go   work on plain goroutines
//	report.go    what is told of a deadlock, and what Run returns
//
// # Rules
//
//   - Every field of Loop, Task, Scope and WaitList belongs to the holder of the
//     baton, except the few that say otherwise. There is no lock in the hot path
//     because there is nobody to lock out.
//   - A park ends exactly once. Wake, deadline, cancel: the first claims the park,
//     the others find it claimed and do nothing.
//   - A wake only queues. The one who wakes goes on; the woken runs in a later turn.
//   - Code that runs between a task's decision to wait and its park must not itself
//     wait. This is what makes a lost wake-up impossible.
package kernel
