// Package task starts tasks and waits for them.
//
//	t := task.Go(func() {
//		task.Sleep(time.Second)
//		fmt.Println("one second later")
//	})
//	err := t.Join()
//
// A task is written like a goroutine. Of the tasks of one loop exactly one runs at
// a time, and it runs on until it comes to a checkpoint: a call that may wait.
// Nothing that a task sees changes under its hands in between.
//
// # Rules
//
//   - [Go] only queues the new task; the one who calls it goes on.
//   - A task ends when its function returns, panics or calls Goexit, or by
//     [Task.Kill]: then its next checkpoint does not return, its deferred calls run,
//     and recover does not see it. A task killed before it started never runs.
//   - After a kill every further checkpoint of the task fails at once, those of its
//     deferred calls included: calls that return an error return [ErrKilled], others
//     end the deferred call. What must wait to clean up does it under
//     timeout.Shield.
//   - A panic that the task does not recover kills the other tasks of the loop and
//     is returned by Run, with the stack. Those who join the task get it too.
//   - If a deferred call waits while its task is panicking and has been killed, the
//     kill takes the place of the panic, as any Goexit in a deferred call does in Go.
//   - A task that is started by Go is free: it is in no timeout of the task that
//     started it, and may outlive it.
//
// # Several tasks as one
//
// A [Group] is a set of tasks that is waited for as one, whose first failure cancels
// the others. Unlike free tasks its children are in the timeouts around the group,
// and they do not outlive [Group.Wait]. [Context] tells code that takes a context of
// all such cancellations.
//
// # Looking at tasks
//
// A [Local] is a variable of which every task has its own. [All] yields the living
// tasks, [Tree] draws them: who started whom, and what each of them waits for.
//
// # Work that blocks
//
// A call that blocks natively (a database driver in C, a long computation) stops
// all tasks of the loop. [Offload] runs it on a plain goroutine and lets the other
// tasks go on.
// [Threads] are goroutines for one purpose, so that what is slow holds up
// its like only; [OffloadFinish] is for what must not be left alone.
package task
