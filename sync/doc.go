// Package sync has what tasks wait for each other with: all of the standard sync
// under the same names, and the locks, events and queues that Python's threading and
// Trio have besides. A program is ported by changing the import path.
//
//	var mu sync.Mutex
//	mu.Lock()            // other tasks run while this one waits
//	defer mu.Unlock()
//
// # When to use it
//
// Between two checkpoints no other task of the loop runs, so a map or a counter that
// many tasks share needs no lock. A lock is for what must hold across a wait; an event,
// a queue or a barrier is for waiting itself.
//
// # Rules
//
//   - Those who wait are served in order of arrival.
//   - What is released is handed over inside the release: to the first who waits, and
//     nobody can come in between. The releaser goes on; the other runs when its turn
//     comes.
//   - Whoever is killed or timed out while waiting leaves no trace. Whoever is
//     cancelled after something was handed over, and before it runs, passes it on.
//   - Calls that wait are checkpoints, also if there is nothing to wait for. Calls that
//     return an error return that of the block whose time is up; those that cannot
//     unwind to its edge, with nothing held.
//   - What only wakes others (Unlock, Set, Notify, Done, Release) is no checkpoint and
//     may be called in the callbacks of the loop as well.
//
// # Edges
//
//   - A condition's Wait holds its lock again however it ends, so that a deferred
//     Unlock is right; taking it back may take longer than the wait's limit.
//   - An [RLock] whose owner ends with it is broken: LockTimeout returns [ErrBroken],
//     and Lock, which cannot return it, panics with it.
//   - A limit of zero or less lets pass what does not have to wait.
//   - [Map], [Pool] and [Locker] are the standard library's own types. They never wait,
//     and belong to nobody.
//
// # Whose it is
//
// An object belongs to the tasks of one loop: the one that made it or used it first.
// A call from a plain goroutine or from another loop panics and says how to get there
// ([runtime.Loop.Do], [runtime.Loop.CallThreadsafe]). When the loop does not run any
// more, another may have the object. [SharedQueue] is made for crossing.
//
// Nothing here must be copied after its first use.
//
// [runtime.Loop.Do]: https://pkg.go.dev/github.com/evergreen-go/evergreen/runtime#Loop.Do
// [runtime.Loop.CallThreadsafe]: https://pkg.go.dev/github.com/evergreen-go/evergreen/runtime#Loop.CallThreadsafe
package sync

import stdsync "sync"

type (
	// Locker is the standard library's: an object that can be locked and unlocked.
	Locker = stdsync.Locker
	// Map is the standard library's: it never waits, and may be shared with plain
	// goroutines. Tasks of one loop can use a plain map.
	Map = stdsync.Map
	// Pool is the standard library's: it never waits.
	Pool = stdsync.Pool
)
