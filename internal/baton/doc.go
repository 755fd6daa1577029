// Package baton lets goroutines take turns: any number of them take part, one
// holds the baton and runs, all the others are parked.
//
//	var b baton.Baton
//	b.Begin(&root)                     // the calling goroutine takes part and holds the baton
//	b.Start(member)                    // a new goroutine, parked before its first step
//	b.Pass(&root, &w)                  // w runs; root sleeps until the baton is passed back
//
// The package knows nothing of queues, tasks or time. Who runs next is the
// caller's choice, made on the goroutine that gives the baton away.
//
// There are two implementations with the same interface and the same tests. The
// one in coroutine.go hands over by the Go runtime's own coroutine switch; the
// one in channel.go, chosen by the build tag evergreen_channels, by a channel
// for each worker. The second is three times slower and can be read in a minute:
// it is the reference for what the first one does.
//
// # Rules
//
//   - Only the goroutine that holds the baton may call Start, Pass or Reap.
//   - A member's Work returns the worker that gets the baton next; its goroutine
//     ends with that.
//   - A worker whose goroutine is ended by runtime.Goexit passes the baton on and
//     stays behind, parked, until Reap ends it for good.
//   - Every worker must be ended. A parked goroutine that nobody ends is leaked.
//   - Work must not panic: recover belongs to whoever knows what a panic means.
//   - A goroutine that takes part must not be locked to its thread
//     (runtime.LockOSThread) while it passes the baton; the coroutine switch
//     cannot move between locked threads and would end the program.
package baton

// Member is somebody with a goroutine of his own who takes part.
type Member interface {
	// Base returns the worker that stands for the member. It is always the same.
	Base() *Worker
	// Work is what the goroutine does. The worker that it returns gets the baton when
	// the goroutine has ended.
	Work() *Worker
	// Exited is called in the place of a return of Work if that is ended by
	// runtime.Goexit. The worker that it returns gets the baton; the member is left
	// behind and must be reaped.
	Exited() *Worker
}
