// Package goroutine answers one question cheaply: which goroutine is this?
//
// A scheduler whose tasks are goroutines must know, at every call, whether the
// caller is the task that holds the baton, another loop's task, or a plain
// goroutine that wandered in. Go offers no identity of a goroutine on purpose,
// so this package reads the one that the machine code already has at hand: the
// address of the runtime's own record of the running goroutine.
//
//	key := goroutine.ID()
//	worker := workers.Get(key) // a Table: nil for a goroutine nobody entered
//
// # Rules
//
//   - An ID is unique among the goroutines alive now. When a goroutine ends its
//     ID may be given to a later one, so whoever stores an ID must forget it
//     before the goroutine ends. Table exists for exactly that bookkeeping.
//   - An ID says nothing else: it is not the number printed in a stack trace, and
//     it must not be turned into a pointer.
//
// # Edges
//
// On amd64 and arm64 ID is two instructions of assembly. Everywhere else, and
// with the build tag evergreen_portable on those two as well, ID reads the number
// from the head of the goroutine's stack trace: about a microsecond, the same
// answers.
package goroutine
